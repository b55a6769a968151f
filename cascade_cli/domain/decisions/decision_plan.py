"""A case that a person decides about, what the person wants, and what that results in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cascade_cli.domain.discrepancies.decision_table import (
    DecisionRule,
    TransferRule,
    decisions_for,
    doubtful_rows,
    rule_for,
)
from cascade_cli.domain.discrepancies.item_decisions import facts_of, facts_of_rows
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.reconcile.reconciliation import item_of
from cascade_cli.domain.records.decisions import Decision, Facts, How
from cascade_cli.domain.records.orders import Order, Override
from cascade_cli.domain.records.rulings import RowRuling
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.keys import (
    Origin,
)
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.times import format_moment

UNTOUCHED = "Nothing was written."


# Who decides, and when, is filled in when the decision is recorded.
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """A case that can be decided about.

    `matched` is None for a transfer without a charge, whose rows are the item's. `named` is the
    record id if a single transfer was named.
    """

    item: Item
    matched: MatchedCharge | None
    terms: Terms
    named: str = ""

    @property
    def name(self) -> str:
        """The case's id: its payment, or the transfer's record."""
        return self.matched.charge.payment_id if self.matched else self.item.name

    @property
    def facts(self) -> Facts:
        """The facts on which a decision about the case rests."""
        if self.matched:
            return facts_of(self.matched, self.item.kind)
        return facts_of_rows(self.item.stratagems, self.item.kind, self.terms.now)

    @property
    def choice(self) -> tuple[How, ...]:
        """The decisions that fit."""
        return decisions_for(self.item, self.matched, self.terms.now)

    @property
    def rule(self) -> DecisionRule | TransferRule:
        """Why these decisions fit. Only for a discrepancy."""
        return rule_for(self.item, self.matched, self.terms.now)

    @property
    def doubtful(self) -> tuple[Stratagem, ...]:
        """The rows that may or may not have moved; only the named one, if one was named."""
        now = self.terms.now
        rows = (
            doubtful_rows(self.matched)
            if self.matched
            else tuple(r for r in self.item.rows if r.state(now) is State.DOUBTFUL)
        )
        return tuple(r for r in rows if r.record_id == self.named) if self.named else rows


@dataclass(frozen=True)
class Wish:
    """What a person decides.

    `ducats` is None for everything that is lacking, or too much. `citizen` is the buyer, if the
    payment does not name one.
    """

    how: How
    reason: str
    ducats: Decimal | None = None
    citizen: str | None = None
    until: datetime | None = None
    settles: Stratagem | None = None
    overrides: frozenset[Override] = frozenset()
    again: bool = False


@dataclass(frozen=True)
class Means:
    """What is needed to take ducats back: the policy, the processor who receives them, what each
    citizen has. `facts` go into Notes."""

    policy: Policy
    processor: str
    facts: Mapping[str, Any]
    available: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Resolution:
    """What a decision results in.

    `rulings` are what is said about single rows, `orders` move ducats, `endings` keep ducats from
    moving. `own_key` means that the payment's own order delivers it, as `cascade credit` would.
    `writes_off` means that a refund's ducats are given up. `afterwards` is what the case is called
    once the engine has done its part.
    """

    subject: Subject
    decision: Decision
    rulings: tuple[RowRuling, ...] = ()
    orders: tuple[Order, ...] = ()
    endings: tuple[Order, ...] = ()
    own_key: bool = False
    writes_off: bool = False
    afterwards: str = ""
    after: Subject | None = None
    """The case once a row is as the person found it; only for decisions about a row."""


def decision_on(subject: Subject, wish: Wish, **more: Any) -> Decision:
    """The decision to record, still without who made it and when."""
    return Decision(wish.how, "", "", _NEVER, wish.reason, subject.facts, **more)


def transfer_sentence(row: Stratagem) -> str:
    """Who gets what by the transfer, when it was made, and why."""
    made = format_moment(row.created_at)
    ducats = f"{format_ducats(row.ducats or ZERO)} ducats {row.whom}"
    by = f" by {row.made_by}" if row.made_by else ""
    return f"{row.name}, {ducats}, {row.status}, made {made}{by}: {row.reason}"


def called(matched: MatchedCharge) -> str:
    """What the case would be called."""
    return item_of(matched).kind.words


def with_rows(subject: Subject, changed: Callable[[Stratagem], Stratagem]) -> Subject | None:
    """The case with its rows changed as decided; None for a transfer without a charge."""
    matched = subject.matched
    if matched is None:
        return None
    after = replace(
        matched,
        matches=tuple(replace(m, stratagem=changed(m.stratagem)) for m in matched.matches),
        corrections=tuple(map(changed, matched.corrections)),
        returns=tuple(map(changed, matched.returns)),
        takebacks=tuple(map(changed, matched.takebacks)),
    )
    return replace(subject, matched=after, item=item_of(after))


def as_executed(order: Order, matched: MatchedCharge) -> Stratagem:
    """The order's transfer as it will be once the engine has carried it out."""
    return Stratagem(
        record_id=order.key,
        stratagem_id=order.key,
        citizen=order.citizen,
        ducats=order.ducats,
        status="executed",
        created_at=matched.terms.now,
        expires_at=None,
        origin=Origin.TAKE_BACK if order.payer else Origin.CORRECTION,
        payer=order.payer,
    )
