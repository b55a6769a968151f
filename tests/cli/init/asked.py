"""A person in front of `cascade init`, whose typed answers are counted."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.harness.terminal import Terminal

LONGEST_SECONDS = 60
HIGH = 200
"""So many lines that nothing scrolls away."""


class Person(Terminal):
    """Types one answer for each question, and reads the screen."""

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, str],
        *words: str,
        program: Sequence[str] = (sys.executable, "-m", "cascade_cli"),
    ) -> None:
        places = {"HOME": str(home), "PATH": os.environ["PATH"]}
        environment = {**places, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", **settings}
        super().__init__([*program, *words], environment, home, HIGH, 80)
        self.answers = 0

    def answer(self, question: str, typed: str = "") -> None:
        """Type this, once the last line on the screen is the question."""
        self._wait_for(question)
        before = self.lines
        self.process.send(f"{typed}\r")
        self.answers += 1
        end = time.monotonic() + LONGEST_SECONDS
        while self.lines == before and time.monotonic() < end:
            self._read()

    def interrupt(self, question: str) -> int:
        """Ctrl-C at that question; the exit code."""
        self._wait_for(question)
        self.process.sendintr()
        return self.ended()

    @property
    def shown(self) -> str:
        """All of it, as one text."""
        return "\n".join(self.lines).rstrip() + "\n"

    def _wait_for(self, question: str) -> None:
        end = time.monotonic() + LONGEST_SECONDS
        while question not in ([line for line in self.lines if line] or [""])[-1]:
            assert time.monotonic() < end, self.shown
            self._read()
