"""The payment processor's own balance: what to write, and when not to.

Airtable has no increment and no conditional write, and the engine reads, computes and writes the
same balance without a lock. So every top-up is an absolute number computed from a fresh reading, is
not written near the engine's runs, and is read back. If nobody knows whether an earlier write was
applied, the next one first finds out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats


@dataclass(frozen=True)
class BalanceWish:
    """The balance that somebody asks for: exactly `to` ducats, or `by` ducats more.

    A set-up creates a missing citizen, and accepts a balance above `to`. `force` allows lowering
    the balance, and writing it while the engine may be running.
    """

    to: Decimal | None = None
    by: Decimal | None = None
    is_setup: bool = False
    force: bool = False

    @property
    def description(self) -> str:
        """In the words of the command's option."""
        return f"by {format_ducats(self.by)}" if self.by else f"to {format_ducats(self.to or ZERO)}"

    def target(self, ducats: Decimal) -> Decimal:
        """The balance to write if there are `ducats` now, as Airtable's float can hold it."""
        if self.by is None:
            return self.to or ZERO
        # What is read back is compared with this, and over the wire ducats are floats.
        with exactly():
            return Decimal(repr(float(ducats + self.by)))


class BalanceChange(StrEnum):
    """What a wish amounts to."""

    CREATE = "create"
    RAISE = "raise"
    LOWER = "lower"
    NONE = "none"


@dataclass(frozen=True)
class Step:
    """The one write for a wish: `change` from `before` to `after` ducats.

    With `leaves` it also sets InVenice to false.
    """

    change: BalanceChange
    before: Decimal | None
    after: Decimal
    leaves: bool = False

    @property
    def writes(self) -> bool:
        """Whether there is anything to write."""
        return self.leaves or self.change is not BalanceChange.NONE


def next_step(wish: BalanceWish, processor: CitizenRow | None) -> Step:
    """What is to be written. Raises ValueError if that would lower the balance without `force`."""
    if processor is None:
        return Step(BalanceChange.CREATE, None, wish.target(ZERO))
    return replace(_next_change(wish, processor), leaves=is_to_leave(wish, processor))


def is_to_leave(wish: BalanceWish, processor: CitizenRow) -> bool:
    """A set-up keeps the processor away from the city's other jobs."""
    return wish.is_setup and processor.in_venice


def _next_change(wish: BalanceWish, processor: CitizenRow) -> Step:
    before, after = processor.ducats, wish.target(processor.ducats)
    if after == before:
        return Step(BalanceChange.NONE, before, after)
    if after > before:
        return Step(BalanceChange.RAISE, before, after)
    if wish.force:
        return Step(BalanceChange.LOWER, before, after)
    if wish.is_setup:
        return Step(BalanceChange.NONE, before, before)
    raise ValueError(f"it has {format_ducats(before)} ducats, more than {format_ducats(after)}")


@dataclass(frozen=True)
class Sent:
    """A balance that was sent, and whose fate has not been noted; `wish` is its description."""

    key: str
    wish: str
    before: Decimal
    after: Decimal
    at: datetime


class BalanceTrace(StrEnum):
    """What the base shows of a balance write whose fate was unknown."""

    NONE = "none"
    """There is no such write."""
    APPLIED = "applied"
    OPEN = "open"
    """It may still be applied."""
    LOST = "lost"
    """It was not applied, and can no longer be."""
    BLURRED = "blurred"
    """Others have written since, so the base no longer shows whether it was applied."""


def trace_of(sent: Sent | None, ducats: Decimal, now: datetime) -> BalanceTrace:
    """What became of an earlier balance write, if the base now has `ducats`."""
    if sent is None:
        return BalanceTrace.NONE
    if ducats == sent.after:
        return BalanceTrace.APPLIED
    if now < sent.at + FATE_BOUND:
        return BalanceTrace.OPEN
    return BalanceTrace.LOST if ducats == sent.before else BalanceTrace.BLURRED


def may_create_at(last: Attempt | None) -> datetime | None:
    """When a citizen who is not in the base may be created; None means at once.

    The last attempt may still be applied, or it was applied and Airtable is slow to show it.
    """
    if last is None or last.fate is Fate.REFUSED:
        return None
    return last.at + FATE_BOUND
