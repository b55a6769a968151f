"""The payment processor's account: which citizen it is, what it owes, and what it can still pay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, Finances, Sum, finances
from cascade_cli.domain.records.citizens import CitizenRow, look_alikes, look_alikes_clause
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats
from cascade_cli.errors import GuardError, SettingsError
from cascade_cli.services.ports import CitizensPort, JournalPort, TransfersPort

FindRows = Callable[[str], list[CitizenRow]]
"""The citizens of a name, and those whose names look like it."""


class ProcessorService:
    """Reads the processor's account. Raises SettingsError if Venice has no such citizen."""

    def __init__(
        self,
        rows_named_like: FindRows,
        transfers: TransfersPort,
        username: str,
        now: Callable[[], datetime],
    ) -> None:
        self._rows_named_like, self._transfers = rows_named_like, transfers
        self._username, self._now = username, now

    def look(self) -> tuple[CitizenRow, Finances]:
        """The balance, and the transfers that draw on it: three or four requests."""
        processor = processor_row(self._rows_named_like, self._username)
        if processor is None:
            raise no_processor(self._rows_named_like, self._username)
        now = self._now()
        executed = self._transfers.executed_since(now - timedelta(days=OUTFLOW_DAYS))
        moments = [row.executed_at for row in executed if row.executed_at]
        last = max(moments) if moments else self._transfers.last_executed_at()
        return processor, finances(processor, self._transfers.open_transfers(), executed, last, now)


def processor_row(rows_named_like: FindRows, username: str) -> CitizenRow | None:
    """The processor, which has exactly that name; None if there is none.

    Raises GuardError if several citizens have the name.
    """
    found = [c for c in rows_named_like(username) if c.username == username]
    if len(found) > 1:
        # Airtable has no unique fields, so nothing keeps two rows from having one name.
        records = ", ".join(processor.record_id for processor in found)
        raise GuardError(
            f"Venice has {len(found)} citizens called {username!r} ({records}).",
            "Which of them pays is a matter of chance. Nothing was written: delete all but one in "
            "the base, by hand.",
        )
    return found[0] if found else None


def no_processor(rows_named_like: FindRows, username: str) -> SettingsError:
    """The error to raise if nobody has exactly that name; it names citizens with similar names."""
    others = [citizen.username for citizen in rows_named_like(username)]
    similar = look_alikes([username], others).get(username, ())
    other = "Correct CASCADE_PROCESSOR, or create" if similar else "Create"
    return SettingsError(
        f"Venice has no citizen {username!r} to pay with{look_alikes_clause(username, similar)}.",
        f"{other} it: cascade citizen setup",
    )


@dataclass(frozen=True)
class AvailableBalance:
    """The processor's balance, less promised ducats that have not left yet.

    A transfer waits for the engine for `lifetime` at most.
    """

    citizens: CitizensPort
    transfers: TransfersPort
    promises: JournalPort
    processor: str
    lifetime: timedelta
    now: Callable[[], datetime]

    def can_pay(
        self,
        wanted: Decimal,
        balance: Decimal | None = None,
        keys: Collection[str] = frozenset(),
    ) -> Decimal:
        """How many ducats can go out; transfers in flight are read only if they could matter. Those
        with these `keys` do not count.

        Pass the processor's `balance` if it was just read. Raises GuardError if the processor does
        not exist.
        """
        if balance is None:
            balance = self.balance_in(self.citizens.balances([self.processor]))
        now = self.now()
        with exactly():
            # A promise is in flight for one lifetime at most. Most of these have left long ago, so
            # this is a lower bound, which needs no request.
            surely = balance - self.promises.ducats_promised_since(now - self.lifetime)
            if surely >= wanted:
                return surely
            return max(balance - self._in_flight(now, keys), ZERO)

    def balance_in(self, found: Mapping[str, Decimal]) -> Decimal:
        """The processor's ducats, among citizens read. Raises GuardError if it is not there."""
        if self.processor not in found:
            raise GuardError(
                f"Venice has no citizen {self.processor!r} to pay with.",
                "Nothing was written. Create it: cascade citizen setup",
            )
        return found[self.processor]

    def check(self, wanted: Decimal, keys: Collection[str], balance: Decimal | None = None) -> None:
        """Raises GuardError unless the processor can pay `wanted` ducats for the transfers with
        these keys. Those of them that are in flight already are not counted twice. Pass the
        processor's `balance` if it was just read."""
        if balance is None:
            balance = self.balance_in(self.citizens.balances([self.processor]))
        free = self.can_pay(wanted, balance, keys)
        if free >= wanted:
            return
        has = f"{self.processor} has {format_ducats(balance)} ducats"
        if free < balance:
            has += f", {format_ducats(balance - free)} of them promised to transfers on their way,"
        raise GuardError(
            f"{has} and {format_ducats(wanted)} are to go out.",
            "Nothing was written. Top it up: cascade citizen replenish --to N",
        )

    def _in_flight(self, now: datetime, keys: Collection[str]) -> Decimal:
        rows = self.transfers.open_or_recent(now, now, now)
        others = (row for row in rows if row.stratagem_id not in keys)
        return Sum.of(row for row in others if row.state(now) is State.LIVE).ducats
