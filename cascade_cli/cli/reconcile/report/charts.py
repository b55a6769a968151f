"""The charts of the page: the ducat equation as a bar; payments by day, and how long their ducats
took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from math import ceil

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.reconcile.equation import Equation
from cascade_cli.domain.shop.money import ratio, rounded
from cascade_cli.domain.shop.times import Window, format_span

# In per cent: a part is visible, however small its share.
MOST_ROWS = 31
STEPS_DAYS = (1, 7, 28)
NEVER_LATE = timedelta(minutes=1)
NARROWEST = 0.8

MEANINGS = {
    "settled": "reached the right citizen",
    "in flight": "wait for the engine's next run, or were paid recently",
    "undelivered": "were paid for and did not arrive",
    "doubtful": "may or may not have moved: a person decides",
    "unattributable": "belong to nobody that we know of",
}
BESIDE = {
    "over-delivered": "went out beyond what was sold, or to somebody else",
    "orphaned": "went out for no payment",
    "returned": "came back after refunds",
    "refund exposure": "were delivered, and their money is gone",
}


@dataclass(frozen=True)
class Segment:
    """One part of what was sold; start and width are per cent of the bar, 0 for no ducats."""

    name: str
    meaning: str
    ducats: str
    share: str
    start: float = 0
    width: float = 0

    @property
    def style(self) -> str:
        """The name of its filling."""
        return self.name.replace(" ", "-")

    @property
    def parts(self) -> tuple[str, float, float]:
        """Filling, start and length."""
        return self.style, self.start, self.width


def segments(equation: Equation) -> tuple[Segment, ...]:
    """The five parts, in the equation's order."""
    ducats = [equation.called(name) for name in MEANINGS]
    widths = _widths([part / equation.sold if equation.sold else Decimal(0) for part in ducats])
    starts = [sum(widths[:number]) for number in range(len(widths))]
    return tuple(
        Segment(
            name, meaning, rounded(part), share(part, equation.sold), round(at, 3), round(wide, 3)
        )
        for (name, meaning), part, at, wide in zip(
            MEANINGS.items(), ducats, starts, widths, strict=True
        )
    )


def beside(equation: Equation) -> tuple[Segment, ...]:
    """What left Venice's processor, or came back to it, outside of what was sold."""
    return tuple(
        Segment(name, meaning, rounded(equation.called(name)), "")
        for name, meaning in BESIDE.items()
    )


def _widths(shares: Iterable[Decimal]) -> list[float]:
    """In per cent of the bar. No part that exists is too narrow to see."""
    wide = [max(float(share) * 100, NARROWEST) if share else 0.0 for share in shares]
    whole = sum(wide)
    return [100 * part / whole for part in wide] if whole else wide


def share(part: Decimal, whole: Decimal) -> str:
    """In per cent, never rounded to nothing or to all."""
    if not whole:
        return "–"
    percent = ratio(part, whole) * 100
    if part and percent < Decimal("0.1"):
        return "< 0.1 %"
    if part < whole and percent > Decimal("99.9"):
        return "> 99.9 %"
    return f"{percent:.1f} %"


# Filling, start and length of each part of a bar, in per cent.
Bars = tuple[tuple[str, float, float], ...]


@dataclass(frozen=True)
class Payments:
    """The paid charges of a row; the lengths are per cent of the longest row."""

    label: str
    paid: int
    settled: int
    in_flight: int
    open: int
    lengths: tuple[float, float, float]

    @property
    def parts(self) -> Bars:
        """The parts of the bar, one after the other."""
        settled, in_flight, discrepant = self.lengths
        return (
            ("settled", 0, settled),
            ("in-flight", settled, in_flight),
            ("doubtful", round(settled + in_flight, 2), discrepant),
        )


@dataclass(frozen=True)
class Delays:
    """From payment to execution; the positions are per cent of the slowest of all."""

    label: str
    paid: int
    delivered: int
    median: str
    slowest: str
    median_at: float
    slowest_at: float

    @property
    def parts(self) -> Bars:
        """A bar to the median, and on to the slowest."""
        return (
            ("settled", 0, self.median_at),
            ("in-flight", self.median_at, round(self.slowest_at - self.median_at, 2)),
        )


@dataclass(frozen=True)
class Days:
    """Both charts, row by row. `step_days` is how many days a row covers, all in UTC."""

    step_days: int
    payments: tuple[Payments, ...]
    delays: tuple[Delays, ...]


def days_of(window: Window, items: Iterable[Item]) -> Days:
    """The window's charges by the day on which they were paid, in at most `MOST_ROWS` rows."""
    since = window.since.astimezone(UTC).date()
    count = ((window.until - timedelta(microseconds=1)).astimezone(UTC).date() - since).days + 1
    step = next((s for s in STEPS_DAYS if count <= s * MOST_ROWS), ceil(count / MOST_ROWS))
    rows: dict[int, list[Item]] = defaultdict(list)
    for item in items:
        if item.charge:
            rows[(item.charge.created_at.astimezone(UTC).date() - since).days // step].append(item)
    numbers = range(ceil(count / step))
    labels = [_label(since + timedelta(days=number * step), step) for number in numbers]
    paid = [rows[number] for number in numbers]
    return Days(step, tuple(_payments(labels, paid)), tuple(_delays(labels, paid)))


def _label(first: date, step: int) -> str:
    if step == 1:
        return f"{first:%a %d %b}"
    return f"{first:%d %b %Y} +{step}d"


def _payments(labels: Sequence[str], rows: Sequence[Sequence[Item]]) -> Iterable[Payments]:
    longest = max((len(row) for row in rows), default=0) or 1
    for label, row in zip(labels, rows, strict=True):
        settled = sum(item.kind is Kind.SETTLED for item in row)
        in_flight = sum(item.kind is Kind.IN_FLIGHT for item in row)
        parts = (settled, in_flight, len(row) - settled - in_flight)
        lengths = tuple(round(100 * part / longest, 2) for part in parts)
        yield Payments(label, len(row), *parts, (lengths[0], lengths[1], lengths[2]))


def _delays(labels: Sequence[str], rows: Sequence[Sequence[Item]]) -> Iterable[Delays]:
    found = [sorted(delay for item in row if (delay := delay_of(item)) is not None) for row in rows]
    longest = max((row[-1] for row in found if row), default=NEVER_LATE) or NEVER_LATE
    for label, row, delays in zip(labels, rows, found, strict=True):
        if not delays:
            yield Delays(label, len(row), 0, "–", "–", 0, 0)
            continue
        middle, slowest = _median(delays), delays[-1]
        yield Delays(
            label,
            len(row),
            len(delays),
            format_span(middle),
            format_span(slowest),
            round(100 * (middle / longest), 2),
            round(100 * (slowest / longest), 2),
        )


def _median(delays: Sequence[timedelta]) -> timedelta:
    """The median of sorted delays."""
    middle = len(delays) // 2
    return delays[middle] if len(delays) % 2 else (delays[middle - 1] + delays[middle]) / 2


def delay_of(item: Item) -> timedelta | None:
    """From payment to the first execution for the right citizen; None where none is known."""
    if item.charge is None:
        return None
    done = [s.executed_at for s in item.stratagems if s.executed_at and s.citizen == item.citizen]
    first: datetime | None = min(done, default=None)
    if first is None or first < item.charge.created_at:
        return None
    return first - item.charge.created_at
