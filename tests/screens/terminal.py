"""cascade in front of a seeded week, at a fixed moment, on a terminal or in a pipe."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from cascade_cli.cli.app import run
from cascade_cli.settings import SETTINGS
from tests.harness.shop_day import Ended

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_OF_TERMINALS = ("NO_COLOR", "FORCE_COLOR", "PAGER", "MANPAGER", "LESS", "COLORTERM", "LINES")


class Screen(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Terminal:
    """Its state folder holds a sandbox, which the first command seeds."""

    folder: Path

    def ended(
        self,
        words: Sequence[str],
        settings: Mapping[str, str],
        *,
        columns: int = 80,
        piped: bool = False,
        at: datetime = AT,
    ) -> Ended:
        """How the command ends, and what it prints."""
        out, err = io.StringIO() if piped else Screen(), io.StringIO()
        size = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
        with (
            _environment(**{"CASCADE_STATE_DIR": str(self.folder), **size, **settings}),
            time_machine.travel(at, tick=False),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run(words)
        return Ended(code, out.getvalue(), err.getvalue())

    def say(self, *words: str, columns: int = 80, piped: bool = False, **settings: str) -> str:
        """What the command prints on stdout."""
        return self.ended(words, settings, columns=columns, piped=piped).out

    def sandbox(self, *words: str, columns: int = 80) -> str:
        """What it prints of the sandbox on a terminal without colour."""
        return self.say("--sandbox", *words, columns=columns, NO_COLOR="1")


@contextmanager
def terminal() -> Iterator[Terminal]:
    """One with a week of its own."""
    with tempfile.TemporaryDirectory() as folder:
        yield Terminal(Path(folder))


@contextmanager
def _environment(**settings: str) -> Iterator[None]:
    """Nobody's settings but these."""
    before = dict(os.environ)
    for name in (*(setting.name for setting in SETTINGS), *_OF_TERMINALS):
        os.environ.pop(name, None)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
