"""People who decide each in a process of their own, under the same clock as the counter's."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import time_machine

from tests.harness.counter import Counter
from tests.processes.nursery import Child

_FOREIGN = ("CASCADE_", "STRIPE_", "AIRTABLE_", "VENICE_")
_REASON = ("--reason", "looked into", "--yes", "--json")


class Colleague(Child):
    """One process: `cascade resolve CASE …`."""

    def __init__(self, counter: Counter, folder: Path, *words: str, **settings: str) -> None:
        clock = folder / "ahead.txt"
        real = time_machine.escape_hatch.datetime.datetime.now(UTC)
        clock.write_text(str((datetime.now(UTC) - real).total_seconds()), encoding="ascii")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        line = ("--clock", str(clock), "--", "resolve", *words, *_REASON)
        super().__init__(line, {**kept, **counter.environment(**settings)}, folder)
