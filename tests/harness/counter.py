"""The shop's counter: cascade's commands run in this process against a sandbox over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

from cascade_cli.cli.terminal.signals import Arrivals
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Request
from tests.harness.commands import Answer, in_this_process
from tests.harness.faults import Network, is_write
from tests.harness.sandboxed import Recorder, Sandboxed

AFTERNOON = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Counter:
    """Types commands, and looks into the base afterwards."""

    def __init__(
        self,
        sandboxed: Sandboxed,
        network: Network,
        traveller: time_machine.Traveller,
        state: Path,
    ) -> None:
        self.sandboxed, self.network, self._traveller = sandboxed, network, traveller
        self.state = state

    def type(self, *words: str, **settings: str) -> Answer:
        """`cascade …` with this sandbox's settings, and some of them changed."""
        return in_this_process(words, self.environment(**settings))

    def credit(self, *words: str, **settings: str) -> Answer:
        """`cascade credit … --reason gift --yes`."""
        return self.type("credit", *words, "--reason", "gift", "--yes", **settings)

    def environment(self, **settings: str) -> Mapping[str, str]:
        """Every setting of a command typed here."""
        return self.sandboxed.environment(**{"CASCADE_STATE_DIR": str(self.state), **settings})

    def pass_time(self, **duration: float) -> None:
        """Let time go by for the shop and for Venice alike."""
        self._traveller.shift(timedelta(**duration))

    def now(self) -> datetime:
        """What the shop's clock shows."""
        return datetime.now(UTC)

    @property
    def requests(self) -> list[Request]:
        """Everything the sandbox was asked."""
        return self.sandboxed.recorder.requests

    @property
    def writes(self) -> list[Request]:
        """What of it was to change Venice's base."""
        return [request for request in self.requests if is_write(request)]

    def rows(self, table: str = "STRATAGEMS") -> list[dict[str, Any]]:
        """The fields of every record."""
        return [record["fields"] for record in self.sandboxed.app.airtable.tables.select(table)]

    def row(self, stratagem_id: str) -> dict[str, Any]:
        """The one stratagem of that id."""
        (row,) = [row for row in self.rows() if row["StratagemId"] == stratagem_id]
        return row

    def ducats_of(self, username: str) -> float:
        """A citizen's balance."""
        (row,) = [row for row in self.rows("CITIZENS") if row["Username"] == username]
        return float(row["Ducats"])

    def move_in(self, *usernames: str, days_ago: float = 30) -> None:
        """Citizens, each with nothing, who moved in before anything else happened."""
        at = self.now() - timedelta(days=days_ago)
        for username in usernames:
            record = {"CitizenId": username, "Username": username, "Ducats": 0}
            self.sandboxed.app.airtable.tables.create("CITIZENS", record, at=at)

    def remove(self, username: str) -> None:
        """A citizen leaves Venice: the record is gone."""
        tables = self.sandboxed.app.airtable.tables
        (record,) = tables.select("CITIZENS", f"{{Username}} = '{username}'")
        tables.delete("CITIZENS", record["id"])

    def fund(self, ducats: float) -> None:
        """The processor has so many ducats."""
        tables = self.sandboxed.app.airtable.tables
        (record,) = tables.select("CITIZENS", f"{{Username}} = '{PROCESSOR}'")
        tables.update("CITIZENS", record["id"], {"Ducats": ducats})

    def paid(self, hours_ago: float = 5, **purchase: Any) -> str:
        """A payment of 100 ducats for marco, unless told otherwise; returns its intent's id."""
        at = self.now() - timedelta(hours=hours_ago)
        intent = self.sandboxed.pay(at, **purchase)["payment_intent"]
        return str(intent)


def write_credits(path: Path, rows: Iterable[tuple[str, str, str, str]]) -> Path:
    """A CSV file for `credit --file`."""
    lines = ["citizen,ducats,reason,reference", *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def counter(no_settings: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """A Friday afternoon: the processor has a million ducats, marco and lucia live in Venice.

    Whoever sleeps, sleeps in no time; both sides' clocks go on by as much.
    """
    with (
        time_machine.travel(AFTERNOON, tick=True) as traveller,
        closing(SandboxApp(":memory:", random=Random(1))) as app,  # noqa: S311
    ):
        monkeypatch.setattr(time, "sleep", traveller.shift)
        monkeypatch.setattr(Arrivals, "sleep", lambda _, seconds: traveller.shift(seconds))
        network = Network(app.handle)
        recorder = Recorder(network)
        with SandboxServer(recorder) as server:
            sandboxed = Sandboxed(app, recorder, server.url)
            sandboxed.move_in(PROCESSOR, AFTERNOON)
            counter = Counter(sandboxed, network, traveller, no_settings / "state")
            counter.move_in("marco", "lucia")
            yield counter
        assert not app.crashes, app.crashes
