"""cascade in front of the sandbox's week: what one case's command lines print, as text."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import requests
import time_machine
from rich.text import Text

from cascade_cli import __version__
from cascade_cli.sandbox.instance import open_sandbox
from tests.harness.commands import Answer
from tests.screens.terminal import AT, Terminal

_STATE, _DESK = "state", "desk"
_GIVEN = Path(__file__).parent / _DESK
_STRIPE = r"(pi|ch|re|pyr|du|cs_test|evt|sub|si|in|cus|prod|price|txn)_(?=\w*[A-Z0-9])[^\W_]{14,}"
_AIRTABLE = r"(rec)(?=\w*[A-Z0-9])[^\W_]{14}(?!\w)"
_ID = re.compile(rf"(?<![^\W_])(?:{_STRIPE}|{_AIRTABLE})")
_STORED = re.compile(r"(?=((?:pi|ch|re|du|evt|txn)_[0-9A-Za-z]{24}|rec[0-9A-Za-z]{14}))")
_STABLE = {"NO_COLOR": "1", "LOGNAME": "anna", "PAGER": "/nowhere/less"}


@dataclass(frozen=True)
class Week:
    """The seeded week, which nobody touches: every case works in a copy of it."""

    folder: Path
    ids: frozenset[str]

    @contextmanager
    def copied(self) -> Iterator[Shop]:
        """A shop of its own."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            shutil.copytree(self.folder, folder / _STATE)
            shutil.copytree(_GIVEN, folder / _DESK)
            with chdir(folder / _DESK):
                yield Shop(folder, self.ids)


@contextmanager
def seeded() -> Iterator[Week]:
    """The week, with the ids that stand in it: all others are made anew in every run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / _STATE
        Terminal(folder).say("--sandbox", "sandbox", "seed", piped=True)
        stored = (folder / "sandbox.sqlite3").read_bytes().decode("latin-1")
        yield Week(folder, frozenset(_STORED.findall(stored)))


@dataclass
class Shop:
    """A copy of the week, and what its command lines have printed so far."""

    folder: Path
    known: frozenset[str]
    made: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Ids that are not in the week, by their prefix, in the order in which they were printed."""
    minutes: int = 0

    def answer(self, line: str, *, json: bool) -> str:
        """One line of a case, and what came of it."""
        typed, _, piped = line.partition(" | ")
        if typed.startswith("#"):
            return f"{typed}\n{self._pay(self._filled(typed).split()[-1])}\n"
        settings, words = _split(self._filled(typed))
        ended = self._run(words + (["--json"] if json else []), piped or json, settings)
        asked = f"$ {typed}{' --json' if json else ''}{' | cat' if piped else ''}\n"
        out = ended.out if piped or json else _unstyled(ended.out)
        err = f"--- stderr\n{ended.err}" if ended.err else ""
        return self.neutral(f"{asked}exit code {ended.code}\n{_lines(out)}{_lines(err)}")

    def _pay(self, session: str) -> int:
        """At Stripe's page, with a card that is taken."""
        with time_machine.travel(self._moment(), tick=False), open_sandbox(self._state) as url:
            card = {"payment_method": "pm_card_visa"}
            page = f"{url}/stripe/pay/{session}"
            return requests.post(page, data=card, timeout=9, allow_redirects=False).status_code

    def _run(self, words: list[str], piped: bool | str, settings: dict[str, str]) -> Answer:
        terminal = Terminal(self._state)
        # Names of other lengths would break the lines elsewhere.
        given = {"HOME": str(self.folder), **_STABLE, **settings}
        with patch("socket.gethostname", return_value="rialto"):
            return terminal.ended(words, given, piped=bool(piped), at=self._moment())

    def _moment(self) -> datetime:
        """A minute after the one before: what happens at once has no order."""
        self.minutes += 1
        return AT + timedelta(minutes=self.minutes - 1)

    @property
    def _state(self) -> Path:
        return self.folder / _STATE

    def files(self) -> Iterator[str]:
        """What the command lines have written beside them."""
        given = {path.name for path in _GIVEN.iterdir()}
        written = (path for path in Path().iterdir() if path.name not in given)
        # A backup is no text.
        for path in sorted(path for path in written if path.suffix != ".sqlite3"):
            yield self.neutral(f"--- file {path.name}\n{_lines(path.read_text(encoding='utf-8'))}")

    def _filled(self, line: str) -> str:
        return re.sub(r"\{(\w+)\}", lambda found: self.made[found[1]][-1], line)

    def neutral(self, text: str) -> str:
        """Without what is another in every run, on every machine, or in every version."""
        text = _ID.sub(lambda found: self._named(found[0], found[1] or found[2]), text)
        text = text.replace(str(self.folder), "(folder)")
        for pattern, instead in _ACCIDENTAL:
            text = pattern.sub(instead, text)
        return text

    def _named(self, identity: str, prefix: str) -> str:
        if identity in self.known:
            return identity
        alike = self.made[prefix]
        if identity not in alike:
            alike.append(identity)
        return "(evt)" if prefix == "evt" else f"({prefix} {alike.index(identity) + 1})"


_ACCIDENTAL = [
    # Of events of the same second, the ids decide which is told first.
    (re.compile(r"^.*  stripe  \(evt\)\n  event .*\n", re.MULTILINE), ""),
    (re.compile(r'^ *{\n[^{}]*"id": "\(evt\)",\n[^{}]*},?\n', re.MULTILINE), ""),
    (re.compile(r"127\.0\.0\.1:\d{4,5}"), "127.0.0.1:(port)"),
    (re.compile(rf"\b{re.escape(__version__)}\b"), "(version)"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "(hash)"),
    (re.compile(r"\b[0-9a-f]{16}\b"), "(worker)"),
    (re.compile(re.escape(sys.executable)), "(python)"),
    (re.compile(r"(_duration_seconds) [\d.]+"), r"\1 (seconds)"),
    (re.compile(r'(verified: .*, |"bytes": )\d+( kB)?'), r"\1(size)"),
    (re.compile(r'(process |pid |"pid": )\d+'), r"\1(pid)"),
]


def _split(line: str) -> tuple[dict[str, str], list[str]]:
    """The settings before the command's name, and the words behind it."""
    words = shlex.split(line)
    name = words.index("cascade")
    return dict(word.split("=", 1) for word in words[:name]), words[name + 1 :]


def _unstyled(screen: str) -> str:
    """As people see it; the ends of lines are cut off."""
    plain = Text.from_ansi(screen).plain
    return "".join(f"{line.rstrip()}\n" for line in plain.splitlines())


def _lines(text: str) -> str:
    """With a line's end after the last."""
    return text if not text or text.endswith("\n") else f"{text}\n"
