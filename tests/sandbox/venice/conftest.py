"""A base with a payer, a payee and whatever stratagems a test writes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from cascade_cli.sandbox import airtable
from cascade_cli.sandbox.airtable import Tables
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.venice import Engine

START = datetime(2026, 7, 3, 21, 35, tzinfo=UTC)
PAYER, PAYEE = "CASCADE_PAYMENT_PROCESSOR", "D'Alviano"


class Venice:
    """The base at a moment that the test sets, and shortcuts to what it asks of it."""

    def __init__(self) -> None:
        self.now = START
        store = Store(":memory:", airtable.SCHEMA)
        self.tables = Tables(store, lambda: self.now, Random(1))  # noqa: S311
        self.engine = Engine(self.tables, lambda: self.now)
        self.citizen(PAYER, 1000.25)
        self.citizen(PAYEE, 492485.8103135929)

    def citizen(self, username: str, ducats: float) -> None:
        fields = {"CitizenId": username, "Username": username, "Ducats": ducats}
        self.tables.create("CITIZENS", fields)

    def order(self, stratagem_id: str = "one", **fields: Any) -> str:
        """An active stratagem over 100 ducats, with `fields` on top; returns its record id."""
        ordered = {
            "StratagemId": stratagem_id,
            "Type": "transfer_ducats",
            "ExecutedBy": PAYER,
            "TargetCitizen": PAYEE,
            "Status": "active",
            "ExpiresAt": (self.now + timedelta(hours=72)).isoformat(),
            "Notes": json.dumps({"amount": 100, "reason": "Test"}),
            **fields,
        }
        return str(self.tables.create("STRATAGEMS", ordered)["id"])

    def row(self, record_id: str) -> dict[str, Any]:
        fields: dict[str, Any] = self.tables.get("STRATAGEMS", record_id)["fields"]
        return fields

    def ducats(self, username: str) -> float:
        for record in self.tables.select("CITIZENS"):
            if record["fields"]["Username"] == username:
                return float(record["fields"].get("Ducats", 0))
        raise LookupError(username)

    @property
    def balances(self) -> tuple[float, float]:
        """The payer's and the payee's ducats."""
        return self.ducats(PAYER), self.ducats(PAYEE)

    def notices(self) -> list[dict[str, Any]]:
        rows = [record["fields"] for record in self.tables.select("NOTIFICATIONS")]
        return sorted(rows, key=lambda fields: str(fields["Type"]))


def replenish(venice: Venice, to: float) -> None:
    """Somebody else sets the payer's balance."""
    (payer,) = venice.tables.select("CITIZENS", f"{{Username}} = '{PAYER}'")
    venice.tables.update("CITIZENS", payer["id"], {"Ducats": to})


@pytest.fixture
def venice() -> Venice:
    return Venice()
