"""Seeded sandboxes, and both sides of them as plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from stripe import StripeClient

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import SeedReport, seed
from cascade_cli.sandbox.server import SandboxServer

UNTIL = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)


class Seeded:
    """An app after seeding, read through the real SDK and the tables."""

    def __init__(self, until: datetime = UNTIL, **arguments: Any) -> None:
        # Its own ids are random: only the seed decides what it writes.
        self.app = SandboxApp(":memory:", now=lambda: until, random=Random())  # noqa: S311
        self.until = until
        self.report: SeedReport = seed(self.app, until=until, **arguments)

    def records(self, table: str) -> list[dict[str, Any]]:
        return self.app.airtable.tables.select(table)

    def transfers(self) -> list[dict[str, Any]]:
        """The processor's stratagems, as fields."""
        rows = [record["fields"] for record in self.records("STRATAGEMS")]
        return [row for row in rows if row["ExecutedBy"] == "CASCADE_PAYMENT_PROCESSOR"]

    def charges(self) -> list[dict[str, Any]]:
        """Every charge of the account, newest first, over HTTP."""
        with SandboxServer(self.app.handle) as server:
            bases = {"api": f"{server.url}/stripe"}
            client = StripeClient("sk_test_sandbox", base_addresses=bases)  # type: ignore[arg-type]
            page = client.v1.charges.list({"limit": 100})
            return [charge.to_dict() for charge in page.auto_paging_iter()]


@pytest.fixture(scope="session")
def week() -> Iterator[Seeded]:
    seeded = Seeded()
    yield seeded
    seeded.app.close()


@pytest.fixture
def seeded() -> Iterator[Callable[..., Seeded]]:
    opened: list[Seeded] = []

    def open_one(until: datetime = UNTIL, **arguments: Any) -> Seeded:
        opened.append(Seeded(until, **arguments))
        return opened[-1]

    yield open_one
    for one in opened:
        one.app.close()
