"""Carries out one transfer: reads its Notes, moves the ducats and records the outcome."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.venice.access import Access, EngineRun, Steps
from cascade_cli.sandbox.venice.transfer import Terms, Transfer, failure_line, read_terms
from cascade_cli.sandbox.wire import Clock

Record: TypeAlias = dict[str, Any]


class TransferExecution:
    """Carries out one stratagem row, as it was when it was listed."""

    def __init__(
        self, tables: Tables, now: Clock, access: Access, run: EngineRun, record: Record
    ) -> None:
        self._tables = tables
        self._now = now
        self._access = access
        self._run = run
        self._record = record
        fields = record["fields"]
        self.stratagem_id: str = fields.get("StratagemId", record["id"])
        self._payer: str = fields.get("ExecutedBy", "")
        self._payee: str = fields.get("TargetCitizen", "")
        # As in the live engine, texts go after Notes as listed; what others wrote since is lost.
        self._notes: str = fields.get("Notes", "")

    def process(self) -> Steps[bool]:
        """Carry out the transfer; return whether the ducats moved as ordered.

        Exceptions that the live engine does not expect pass through: Notes that are JSON but not
        an object, or a row that cannot even be marked as failed.
        """
        self._access.check("parse")
        try:
            terms = read_terms(self._record["fields"].get("Notes"))
        except ValueError as error:
            return (yield from self._fail(f"Failed to parse transfer details: {error}"))
        if not self._payer or not self._payee or terms.amount <= 0:
            return (yield from self._fail("Missing required fields or invalid amount."))
        try:
            return (yield from self._transfer(terms))
        except Exception as error:  # noqa: BLE001 - ducats may have moved before any of them
            return (yield from self._fail(f"Processing error: {error}"))

    def _transfer(self, terms: Terms) -> Steps[bool]:
        payer = yield from self._read_citizen("read_payer", self._payer)
        if payer is None:
            return (yield from self._fail(f"Sender {self._payer} not found."))
        payee = yield from self._read_citizen("read_payee", self._payee)
        if payee is None:
            return (yield from self._fail(f"Receiver {self._payee} not found."))
        funds, held = _ducats(payer), _ducats(payee)
        if funds < terms.amount:
            return (yield from self._fail(f"Insufficient funds: {funds} < {terms.amount}"))
        yield from self._write_balance("write_payer", payer, funds - terms.amount)
        yield from self._write_balance("write_payee", payee, held + terms.amount)
        transfer = Transfer(self.stratagem_id, self._payer, self._payee, terms)
        yield from self._attempt(self._write_transactions(transfer, funds, held))
        yield from self._mark_executed(transfer)
        payer_notice, payee_notice = transfer.notices(self._now())
        yield from self._attempt(self._notify("notify_payer", payer_notice))
        yield from self._attempt(self._notify("notify_payee", payee_notice))
        return True

    def _read_citizen(self, step: str, username: str) -> Steps[Record | None]:
        quoted = username.replace("\\", "\\\\").replace("'", "\\'")
        formula = f"{{Username}} = '{quoted}'"
        found = yield from self._take(step, lambda: self._tables.select("CITIZENS", formula))
        return found[0] if found else None

    def _write_balance(self, step: str, citizen: Record, ducats: float) -> Steps[None]:
        if not math.isfinite(ducats):
            # The engine's HTTP client refuses to send such a number.
            raise ValueError("Out of range float values are not JSON compliant")
        fields = {"Ducats": ducats}
        yield from self._take(step, lambda: self._tables.update("CITIZENS", citizen["id"], fields))

    def _write_transactions(self, transfer: Transfer, funds: float, held: float) -> Steps[None]:
        def write() -> None:
            first, second = transfer.transactions(self._now(), funds, held)
            self._create("TRANSACTIONS", first)
            # `_take` asked only for the first of the two requests.
            self._access.ask()
            self._create("TRANSACTIONS", second)

        yield from self._take("write_transaction", write)

    def _mark_executed(self, transfer: Transfer) -> Steps[None]:
        now = self._now()
        notes = self._notes + transfer.success_line(now)
        fields = {"Status": "executed", "ExecutedAt": now.isoformat(), "Notes": notes}
        yield from self._update("mark_executed", fields)

    def _notify(self, step: str, notice: dict[str, Any]) -> Steps[None]:
        yield from self._take(step, lambda: self._create("NOTIFICATIONS", notice))

    def _create(self, table: str, fields: dict[str, Any]) -> None:
        """Add a row; if the base refuses it, add a warning and carry on."""
        try:
            self._tables.create(table, fields)
        except Refusal as refusal:
            self._run.warnings.append(f"{self.stratagem_id}: {refusal}")

    def _fail(self, text: str) -> Steps[bool]:
        notes = self._notes + failure_line(text)
        yield from self._update("mark_failed", {"Status": "failed", "Notes": notes})
        return False

    def _attempt(self, work: Steps[None]) -> Steps[None]:
        """Do something whose failure the engine ignores; it only adds a warning."""
        try:
            yield from work
        except Exception as error:  # noqa: BLE001 - the transfer itself is done by now
            self._run.warnings.append(f"{self.stratagem_id}: {error}")

    def _update(self, step: str, fields: dict[str, Any]) -> Steps[None]:
        row = self._record["id"]
        yield from self._take(step, lambda: self._tables.update("STRATAGEMS", row, fields))

    def _take(self, step: str, action: Any) -> Steps[Any]:
        return (yield from self._access.take(step, self.stratagem_id, action))


def _ducats(citizen: Record) -> float:
    return float(citizen["fields"].get("Ducats", 0))
