"""What the processor can still pay: its balance, less what was promised and has not left yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from cascade_cli.domain.money import ZERO, exactly
from cascade_cli.domain.runway import Sum
from cascade_cli.domain.stratagems import State, Stratagem
from cascade_cli.errors import GuardError


class Balances(Protocol):
    """Where citizens are read."""

    def citizens(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of those who exist, spelt as Venice spells them."""


class OpenTransfers(Protocol):
    """Where the processor's transfers are read."""

    def older(self, before: datetime, executed_since: datetime, now: datetime) -> list[Stratagem]:
        """Those made before that are planned or live, or were executed since."""


class Promises(Protocol):
    """What was promised: the journal."""

    def ducats_promised_since(self, moment: datetime) -> Decimal:
        """The ducats first promised at that moment or later."""


@dataclass(frozen=True)
class Purse:
    """The processor's; `lifetime` is that of a transfer which waits for the engine."""

    balances: Balances
    transfers: OpenTransfers
    promises: Promises
    processor: str
    lifetime: timedelta
    now: Callable[[], datetime]

    def can_pay(self, wanted: Decimal) -> Decimal:
        """How many ducats can go out; what is in flight is read only if it may matter.

        Raises GuardError if the processor does not exist.
        """
        balance = self.balances.citizens([self.processor]).get(self.processor)
        if balance is None:
            raise GuardError(
                f"Venice has no citizen {self.processor!r} to pay with.",
                "Nothing was written. Create it: cascade citizen setup",
            )
        now = self.now()
        with exactly():
            # A promise is in flight for a lifetime at most; most of these left long ago.
            surely = balance - self.promises.ducats_promised_since(now - self.lifetime)
            return surely if surely >= wanted else max(balance - self._in_flight(now), ZERO)

    def _in_flight(self, now: datetime) -> Decimal:
        rows = self.transfers.older(now, now, now)
        return Sum.of(row for row in rows if row.state(now) is State.LIVE).ducats
