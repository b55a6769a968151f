"""A day at the shop: cascade's command line against the sandbox, both at the same moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.times import Window
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.harness.clocks import ManualClock
from tests.harness.commands import Answer, in_this_process
from tests.harness.sandboxed import Sandboxed


@dataclass
class ShopDay:
    """The sandbox, its clock, how far ours is ahead of it, and a folder for cascade's state."""

    sandboxed: Sandboxed
    clock: ManualClock
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    ahead: timedelta = timedelta(0)
    """How far this machine's clock is ahead of the sandbox's."""

    def cascade(self, *arguments: str, **settings: str) -> Answer:
        """Run one command line at this machine's time, without a terminal."""
        state = {"CASCADE_STATE_DIR": str(self.folder / "state"), "COLUMNS": "80"}
        chosen = {**state, **self.settings, **settings}
        with time_machine.travel(self.clock() + self.ahead, tick=True):
            return in_this_process(arguments, {**self.sandboxed.environment(), **chosen})

    def ago(self, **duration: float) -> datetime:
        """A moment before now."""
        return self.clock() - timedelta(**duration)

    def open(self, *citizens: str) -> None:
        """Settle the processor, with its usual million, and these citizens."""
        for name in (PROCESSOR, *citizens):
            self.sandboxed.move_in(name, self.ago(days=90))

    @property
    def journal(self) -> Path:
        """Where cascade keeps its journal."""
        return self.folder / "state" / "journal.sqlite3"

    def events(self, *types: str, since: datetime | None = None) -> list[Event]:
        """Stripe's events of the last 30 days, newest first; all types unless some are named."""
        window = Window(since or self.ago(days=30), self.clock() + timedelta(seconds=1))
        with self.sandboxed.wired() as wiring:
            found = wiring.events.events(window)
        return [event for event in found if not types or event.type in types]

    def stratagems(self) -> list[dict[str, Any]]:
        """The fields of all rows of the processor, oldest first."""
        rows = self.sandboxed.app.airtable.tables.select("STRATAGEMS")
        return [row["fields"] for row in sorted(rows, key=lambda row: str(row["createdTime"]))]

    def active(self) -> dict[str, str]:
        """Who is to get ducats by which StratagemId."""
        return {
            row["StratagemId"]: row["TargetCitizen"]
            for row in self.stratagems()
            if row["Status"] == "active"
        }

    def writes(self) -> list[str]:
        """The paths of requests that were not reads."""
        return [
            request.path
            for request in self.sandboxed.recorder.requests
            if request.method not in {"GET", "HEAD"} and not request.path.endswith("listRecords")
        ]

    def save(self, name: str, *lines: bytes) -> str:
        """A file of these lines; returns its path."""
        path = self.folder / name
        path.write_bytes(b"\n".join(lines) + b"\n")
        return str(path)


@pytest.fixture
def day(sandboxed: Sandboxed, manual_clock: ManualClock, no_settings: Path) -> ShopDay:
    return ShopDay(sandboxed, manual_clock, no_settings)
