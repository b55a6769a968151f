"""People who decide each in a process of their own, under the same clock as the counter's."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from tests.credit.counter import Counter

_FOREIGN = ("CASCADE_", "STRIPE_", "AIRTABLE_", "VENICE_")
_REASON = ("--reason", "looked into", "--yes", "--json")


@dataclass(frozen=True)
class Ended:
    """How a process ended."""

    code: int
    out: str
    err: str


class Colleague:
    """One process: `cascade resolve CASE …`."""

    def __init__(self, counter: Counter, folder: Path, *words: str, **settings: str) -> None:
        clock = folder / "ahead.txt"
        real = time_machine.escape_hatch.datetime.datetime.now(UTC)
        clock.write_text(str((datetime.now(UTC) - real).total_seconds()), encoding="ascii")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        line = ("-m", "tests.processes.worker", "--clock", str(clock), "--", "resolve", *words)
        self.process = subprocess.Popen(
            [sys.executable, *line, *_REASON],
            env={**kept, **counter.environment(**settings)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> Ended:
        """Once it is done."""
        out, err = self.process.communicate(timeout=120)
        return Ended(self.process.returncode, out, err)

    def kill(self) -> None:
        """SIGKILL: it has no time to say anything."""
        self.process.kill()
        self.process.wait()
