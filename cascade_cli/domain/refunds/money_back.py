"""How much of a charge's money went back, and through what. All other code asks here.

What counts is where the money is, not what Stripe's status says. A refund counts when its money has
left our balance and not come back: a refund that still waits for the payer has moved nothing. A
dispute counts by the sum of its own balance transactions. Until a bank has decided, what its
dispute took is held: its ducats are neither taken back nor given again.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeVar

from cascade_cli.domain.records.charges import Charge, Dispute, Refund

Number = TypeVar("Number", int, Decimal)


@dataclass(frozen=True, slots=True)
class MoneyCause:
    """What counts of one refund or dispute: `cents` are gone, `held_cents` are gone for now."""

    refund: Refund
    cents: int = 0
    held_cents: int = 0


@dataclass(frozen=True)
class MoneyBack:
    """What went back of one charge, never more than was paid in all. `causes` has each refund and
    dispute, whatever became of it, oldest first."""

    cents: int
    held_cents: int
    causes: tuple[MoneyCause, ...]


def refunded_cents(refunds: Sequence[Refund], stated_cents: int) -> int:
    """What refunds sent back: at most the sum that Stripe states. If the refunds are not known,
    that sum."""
    gone = sum(refund.amount_cents for refund in refunds if refund.money_is_gone)
    return min(gone, stated_cents) if refunds else stated_cents


def money_back(
    charge: Charge, disputes: Sequence[Dispute] = (), taken: Container[str] = ()
) -> MoneyBack:
    """Decided causes count before open ones, and older before younger.

    Among decided causes, those in `taken` come first: ducats that came back for a cause stay with
    it, and do not move when another cause is added.
    """
    causes = sorted(_causes(charge, disputes), key=lambda one: one.refund.age)
    ranked = sorted(causes, key=lambda one: (one.held_cents > 0, one.refund.id not in taken))
    # If the refunds are not known, only their sum is, and nothing can be taken back for it.
    nameless = 0 if charge.refunds else min(charge.refunded_cents, charge.captured_cents)
    amounts = within(
        charge.captured_cents - nameless, (one.cents + one.held_cents for one in ranked)
    )
    counted = {one.refund.id: amount for one, amount in zip(ranked, amounts, strict=True)}
    found = tuple(_limited(one, counted[one.refund.id]) for one in causes)
    return MoneyBack(
        nameless + sum(one.cents for one in found), sum(one.held_cents for one in found), found
    )


def _causes(charge: Charge, disputes: Iterable[Dispute]) -> Iterable[MoneyCause]:
    """The refunds and disputes as causes, each under its own id with the portion's suffix."""
    sent = (refund.amount_cents if refund.money_is_gone else 0 for refund in charge.refunds)
    for refund, cents in zip(charge.refunds, within(charge.refunded_cents, sent), strict=True):
        yield MoneyCause(replace(refund, id=refund.id + charge.suffix), cents)
    for dispute in disputes:
        gone = dispute.cents_gone
        cause = Refund(
            dispute.id + charge.suffix,
            dispute.status,
            dispute.amount_cents,
            dispute.created_at or charge.created_at,
            has_left=gone > 0,
        )
        moved, held = (0, gone) if dispute.is_undecided else (gone, 0)
        yield MoneyCause(cause, moved, held)


def within(bound: Number, amounts: Iterable[Number]) -> Iterator[Number]:
    """Each amount in turn, cut off where their sum would exceed the bound."""
    for amount in amounts:
        yield min(amount, bound)
        bound -= min(amount, bound)


def _limited(one: MoneyCause, cents: int) -> MoneyCause:
    return replace(one, cents=min(one.cents, cents), held_cents=min(one.held_cents, cents))
