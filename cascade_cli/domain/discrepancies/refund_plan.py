"""What to do about the refunds of one payment, decided from what was read of both sides.

It stands above `domain/refunds/`, which says what each refund takes back: the plan needs the
payment matched with its rows, and matching needs those shares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.orders import (
    Cause,
    Order,
    Override,
    decided,
    moves_of,
    order_for_charge,
    payment_facts,
)
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import (
    REASON_REST,
    ROUNDING_DUCATS,
    Policy,
    RefundAccount,
    RefundShare,
    floored,
    to_take,
)
from cascade_cli.domain.shop.money import ZERO, exact, exactly, format_ducats

REASON_REFUND = "Refund of a ducat purchase"
REASON_DISPUTE = "A disputed ducat purchase"
REASON_GIVE_BACK = "A refund that failed"
REASON_DISPUTE_ENDED = "A dispute whose money came back"
REASON_WON = "Ducat purchase via CASCADE, disputed in vain"


@dataclass(frozen=True)
class RefundTerms:
    """What the plan depends on: the policy, who takes the ducats, what the citizen has.

    `wanted` is how many ducats a person wants to take in all, None to follow the policy.
    `identity_doubt` says why the citizen of that name is not the one who got the ducats, and
    `missing_citizen` that there is none. `overrides` are the guards that a person overruled.
    """

    policy: Policy
    processor: str
    available: Decimal
    facts: Mapping[str, Any]
    wanted: Decimal | None = None
    identity_doubt: str = ""
    missing_citizen: str = ""
    overrides: Collection[Override] = ()


@dataclass(frozen=True)
class Picture:
    """One payment with its refunds.

    `parts` has one entry for each refund, oldest first. `read_at` is when reading the payment
    began.
    """

    matched: MatchedCharge
    parts: tuple[RefundShare, ...]
    read_at: datetime | None = None

    @property
    def left(self) -> Decimal:
        """Ducats that are still to come back, beyond what is under way. Dust is ignored."""
        with exactly():
            left = sum((part.left for part in self.parts), ZERO)
        return left if left > ROUNDING_DUCATS else ZERO


@dataclass(frozen=True)
class RefundPlan:
    """What is to be written for a payment's refunds.

    `endings` come first; after them the plan is made again, since a transfer may have been executed
    all the same. `taking` is how many ducats are asked for now, for each part. `waits` says what
    has to happen first, `refused` why no machine may move anything, `unknown_citizen` that Venice
    does not have the citizen who should return the ducats.
    """

    picture: Picture
    endings: tuple[Order, ...] = ()
    orders: tuple[Order, ...] = ()
    taking: tuple[Decimal, ...] = ()
    waits: str = ""
    refused: str = ""
    unknown_citizen: str = ""

    def stratagem_id(self, order: Order) -> str:
        """The id of the row that the order ends or revives. If there is no row yet, the id that it
        will get."""
        matched = self.picture.matched
        rows = (row for row in (*matched.stratagems, *matched.returns) if row.stratagem_id)
        own = (r for r in rows if r.record_id in order.own_records or r.stratagem_id == order.key)
        row = next(own, None)
        return row.stratagem_id if row else order.key

    @property
    def writes(self) -> tuple[object, ...]:
        """If two plans agree in this, they write the same."""
        return moves_of((*self.endings, *self.orders))

    def debt(self, index: int) -> Decimal:
        """The ducats of a part that are neither taken nor asked for now. While nothing can be
        taken, the debt on record."""
        part = self.picture.parts[index]
        left = part.left if self.picture.left else ZERO
        if self.endings or self.waits or self.refused:
            return min(part.debt, left)
        with exactly():
            return left - self.taking[index]

    @property
    def is_work(self) -> bool:
        """Whether there is anything to write, even if it is only that a debt has appeared, changed
        or gone."""
        # A part that was not planned because something is in the way asks for nothing.
        debts = [self.debt(index) for index in range(len(self.taking))]
        recorded = [part.debt for part in self.picture.parts[: len(debts)]]
        return bool(self.endings or self.orders or debts != recorded)


def picture_of(
    matched: MatchedCharge,
    written_off: Mapping[str, Decimal],
    debts: Mapping[str, Decimal] = MappingProxyType({}),
) -> Picture:
    """The parts of the payment's refunds and disputes."""
    now = matched.terms.now
    moving = matched.carried
    sold = matched.as_decided.ducats or ZERO
    account = RefundAccount(
        matched.charge,
        matched.money.causes,
        sold,
        moving,
        matched.returns,
        written_off,
        matched.lacking,
        debts,
    )
    return Picture(matched, account.parts(now))


def obstacle_to(picture: Picture) -> str:
    """Why no machine may move anything for this payment; empty if nothing stands in the way."""
    return obstacle_in(picture.matched)


def obstacle_in(matched: MatchedCharge) -> str:
    """Like `obstacle_to`, from the matched charge alone."""
    now = matched.terms.now
    if matched.charge.unallocated:
        return matched.charge.unallocated
    for row in (*matched.stratagems, *matched.returns, *matched.corrections, *matched.takebacks):
        if row.state(now) is State.DOUBTFUL:
            return f"{row.stratagem_id} may or may not have moved its ducats"
    if len(matched.moving) > 1:
        return "it was delivered more than once, or may be: settle that first"
    is_wrong = any(not matched.is_right(row) for row in matched.moving)
    if is_wrong and matched.carried_right < matched.sold:
        return "its ducats went to another citizen than the payment names"
    return ""


def plan_refunds(picture: Picture, terms: RefundTerms) -> RefundPlan:
    """What is to be written now. Call only if `obstacle_to` finds nothing.

    A live transfer of a wholly refunded payment is ended. A live transfer of a partly refunded
    payment is left alone: to change its amount while the engine may be executing it would hide what
    moved. It arrives, and then the part is taken back.
    """
    matched, now = picture.matched, picture.matched.terms.now
    live = [row for row in matched.stratagems if row.state(now) is State.LIVE]
    nothing = tuple(ZERO for _ in picture.parts)
    endings = tuple(_stale_returns(picture, terms))
    if live and picture.left:
        if matched.cents_back < matched.charge.captured_cents:
            waits = f"{live[0].stratagem_id} is under way: the part comes back once it has arrived"
            return RefundPlan(picture, endings, taking=nothing, waits=waits)
        ending = _ending(matched, live[0], matched.charge.stratagem_id, terms)
        return RefundPlan(picture, (ending, *endings), taking=nothing)
    taking = nothing
    if picture.left:
        taking = to_take(picture.parts, terms.policy, terms.available, terms.wanted)
    orders = [
        _take(matched, part, ducats, terms)
        for part, ducats in zip(picture.parts, taking, strict=True)
        if ducats
    ]
    orders += [
        _give(matched, part, terms) for part in picture.parts if _is_to_give_back(part, matched)
    ]
    rest = _rest(matched, terms)
    if terms.identity_doubt and (orders or rest):
        return RefundPlan(picture, endings, taking=nothing, refused=terms.identity_doubt)
    if terms.missing_citizen and rest:
        return RefundPlan(picture, endings, tuple(orders), taking, refused=terms.missing_citizen)
    if rest and matched.price_objection and Override.UNDERPAID not in terms.overrides:
        refused = "" if orders else matched.price_objection.why
        return RefundPlan(picture, endings, tuple(orders), taking, refused=refused)
    return RefundPlan(picture, endings, (*orders, *rest), taking)


def _stale_returns(picture: Picture, terms: RefundTerms) -> Iterator[Order]:
    """Orders that end rows on their way back for money that did not go back."""
    matched = picture.matched
    for part in picture.parts:
        for row in part.rows if not (part.due or part.held) else ():
            if row.payer and row.state(matched.terms.now) is State.LIVE:
                yield _ending(matched, row, row.stratagem_id, terms)


def withholding(matched: MatchedCharge, terms: RefundTerms) -> Order | None:
    """The order that keeps an undelivered payment's ducats from arriving, whether or not its row
    has been seen yet. None if they have moved, or if nobody knows whose or how many they are."""
    if any(row.state(matched.terms.now) is not State.LIVE for row in matched.moving):
        return None
    if matched.stratagems:
        row = (matched.moving or matched.stratagems)[-1]
        order = _ending(matched, row, matched.charge.stratagem_id, terms)
        return order if row.citizen and row.ducats else None
    if not (matched.charge.citizen and matched.charge.ducats):
        return None
    order = Order(
        key=matched.charge.stratagem_id,
        citizen=matched.charge.citizen,
        ducats=matched.charge.ducats,
        cause=Cause.PAYMENT,
        reason=_why_withheld(matched),
        charge=matched.charge,
        facts={**payment_facts(matched.charge), **terms.facts},
        ends=True,
    )
    return _with_foreign_rows(order, matched)


def _why_withheld(matched: MatchedCharge) -> str:
    return "the money went back" if matched.cents_back else "the payer disputes it"


def _ending(matched: MatchedCharge, row: Stratagem, key: str, terms: RefundTerms) -> Order:
    return Order(
        key=key,
        citizen=row.citizen,
        payer=row.payer,
        ducats=row.ducats or ZERO,
        cause=Cause.REFUND if row.payer else Cause.PAYMENT,
        reason="the money did not go back" if row.payer else _why_withheld(matched),
        own_records=frozenset({row.record_id}),
        facts={**payment_facts(matched.charge), **terms.facts},
        ends=True,
    )


def _take(matched: MatchedCharge, part: RefundShare, ducats: Decimal, terms: RefundTerms) -> Order:
    return Order(
        key=part.next_key(matched.terms.now),
        citizen=terms.processor,
        payer=matched.as_decided.citizen or "",
        ducats=ducats,
        cause=Cause.REFUND,
        reason=REASON_DISPUTE if part.refund.is_dispute else REASON_REFUND,
        facts=_facts(matched, part, terms),
        gift=matched.charge.gift_to(matched.as_decided.citizen),
        # The engine may have refused because the citizen had too little: the row then asks for
        # less.
        amends=True,
    )


def _is_to_give_back(part: RefundShare, matched: MatchedCharge) -> bool:
    going = any(not r.payer and r.state(matched.terms.now) is State.LIVE for r in part.rows)
    return part.surplus > ROUNDING_DUCATS and not part.under_way and not going


def _give(matched: MatchedCharge, part: RefundShare, terms: RefundTerms) -> Order:
    return Order(
        key=part.next_give_back_key(matched.terms.now),
        citizen=next(
            (row.payer for row in part.rows if row.payer), matched.as_decided.citizen or ""
        ),
        ducats=floored(part.surplus),
        cause=Cause.GIVE_BACK,
        reason=REASON_DISPUTE_ENDED if part.refund.is_dispute else REASON_GIVE_BACK,
        facts=_facts(matched, part, terms),
        gift=matched.charge.gift_to(matched.as_decided.citizen),
    )


def _rest(matched: MatchedCharge, terms: RefundTerms) -> list[Order]:
    """The order for what is still owed of a payment that was refunded in part before any row was
    released to the engine.

    The same holds for a payment whose disputes are all decided, or whose rest was on its
    way before the refund failed. If the engine may have taken up a row, that row is delivered as
    it is, since another amount would hide what moved. Afterwards a surplus is taken back, and
    what is missing is given.
    """
    charge = matched.charge
    begun = next((row for row in matched.stratagems if row.status == "active"), None)
    is_begun_rest = begun is not None and begun.reason == REASON_REST
    is_open = charge.refunded_cents or charge.disputed or is_begun_rest
    is_kept_back = matched.is_contested or matched.has_vanished or matched.unclear
    is_moving = matched.moving or matched.correcting
    if not is_open or is_moving or is_kept_back or not matched.sold:
        return []
    if not charge.citizen or not charge.ducats or matched.is_young:
        return []
    if any(row.status == "cancelled" for row in matched.stratagems):
        return []
    ducats = (begun.ducats if begun else None) or floored(matched.sold)
    if ducats > charge.ducats or (begun and not matched.is_right(begun)):
        return []
    whole = replace(charge, refunded_cents=0, disputed=False, ducats=exact(ducats))
    reason = REASON_REST if matched.cents_back or is_begun_rest else REASON_WON
    order = order_for_charge(whole, reason, terms.facts)
    # The price is judged for the whole sale: the money that went back took its own share of the
    # ducats along.
    order = decided(order, *(terms.overrides if matched.price_objection else ()))
    own = frozenset(row.record_id for row in matched.stratagems)
    return [_with_foreign_rows(replace(order, amends=True, own_records=own), matched)]


def _with_foreign_rows(order: Order, matched: MatchedCharge) -> Order:
    """The order, told which rows belong to other payments for the same citizen and amount."""
    late = frozenset(row.record_id for row in matched.late)
    return replace(order, foreign_records=matched.foreign_records, unclear_records=late)


def _facts(matched: MatchedCharge, part: RefundShare, terms: RefundTerms) -> dict[str, Any]:
    refund = {"refund": part.refund.id, "refund_cents": part.refund.amount_cents}
    return {**payment_facts(matched.charge), **refund, **terms.facts}


def describe(part: RefundShare) -> str:
    """What became of a part's ducats, in a few words."""
    words = {
        "withheld": part.withheld,
        "taken back": part.taken,
        "given again": part.given,
        "under way": part.under_way,
        "written off": part.written_off,
        "more if it is lost": part.held,
        "left": part.left,
        "to be given again": part.surplus,
    }
    told = [f"{format_ducats(ducats)} {name}" for name, ducats in words.items() if ducats]
    return f"{format_ducats(part.due)} ducats due" + (f": {', '.join(told)}" if told else "")
