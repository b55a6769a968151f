"""Writes stratagems as their writers and the engine leave them, without running the engine.

Running the engine for each of ten thousand rows would give the same rows, but slowly. The engine's
texts come from `venice.transfer`. Balances are kept in memory and written once, at the end.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.seed.window import run_after
from cascade_cli.sandbox.venice.transfer import (
    VENICE_TIME,
    Transfer,
    failure_line,
    note_line,
    read_terms,
)

NOTICES_KEPT = timedelta(days=14)
KEYED_LIFE = timedelta(hours=72)
LOWEST_FUNDS = 250_000.0
REPLENISHMENT = 1_000_000.0
LEGACY_LIFE = timedelta(minutes=5)


@dataclass(frozen=True)
class StratagemRow:
    """A STRATAGEMS record as last written, and when it was created."""

    record_id: str
    created_at: datetime
    fields: dict[str, Any]

    @property
    def notes(self) -> str:
        """The text of Notes."""
        return str(self.fields["Notes"])


class Transfers:
    """Writes transfers by the processor, and the ducats that they move."""

    def __init__(self, tables: Tables, random: Random, until: datetime) -> None:
        self._tables = tables
        self._random = random
        self._until = until
        self._accounts: dict[str, str] = {}
        self._ducats: dict[str, float] = {}
        self._touched: defaultdict[str, datetime] = defaultdict(lambda: until - NOTICES_KEPT)

    def open_account(self, fields: dict[str, Any], at: datetime) -> None:
        """Write a CITIZENS row, and track its balance from then on."""
        self._accounts[fields["Username"]] = self._tables.create("CITIZENS", fields, at=at)["id"]
        self._ducats[fields["Username"]] = float(fields["Ducats"])

    def has_account(self, username: str) -> bool:
        """Whether somebody of this name has an account."""
        return username in self._accounts

    def write_balances(self) -> None:
        """Write the changed balances to CITIZENS, after topping up the processor's if it is low."""
        while self._ducats[PROCESSOR] < LOWEST_FUNDS:
            self._ducats[PROCESSOR] += REPLENISHMENT
        for name, at in self._touched.items():
            fields = {"Ducats": self._ducats[name]}
            self._tables.update("CITIZENS", self._accounts[name], fields, at=at)

    def order(
        self,
        stratagem_id: str,
        payee: str,
        notes: dict[str, Any],
        at: datetime,
        *,
        life: timedelta,
        payer: str = PROCESSOR,
        **fields: Any,
    ) -> StratagemRow:
        """Write an active stratagem that expires `life` after `at`; `fields` overrides cells."""
        amount = notes.get("amount")
        written = {
            "StratagemId": stratagem_id,
            "Type": "transfer_ducats",
            "Variant": "instant",
            "Name": f"CASCADE Payment: {amount} ducats to {payee}",
            "Category": "economic",
            "ExecutedBy": payer,
            "TargetCitizen": payee,
            "Status": "active",
            "ExpiresAt": (at + life).isoformat(),
            "Description": f"{payer} transfers {amount} ducats to {payee}",
            "Notes": json.dumps(notes),
            **fields,
        }
        return StratagemRow(self._tables.create("STRATAGEMS", written, at=at)["id"], at, written)

    def keyed(
        self,
        payment: dict[str, Any],
        payee: str,
        ducats: float,
        at: datetime,
        by: dict[str, str],
        **fields: Any,
    ) -> StratagemRow:
        """Write a transfer as today's cascade does: named after its payment, valid for 72 hours.

        `payment` is Stripe's charge. `by` says in Notes who or what caused the transfer; `fields`
        overrides cells. The real writer plans the row a second before it activates it, but that
        leaves no trace.
        """
        intent = payment["payment_intent"]
        notes = {
            "source": "cascade",
            "amount": ducats,
            "reason": "Ducat purchase via CASCADE",
            "payment_intent": intent,
            "charge": payment["id"],
            **by,
            "created_at": at.isoformat(),
        }
        return self.order(f"cascade_payment_{intent}", payee, notes, at, life=KEYED_LIFE, **fields)

    def legacy(
        self, payee: str, ducats: float, at: datetime, *, notified: bool = False
    ) -> StratagemRow:
        """Write a transfer as the legacy connector does: no Stripe id, valid for five minutes.

        `notified` also writes the connector's notice to the citizen.
        """
        notes = {
            "source": "cascade_payment_processor",
            "payment_type": "stripe_purchase",
            "amount": ducats,
            "reason": "Ducat purchase via CASCADE",
            "created_at": at.isoformat(),
            "venice_time": f"{at.astimezone(VENICE_TIME):%Y-%m-%d %H:%M:%S}",
        }
        stratagem_id = f"cascade_payment_{payee}_{int(at.timestamp())}"
        description = (
            f"Automatic payment from CASCADE system crediting {ducats} ducats to {payee} "
            "from successful Stripe payment"
        )
        if notified:
            self._announce_early(stratagem_id, payee, ducats, at)
        return self.order(stratagem_id, payee, notes, at, life=LEGACY_LIFE, Description=description)

    def change(self, row: StratagemRow, at: datetime, **fields: Any) -> StratagemRow:
        """Write these cells of the row as of `at`."""
        self._tables.update("STRATAGEMS", row.record_id, fields, at=at)
        return replace(row, fields=row.fields | fields)

    def execute(self, row: StratagemRow, *, at: datetime | None = None) -> datetime:
        """Leave row, balances and notices as a successful run does; return the time of the run.

        Without `at`, that is the scheduled run after the row's creation.
        """
        at = at or self.run_time(row)
        transfer = self.finish(row, at)
        self.debit(transfer.payer, transfer.terms.amount, at)
        self.debit(transfer.payee, -transfer.terms.amount, at)
        return at

    def finish(self, row: StratagemRow, at: datetime) -> Transfer:
        """Leave row and notices as a successful run does; the balances stay."""
        transfer = Transfer(
            row.fields["StratagemId"],
            row.fields["ExecutedBy"],
            row.fields["TargetCitizen"],
            read_terms(row.notes),
        )
        notes = row.notes + transfer.success_line(at)
        self.change(row, at, Status="executed", ExecutedAt=at.isoformat(), Notes=notes)
        if self._until - at < NOTICES_KEPT:
            for notice in transfer.notices(at):
                self._notify(notice, at)
        return transfer

    def fail(self, row: StratagemRow, text: str) -> datetime:
        """Leave the row as the scheduled run does after a failure that the engine expects."""
        at = self.run_time(row)
        self.change(row, at, Status="failed", Notes=row.notes + failure_line(text))
        return at

    def break_off(self, row: StratagemRow, status: str, text: str) -> datetime:
        """Leave the row as the scheduled run does after a failure the engine did not expect."""
        at = self.run_time(row)
        self.change(row, at, Status=status, Notes=row.notes + note_line(at, text))
        return at

    def debit(self, citizen: str, ducats: float, at: datetime) -> None:
        """Take ducats from a balance; a negative number adds them."""
        self._ducats[citizen] -= ducats
        self._touched[citizen] = max(self._touched[citizen], at)

    def run_time(self, row: StratagemRow) -> datetime:
        """When the next scheduled run gets to the row: within 80 seconds of its start."""
        return run_after(row.created_at) + timedelta(seconds=self._random.randrange(3, 80))

    def _announce_early(self, stratagem_id: str, payee: str, ducats: float, at: datetime) -> None:
        """Write the legacy connector's notice, which announces ducats that have not arrived."""
        source = {"amount": ducats, "source": "cascade_payment", "stratagem_id": stratagem_id}
        text = (
            f"You have received {ducats} ducats from your CASCADE purchase. "
            "Thank you for supporting Venice!"
        )
        details = json.dumps(source)
        if self._takes_engine_notices():
            notice = {
                "CitizenUsername": payee,
                "Type": "payment_received",
                "Title": "Payment Received",
                "Message": text,
                "Metadata": details,
                "Timestamp": at.isoformat(),
                "Read": False,
            }
        else:
            notice = {
                "Citizen": payee,
                "Type": "payment_received",
                "Content": text,
                "Details": details,
                "Status": "unread",
                "CreatedAt": at.isoformat(),
            }
        self._tables.create("NOTIFICATIONS", notice, at=at)

    def _notify(self, notice: dict[str, Any], at: datetime) -> None:
        """Add the engine's notice, or use up its id: later ids must not depend on the layout."""
        if self._takes_engine_notices():
            self._tables.create("NOTIFICATIONS", notice, at=at)
        else:
            self._tables.spend_id()

    def _takes_engine_notices(self) -> bool:
        return "CitizenUsername" in self._tables.catalogue.table("NOTIFICATIONS").by_name
