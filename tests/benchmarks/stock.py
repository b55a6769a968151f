"""Sales by the thousand in a sandbox, at once: copies of one that was made as all are.

The seed tells each sale's whole story, with events and notifications, and needs milliseconds for
it. What a reconciliation reads is the charge, its intent, the stratagem, and seldom a citizen.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed import prices
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.stripe import StripeAccount
from cascade_cli.sandbox.stripe.objects import Objects, row

DUCATS = 100
_AT = datetime(2024, 2, 29, 7, 30, 1, tzinfo=UTC)
_EXECUTED, _EXPIRES = _AT + timedelta(hours=9), _AT + timedelta(hours=72)
_BUYER = "buyer_of_the_model"
_NOTES = (
    '{{"source": "cascade", "amount": 100.0, "reason": "ducat purchase", "payment_intent": "{}", '
    '"charge": "{}", "operator": "webhook", "livemode": false}}\n[2024-02-29 17:30] Successfully '
    "transferred 100.0 ducats from {} to {}."
)
_INSERT = """
    INSERT INTO airtable_records (table_id, id, created, modified, cells, version)
    SELECT id, ?, ?, ?, ?, version FROM airtable_tables WHERE name = ?
"""
_MODEL = "SELECT created, modified, cells FROM airtable_records WHERE id = ?"

Row = tuple[Any, ...]


class Stock:
    """Fills a sandbox with sales of 100 ducats; each number stands for one, and is used once."""

    def __init__(self, app: SandboxApp) -> None:
        self._store, tables = app.store, app.airtable.tables
        account = StripeAccount(app.store, Random(1))  # noqa: S311
        charge = account.pay(
            amount=10 * DUCATS,
            currency="usd",
            metadata=prices.metadata(_BUYER, float(DUCATS)),
            at=_AT,
        )
        self._charge, self._intent = str(charge["id"]), str(charge["payment_intent"])
        with account.writing(_AT) as writer:
            intent = writer.get("payment_intent", self._intent)
        self._stripe = (row(intent), row(charge))
        made = tables.create("STRATAGEMS", _stratagem(self._charge, self._intent), at=_AT)
        citizen = {"CitizenId": _BUYER, "Username": _BUYER, "Ducats": 0}
        moved_in = tables.create("CITIZENS", citizen, at=_AT)
        with self._store.read() as connection:
            self._stratagem = connection.execute(_MODEL, (made["id"],)).fetchone()
            self._citizen = connection.execute(_MODEL, (moved_in["id"],)).fetchone()

    def sell(self, moments: Sequence[datetime], *, first: int, delivered: bool = True) -> None:
        """One sale at each moment, numbered from `first`, to a buyer of its own; executed nine
        hours later, or, if it is not `delivered`, never to be found in Venice."""
        numbered = list(enumerate(moments, start=first))
        with self._store.write() as connection:
            Objects(connection).insert(
                self._copy(model, number, at) for number, at in numbered for model in self._stripe
            )
            if delivered:
                self._fill(connection, "STRATAGEMS", self._stratagem, numbered)
            else:
                self._fill(connection, "CITIZENS", self._citizen, numbered)

    def _fill(
        self,
        connection: sqlite3.Connection,
        table: str,
        model: Row,
        numbered: Iterable[tuple[int, datetime]],
    ) -> None:
        connection.execute(
            "UPDATE airtable_tables SET version = version + 1 WHERE name = ?", (table,)
        )
        connection.executemany(
            _INSERT,
            (
                (f"rec{table[:4]}{number:010}", *self._copy(model, number, at), table)
                for number, at in numbered
            ),
        )

    def _copy(self, model: Row, number: int, at: datetime) -> Row:
        """The row with the ids, the buyer and the times of another sale."""
        changes = {
            self._charge: f"ch_3Copy{number:020}",
            self._intent: f"pi_3Copy{number:020}",
            _BUYER: f"buyer_{number:07}",
            f'"created":{int(_AT.timestamp())}': f'"created":{int(at.timestamp())}',
        }
        for then in (_AT, _EXECUTED, _EXPIRES):
            changes[_zulu(then)] = _zulu(at + (then - _AT))
        return tuple(_changed(value, changes, at) for value in model)


def _changed(value: Any, changes: dict[str, str], at: datetime) -> Any:
    if isinstance(value, int):
        return int(at.timestamp())
    if isinstance(value, str):
        for old, new in changes.items():
            value = value.replace(old, new)
    return value


def _zulu(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.000Z}"


def _stratagem(charge: str, intent: str) -> dict[str, Any]:
    """As cascade writes it and the engine leaves it."""
    return {
        "StratagemId": f"cascade_payment_{intent}",
        "Type": "transfer_ducats",
        "Variant": "instant",
        "Name": f"CASCADE Payment: 100.0 ducats to {_BUYER}",
        "Category": "economic",
        "ExecutedBy": PROCESSOR,
        "TargetCitizen": _BUYER,
        "Status": "executed",
        "ExpiresAt": _zulu(_EXPIRES),
        "ExecutedAt": _zulu(_EXECUTED),
        "Description": f"{PROCESSOR} transfers 100.0 ducats to {_BUYER}",
        "Notes": _NOTES.format(intent, charge, PROCESSOR, _BUYER),
    }
