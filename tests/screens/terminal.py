"""cascade in front of a seeded week, at a fixed moment, on a terminal or in a pipe."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from cascade_cli.settings import SETTINGS
from tests.harness.commands import Answer, in_this_process

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
_OF_TERMINALS = ("NO_COLOR", "FORCE_COLOR", "PAGER", "MANPAGER", "LESS", "COLORTERM", "LINES")
_NOBODYS = dict.fromkeys((*(setting.name for setting in SETTINGS), *_OF_TERMINALS))


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
    ) -> Answer:
        """How the command ends, and what it prints."""
        size = {"COLUMNS": str(columns), "TERM": "xterm-256color"}
        chosen = {**_NOBODYS, "CASCADE_STATE_DIR": str(self.folder), **size, **settings}
        with time_machine.travel(at, tick=False):
            return in_this_process(words, chosen, on_terminal=not piped)

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
