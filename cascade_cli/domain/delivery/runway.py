"""How long the processor's balance lasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.money import ZERO, exactly

OUTFLOW_DAYS = 14
# Below the first a warning, below the second an alarm.
RUNWAY_LOW_DAYS, RUNWAY_OUT_DAYS = Decimal(7), Decimal(1)
_HUNDREDTH = Decimal("0.01")
_TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Sum:
    """Some transfers: how many, and their ducats as far as they can be read."""

    number: int
    ducats: Decimal

    @classmethod
    def of(cls, stratagems: Iterable[Stratagem]) -> Sum:
        """Adds them up exactly."""
        listed = list(stratagems)
        with exactly():
            return cls(len(listed), sum((s.ducats or ZERO for s in listed), ZERO))


@dataclass(frozen=True)
class Finances:
    """The processor's balance, what it owes, and what it pays out."""

    ducats: Decimal
    live: Sum
    planned: Sum
    executed: Sum
    last_executed_at: datetime | None

    @property
    def owed(self) -> Decimal:
        """Ducats in flight: promised, and not executed yet."""
        with exactly():
            return self.live.ducats + self.planned.ducats

    @property
    def daily_outflow(self) -> Decimal:
        """Ducats a day, on average over the last OUTFLOW_DAYS."""
        with exactly():
            return (self.executed.ducats / OUTFLOW_DAYS).quantize(_HUNDREDTH)

    @property
    def runway_days(self) -> Decimal | None:
        """How long the balance lasts at that rate, once what is in flight is paid; None means for
        ever."""
        if not self.executed.ducats:
            return None
        with exactly():
            left = max(self.ducats - self.owed, ZERO)
            return (left * OUTFLOW_DAYS / self.executed.ducats).quantize(_TENTH)


def finances(
    processor: CitizenRow,
    open_transfers: Iterable[Stratagem],
    executed: Iterable[Stratagem],
    last_executed_at: datetime | None,
    now: datetime,
) -> Finances:
    """Sort the open transfers: active rows that expired unnoticed are not in flight.

    Transfers that came back for refunds are left out, since the processor did not pay them.
    """
    listed = list(open_transfers)
    return Finances(
        processor.ducats,
        Sum.of(s for s in listed if s.state(now) is State.LIVE),
        Sum.of(s for s in listed if s.status == "planned"),
        Sum.of(s for s in executed if not s.payer),
        last_executed_at,
    )
