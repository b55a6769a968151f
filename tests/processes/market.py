"""A sandbox served by a process of its own, over a file that the test fills and counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import Connection, state_path
from cascade_cli.sandbox.seed.citizens import PROCESSOR, processor_fields

LATENCY_SECONDS = 0.03
STARTED_WITH = 1_000_000
_MAY_MOVE = {"active", "executed"}


@dataclass(frozen=True)
class Sale:
    """What one citizen is to get, once."""

    citizen: str
    ducats: int
    payment_intent: str = ""


class Market:
    """The state behind the served sandbox, and the settings to reach it."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder, self.url = folder, url

    @property
    def clock(self) -> Path:
        """The file that says how many seconds everybody's clock is ahead."""
        return self.folder / "ahead.txt"

    def pass_time(self, seconds: float) -> None:
        """For the served sandbox, and for every process that starts from now on."""
        before = float(self.clock.read_text(encoding="ascii")) if self.clock.exists() else 0.0
        written = self.clock.with_suffix(".new")
        written.write_text(str(before + seconds), encoding="ascii")
        written.replace(self.clock)

    def environment(self, **settings: str) -> dict[str, str]:
        """For a process that works there: of this one's environment nothing that is ours."""
        foreign = ("CASCADE_", "STRIPE_", "AIRTABLE_", "VENICE_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        unpaced = {"CASCADE_STRIPE_RATE": "0", "CASCADE_AIRTABLE_RATE": "0"}
        ours = {"CASCADE_STATE_DIR": str(self.folder), **unpaced}
        return {**kept, **ours, **Connection(self.url).settings(), **settings}

    @contextmanager
    def opened(self) -> Iterator[SandboxApp]:
        """The state itself, beside whoever serves it."""
        with closing(SandboxApp(state_path(self.folder), random=Random())) as app:  # noqa: S311
            yield app

    def move_in(self, sales: list[Sale]) -> None:
        """Who buys lives in Venice with nothing, and the processor can pay."""
        with self.opened() as app, app.store.write():
            create = app.airtable.tables.create
            create("CITIZENS", {**processor_fields(_long_ago()), "Ducats": STARTED_WITH})
            for sale in sales:
                name = {"CitizenId": sale.citizen, "Username": sale.citizen}
                create("CITIZENS", {**name, "Ducats": 0}, at=_long_ago())

    def sell(self, sales: list[Sale]) -> list[Sale]:
        """Each is paid at Stripe, hours ago; returns them with their payment intents."""
        with self.opened() as app, app.store.write():
            return [
                Sale(sale.citizen, sale.ducats, _pay(app, sale, number))
                for number, sale in enumerate(sales)
            ]

    def spoil(self, sales: list[Sale]) -> None:
        """Rows as cascade would have left them, had nobody looked again: run out, or planned."""
        with self.opened() as app, app.store.write():
            for number, sale in enumerate(sales):
                fields = _row(sale) | {"Status": ("active", "planned")[number % 2]}
                app.airtable.tables.create("STRATAGEMS", fields, at=_long_ago())

    def flaws(self, sales: Mapping[str, Sale]) -> list[str]:
        """Runs the engine, and tells what is not exactly once; `sales` by StratagemId."""
        with self.opened() as app:
            rows = [record["fields"] for record in app.airtable.tables.select("STRATAGEMS")]
            flaws = _row_flaws(rows, sales)
            for _ in range(2):
                app.engine.run()
            citizens = app.airtable.tables.select("CITIZENS")
            balances = {c["fields"]["Username"]: c["fields"].get("Ducats", 0) for c in citizens}
        return flaws + _balance_flaws(balances, sales)


def _row_flaws(rows: list[dict[str, Any]], sales: Mapping[str, Sale]) -> list[str]:
    moving = Counter(row["StratagemId"] for row in rows if row["Status"] in _MAY_MOVE)
    flaws = [f"{key}: {n} rows that move ducats" for key, n in moving.items() if n != 1]
    flaws += [f"{key}: no row that moves ducats" for key in sales if not moving[key]]
    return flaws + [f"{key}: nobody asked for it" for key in moving if key not in sales]


def _balance_flaws(balances: Mapping[str, float], sales: Mapping[str, Sale]) -> list[str]:
    due: Counter[str] = Counter()
    for sale in sales.values():
        due[sale.citizen] += sale.ducats
    due[PROCESSOR] = STARTED_WITH - due.total()
    return [
        f"{citizen} has {ducats} ducats, not {due[citizen]}"
        for citizen, ducats in balances.items()
        if ducats != due[citizen]
    ]


def _long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=2)


def _pay(app: SandboxApp, sale: Sale, number: int) -> str:
    metadata = {
        "citizen_id": sale.citizen,
        "ducat_amount": str(sale.ducats),
        "exchange_rate": "0.1",
        "platform": "cascade",
        "type": "ducat_purchase",
    }
    charge = app.stripe.account.pay(
        amount=sale.ducats * 10,
        currency="usd",
        metadata=metadata,
        at=datetime.now(UTC) - timedelta(hours=9, seconds=7 * number),
    )
    return str(charge["payment_intent"])


def _row(sale: Sale) -> dict[str, Any]:
    return {
        "StratagemId": f"cascade_payment_{sale.payment_intent}",
        "Type": "transfer_ducats",
        "Category": "economic",
        "ExecutedBy": PROCESSOR,
        "TargetCitizen": sale.citizen,
        "ExpiresAt": (datetime.now(UTC) - timedelta(hours=1)).isoformat(),
        "Notes": f'{{"amount": {sale.ducats}, "payment_intent": "{sale.payment_intent}"}}',
    }


@contextmanager
def open_market(folder: Path) -> Iterator[Market]:
    """`cascade sandbox serve` over an empty state, with a little latency on every request."""
    folder.mkdir(parents=True, exist_ok=True)
    market = Market(folder)
    market.pass_time(0)
    command = (sys.executable, "-m", "tests.processes.worker", "--clock", str(market.clock), "--")
    words = ("sandbox", "serve", "--port", "0", "--latency", str(LATENCY_SECONDS))
    with subprocess.Popen(
        [*command, *words],
        env=market.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            first = server.stdout.readline()
            market.url = first.split()[5].rstrip(";")
            yield market
        finally:
            server.terminate()
