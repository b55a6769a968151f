"""What the processor can still pay: its balance, less promised ducats that have not left yet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.delivery.runway import Sum
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats
from cascade_cli.errors import GuardError
from cascade_cli.services.ports import JournalPort, VenicePort


@dataclass(frozen=True)
class AvailableBalance:
    """The processor's available balance; a transfer waits for the engine for `lifetime` at most."""

    balances: VenicePort
    transfers: VenicePort
    promises: JournalPort
    processor: str
    lifetime: timedelta
    now: Callable[[], datetime]

    def can_pay(self, wanted: Decimal, balance: Decimal | None = None) -> Decimal:
        """How many ducats can go out; transfers in flight are read only if they could matter.

        Pass the processor's `balance` if it was just read. Raises GuardError if the processor does
        not exist.
        """
        if balance is None:
            balance = self.balance_in(self.balances.citizens([self.processor]))
        return self._free(balance, wanted, frozenset())

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
            balance = self.balance_in(self.balances.citizens([self.processor]))
        free = self._free(balance, wanted, keys)
        if free >= wanted:
            return
        has = f"{self.processor} has {format_ducats(balance)} ducats"
        if free < balance:
            has += f", {format_ducats(balance - free)} of them promised to transfers on their way,"
        raise GuardError(
            f"{has} and {format_ducats(wanted)} are to go out.",
            "Nothing was written. Top it up: cascade citizen replenish --to N",
        )

    def _free(self, balance: Decimal, wanted: Decimal, keys: Collection[str]) -> Decimal:
        now = self.now()
        with exactly():
            # A promise is in flight for one lifetime at most. Most of these have left long ago, so
            # this is a lower bound, which needs no request.
            surely = balance - self.promises.ducats_promised_since(now - self.lifetime)
            if surely >= wanted:
                return surely
            return max(balance - self._in_flight(now, keys), ZERO)

    def _in_flight(self, now: datetime, keys: Collection[str]) -> Decimal:
        rows = self.transfers.open_or_recent(now, now, now)
        others = (row for row in rows if row.stratagem_id not in keys)
        return Sum.of(row for row in others if row.state(now) is State.LIVE).ducats
