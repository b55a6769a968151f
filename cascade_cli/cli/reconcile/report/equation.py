"""The ducat equation as a bar: each part's share of what was sold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.domain.reconcile.equation import Equation
from cascade_cli.domain.shop.money import ratio, rounded

# In per cent: a part is visible, however small its share.
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
