"""A payment for many citizens as one: how all of them stand together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cascade_cli.domain.discrepancies.items import Item, worst_first
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.explain.story import StoryLine, Verdict, verdict_of
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats


@dataclass(frozen=True)
class SplitPayment:
    """Its portions, and reconciliation's item for each."""

    charges: Sequence[Charge]
    items: tuple[Item, ...]

    @property
    def whole(self) -> Charge:
        """The charge as Stripe has it: all the money and all the ducats, and no citizen."""
        first, portion = self.charges[0], self.charges[0].portion
        return replace(
            first,
            id=first.charge_id,
            citizen=None,
            citizen_text=f"{len(self.charges)} citizens",
            ducats=portion.whole_ducats if portion else first.ducats,
            portion=None,
        )

    @property
    def in_order(self) -> list[Item]:
        """The items in order of the portions' numbers."""
        return sorted(self.items, key=_number)

    @property
    def worst(self) -> Item:
        """The one that matters most."""
        return min(self.items, key=worst_first)

    @property
    def open(self) -> tuple[Item, ...]:
        """The items on which somebody must act."""
        return tuple(item for item in self.items if item.is_open)

    @property
    def missing(self) -> tuple[str, ...]:
        """Citizens whom Venice does not have."""
        return tuple(i.citizen or "" for i in self.in_order if i.kind is Kind.UNKNOWN_CITIZEN)

    @property
    def outstanding(self) -> Decimal:
        """The ducats of portions that are neither settled nor on their way."""
        with exactly():
            return sum((item.ducats or ZERO for item in self.open), ZERO)

    @property
    def counted(self) -> str:
        """How many citizens of each kind."""
        counts = Counter(item.kind for item in self.items)
        return ", ".join(f"{counts[k]} {k.words}" for k in Kind if counts[k])

    @property
    def rows(self) -> tuple[Stratagem, ...]:
        """All transfers to its citizens."""
        return tuple(row for item in self.in_order for row in item.stratagems)

    @property
    def returns(self) -> tuple[Stratagem, ...]:
        """All transfers that took ducats back, gave them again, or corrected what was wrong."""
        items = self.in_order
        return tuple(row for item in items for row in (*item.returns, *item.corrections))

    @property
    def lines(self) -> tuple[StoryLine, ...]:
        """How each citizen stands."""
        return tuple(
            StoryLine(i.occurred_at, i.charge.payment_id, _described(i), verdict_of(i))
            for i in self.in_order
            if i.charge
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict of the portion that matters most, and how many there are of each kind."""
        worst = self.worst
        verdict = verdict_of(worst)
        about = f"{worst.citizen or '?'}: " if worst.is_open else ""
        return replace(verdict, sentence=f"{self.counted}; {about}{verdict.sentence}")

    @property
    def suffixes(self) -> list[str]:
        """What ends the ids of each portion."""
        return [charge.suffix for charge in self.charges]


def _described(item: Item) -> str:
    """One portion in a few words."""
    ducats = format_ducats(item.ducats, grouped=True) if item.ducats else "?"
    return f"{ducats} ducats for {item.citizen or '?'}"


def _number(item: Item) -> int:
    return item.charge.portion.number if item.charge and item.charge.portion else 0
