"""What an operator wants to see at a glance, computed from what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Terms, sum_ducats
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import How, counted
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.money import ZERO, exactly


@dataclass(frozen=True)
class KindCount:
    """The items of one kind: how many, the ducats at risk in them, and when the oldest was paid."""

    kind: Kind
    number: int
    at_risk: Decimal
    oldest_at: datetime


@dataclass(frozen=True)
class InFlight:
    """What is paid and on its way; `oldest_at` is None if nothing is."""

    payments: int
    ducats: Decimal
    oldest_at: datetime | None


@dataclass(frozen=True)
class Day:
    """The ducats that arrived on one UTC day."""

    date: date
    ducats: Decimal


@dataclass(frozen=True)
class Today:
    """Ducats first promised on this UTC day, against the day's limit."""

    promised: Decimal
    limit: Decimal
    resets_at: datetime

    @property
    def left(self) -> Decimal:
        """What may still be promised; another machine's setting may have allowed more."""
        with exactly():
            return max(self.limit - self.promised, ZERO)


@dataclass(frozen=True)
class OpenCases:
    """How many discrepancies are open, and for whom; how many payments are waiting besides; and how
    many cases people `decided`, by how."""

    number: int
    automatic: int
    waiting: int
    decided: Mapping[How, int] = field(default_factory=dict)

    @property
    def for_people(self) -> int:
        """Discrepancies that no machine may settle."""
        return self.number - self.automatic

    @property
    def described(self) -> str:
        """For the first line of a screen, without a full stop."""
        parts = (
            (self.automatic, "is safe to repair", "are safe to repair"),
            (self.for_people, "needs a person", "need a person"),
        )
        if not self.number:
            flying = format_count(self.waiting, "is in flight", "are in flight")
            return f"Nothing is open: {flying}" if self.waiting else "Nothing is open"
        told = ", ".join(format_count(*part) for part in parts if part[0])
        flying = format_count(self.waiting, "more is in flight", "more are in flight")
        return f"{self.number:,} open: {told}" + (f". {flying}" if self.waiting else "")

    @property
    def closed(self) -> str:
        """What people decided, in a sentence that lists snoozed cases separately; empty if they
        decided nothing."""
        told = counted(self.decided)
        return f"Decided by people: {told}." if told else ""


def open_cases(result: Reconciliation) -> OpenCases:
    """The numbers for the first line of a screen."""
    found = result.discrepancies
    automatic = sum(bool(item.repair and item.repair.automatic) for item in found)
    return OpenCases(len(found), automatic, result.counts.get(Kind.IN_FLIGHT, 0), result.decided)


def kind_counts(result: Reconciliation) -> tuple[KindCount, ...]:
    """The discrepancies by kind, gravest first."""
    by_kind: dict[Kind, list[Item]] = {}
    for item in result.discrepancies:
        by_kind.setdefault(item.kind, []).append(item)
    return tuple(_kind_count(kind, by_kind[kind]) for kind in Kind if kind in by_kind)


def _kind_count(kind: Kind, items: list[Item]) -> KindCount:
    with exactly():
        at_risk = sum((item.at_risk for item in items), ZERO)
    return KindCount(kind, len(items), at_risk, min(item.occurred_at for item in items))


def in_flight(result: Reconciliation) -> InFlight:
    """What is on its way, according to reconciliation. A payment for many counts once."""
    items = result.in_flight
    payments = {item.charge.charge_id if item.charge else id(item) for item in items}
    oldest = min((item.occurred_at for item in items), default=None)
    return InFlight(len(payments), result.equation.in_flight, oldest)


def is_unresolved(payment_id: str | None, result: Reconciliation, *, unjudged: bool = True) -> bool:
    """Whether a payment still needs somebody: not if it is settled or on its way.

    `unjudged` is the answer for a payment that is not in the result.
    """
    items = [item for item in result.items if item.charge and _is_named(payment_id, item.charge)]
    return any(item.is_open for item in items) if items else unjudged


def _is_named(payment_id: str | None, charge: Charge) -> bool:
    """An event may name the invoice that the charge paid."""
    invoice = charge.period.invoice if charge.period else None
    return payment_id in {*charge.names, invoice} - {None}


def delivered_by_day(executed: Iterable[Stratagem], now: datetime, days: int) -> tuple[Day, ...]:
    """The ducats that the engine delivered on each of the last `days` UTC days; today comes
    last."""
    by_date: dict[date, list[Stratagem]] = {}
    for row in executed:
        # An ExecutedAt beside another Status leaves in doubt how often the ducats moved.
        if row.executed_at and row.state(now) is State.EXECUTED:
            by_date.setdefault(row.executed_at.astimezone(UTC).date(), []).append(row)
    today = now.astimezone(UTC).date()
    dates = [today - timedelta(days=ago) for ago in reversed(range(days))]
    with exactly():
        return tuple(Day(day, sum_ducats(by_date.get(day, ()))) for day in dates)


def today(promised: Decimal, limit: Decimal, now: datetime) -> Today:
    """The day's limit as it stands; it resets at midnight UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Today(promised, limit, midnight + timedelta(days=1))


def passed_over(rows: Iterable[Stratagem], last_executed_at: datetime | None, terms: Terms) -> int:
    """How many live transfers an engine that keeps its schedule would have executed by now.

    0 if the engine executed anything recently: a row may be old, but active only since a repair.
    """
    due = terms.now - terms.schedule.longest_wait
    if last_executed_at and last_executed_at > due:
        return 0
    return sum(row.state(terms.now) is State.LIVE and row.created_at < due for row in rows)
