"""Settles refunds and disputes on Stripe's events, by the same refund service that people use.

An event only says when to look. What is done depends on what Stripe and Venice say now, so events
may come in any order, twice or late. If the payment's ducats are being delivered right now, it is
checked again after that.

A payment for very many citizens is settled a hundred citizens at a time. In between, the lock is
free and the worker takes other events.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cascade_cli.domain.delivery.deliveries import DONE, Delivery
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.discrepancies.refund_plan import (
    Picture,
    RefundPlan,
    RefundTerms,
    describe,
    withholding,
)
from cascade_cli.domain.records.citizens import Resident
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.errors import GuardError
from cascade_cli.services.delivery.credit_service import PATIENCE
from cascade_cli.services.refunds.refund_service import (
    ON_ITS_WAY,
    CarriedOut,
    NoPurchaseError,
    RefundService,
    RefundWish,
)

# This long after an engine run began, the engine has finished what it took.
AFTER_THE_RUN = timedelta(minutes=5)
# How many portions' notes are shown.
SHOWN = 3
# This many take some ten seconds, at Airtable's five requests a second.
CITIZENS_AT_ONCE = 100
# How long the lock is free for others before the next citizens' turn.
PAUSE = timedelta(seconds=10)
OTHERS_NEXT = "the others are next"


@dataclass(frozen=True)
class RefundResult:
    """What became of a payment's refunds, in a sentence.

    With `again_at`, the payment must be checked again at that time. With `needs_person`, only a
    person may go on. `failed` are the deliveries that went wrong. `is_purchase` is false if Stripe
    shows no paid purchase of ducats. `goes_on` is true if more citizens of the payment are next.
    """

    note: str
    again_at: datetime | None = None
    needs_person: bool = False
    failed: tuple[Delivery, ...] = ()
    is_purchase: bool = True
    deliveries: tuple[Delivery, ...] = ()
    goes_on: bool = False


@dataclass(frozen=True)
class _Progress:
    """A payment for very many: the results of its first portions, and Stripe's `money` then."""

    money: object
    dealt: tuple[RefundResult, ...]


@dataclass(frozen=True)
class AutomaticRefunds:
    """Settles one payment at a time, `at_once` of its citizens under one `lock`, so that no other
    run's refund can change the plan before it is done. `guard` is called before the first write.
    With `hold`, what has not arrived is withheld while a dispute is open. Without `refunds`,
    nothing else is done.

    `now` is asked before anything is read. A transfer that only the journal knows is ended while it
    may still arrive, as the promise says (domain/delivery/delivery_steps.py): while somebody holds
    its key, and for FATE_BOUND after the last write. After that, the rows show everything.
    """

    service: RefundService
    keys_in_progress: Callable[[Collection[str], datetime], set[str]]
    wish: RefundWish
    guard: Callable[[], None]
    lock: Callable[[], AbstractContextManager[object]]
    refunds: bool
    hold: bool
    now: Callable[[], datetime]
    at_once: int = CITIZENS_AT_ONCE
    _begun: dict[str, _Progress] = field(default_factory=dict)

    def plans(self, payment_id: str) -> tuple[RefundPlan, ...]:
        """What would be written now, for each portion of a payment for many; writes nothing.

        Raises NoPurchaseError, and GuardError if a person has to decide.
        """
        began = self.now()
        pictures = self.service.look(payment_id)
        residents = self._residents(pictures)
        return tuple(self._plan(picture, residents, began) for picture in pictures)

    def _residents(self, pictures: Sequence[Picture]) -> Mapping[str, Resident] | None:
        """Many citizens by one lookup; None for a single one, who is looked up when needed."""
        return self.service.residents(pictures) if self.refunds and len(pictures) > 1 else None

    def _plan(
        self, picture: Picture, residents: Mapping[str, Resident] | None, began: datetime
    ) -> RefundPlan:
        plan = RefundPlan(picture)
        if self.refunds:
            plan = self.service.plan(picture, self.wish, residents)
        ending = self._ending(plan, began)
        return replace(plan, endings=(*plan.endings, ending)) if ending else plan

    def settle(self, payment_id: str, patience: timedelta = PATIENCE) -> RefundResult:
        """Do what is due; in a payment for very many, for the citizens whose turn it is. Raises
        what a service raises, LockedError, and GuardError only from `guard`."""
        with self.lock():
            return self._next_settled(payment_id, patience)

    def settle_all(self, payment_id: str) -> RefundResult:
        """Do what is due for all citizens of the payment."""
        while (dealt := self.settle(payment_id)).goes_on:
            pass
        return dealt

    def _next_settled(self, payment_id: str, patience: timedelta) -> RefundResult:
        began = self.now()
        before = self._begun.pop(payment_id, _Progress(None, ()))
        first = len(before.dealt)
        some = slice(first, first + self.at_once)
        try:
            pictures = self.service.look(payment_id, some)
        except NoPurchaseError as error:
            return RefundResult(error.message, is_purchase=False)
        money = _money_of(pictures[0])
        if first and money != before.money:
            # What was right for the first citizens may be wrong by now: begin again with them.
            return self._next_settled(payment_id, patience)
        dealt = (*before.dealt, *self._settled(payment_id, some, pictures, began, patience))
        portion = pictures[-1].matched.charge.portion
        if portion is None or len(pictures) < self.at_once or portion.number == portion.of:
            return one_result(dealt)
        self._begun[payment_id] = _Progress(money, dealt)
        note = f"{portion.number} of {portion.of} citizens are dealt with"
        return RefundResult(f"{note}, {OTHERS_NEXT}", again_at=self.now() + PAUSE, goes_on=True)

    def _settled(
        self,
        payment_id: str,
        some: slice,
        pictures: Sequence[Picture],
        began: datetime,
        patience: timedelta,
    ) -> list[RefundResult]:
        """Settle these portions; returns the result of each."""
        residents = self._residents(pictures)
        steps = [self._step(picture, residents, began) for picture in pictures]
        plans = [step for step in steps if isinstance(step, RefundPlan)]
        done = iter(self._carried_out(payment_id, some, plans, patience))
        return [step if isinstance(step, RefundResult) else next(done) for step in steps]

    def _step(
        self, picture: Picture, residents: Mapping[str, Resident] | None, began: datetime
    ) -> RefundResult | RefundPlan:
        """The plan to carry out, or the reason why there is none."""
        try:
            plan = self._plan(picture, residents, began)
        except GuardError as error:
            return RefundResult(error.message, needs_person=True)
        return plan if plan.is_work else _result_of_idle_plan(plan)

    def _carried_out(
        self, payment_id: str, some: slice, plans: Sequence[RefundPlan], patience: timedelta
    ) -> list[RefundResult]:
        """Carry the plans out, then read the payment again; returns the result of each plan."""
        if not plans:
            return []
        self.guard()
        found = self.service.carry_out(plans, self._wish_after_ending, patience)
        try:
            pictures = self.service.look(payment_id, some)
        except GuardError as error:
            return [_for_a_person(error, one) for one in found]
        after = {picture.matched.charge.id: picture for picture in pictures}
        return [_result_of_plan(plan, one, after) for plan, one in zip(plans, found, strict=True)]

    @property
    def _wish_after_ending(self) -> RefundWish:
        """In withhold-only mode, planning again after an ending must not take ducats back."""
        return self.wish if self.refunds else replace(self.wish, policy=Policy.NONE)

    def _ending(self, plan: RefundPlan, began: datetime) -> Order | None:
        """An order that ends what else must not arrive: a live transfer of a void or disputed
        payment, or one that only the journal knows so far. `began` is when reading began."""
        matched, now = plan.picture.matched, plan.picture.matched.terms.now
        is_open = self.hold and matched.is_contested
        is_void = self.refunds and matched.is_void
        if not (is_void or (is_open and (self.refunds or not matched.cents_back))):
            return None
        if any(order.key == matched.charge.stratagem_id for order in plan.endings):
            return None
        is_live = any(row.state(now) is State.LIVE for row in matched.moving)
        key = matched.charge.stratagem_id
        if not is_live and not self.keys_in_progress([key], began - FATE_BOUND):
            return None
        terms = RefundTerms(self.wish.policy, "", ZERO, self.wish.facts)
        return withholding(matched, terms)


def _money_of(picture: Picture) -> object:
    """What Stripe says about the payment's money: the same for every portion."""
    return picture.matched.charge.refunds, picture.matched.disputes


def _result_of_plan(
    plan: RefundPlan, found: CarriedOut, pictures: Mapping[str, Picture]
) -> RefundResult:
    """The result of a plan. `pictures` are those after it, by charge id."""
    if found.refused:
        return _for_a_person(found.refused, found)
    before = plan.picture.matched
    after = pictures.get(before.charge.id, plan.picture)
    told = _result_of_picture(after, plan.waits)
    if any(row.state(before.terms.now) is State.LIVE for row in _ended(plan)):
        # The engine may have taken it before we ended it, and may still be executing it.
        told = replace(told, again_at=after.matched.terms.now + AFTER_THE_RUN)
    elif any(one.result in ON_ITS_WAY for one in found.deliveries):
        # The rows may have been read before the write showed.
        told = replace(told, again_at=told.again_at or _after_next_run(after))
    failed = tuple(one for one in found.deliveries if one.result not in DONE)
    return replace(told, failed=failed, deliveries=tuple(found.deliveries))


def _for_a_person(error: GuardError, found: CarriedOut) -> RefundResult:
    return RefundResult(error.message, needs_person=True, deliveries=tuple(found.deliveries))


def one_result(dealt: Sequence[RefundResult]) -> RefundResult:
    """One result for all portions of a payment. It is checked again at the earliest time that any
    portion asks for. It needs a person only if none has to be checked again."""
    again = [one.again_at for one in dealt if one.again_at]
    urgent_first = sorted(dealt, key=lambda one: (not one.needs_person, not one.again_at))
    return RefundResult(
        joined(one.note for one in urgent_first),
        again_at=min(again, default=None),
        needs_person=not again and any(one.needs_person for one in dealt),
        failed=tuple(delivery for one in dealt for delivery in one.failed),
        deliveries=tuple(delivery for one in dealt for delivery in one.deliveries),
    )


def joined(notes: Iterable[str]) -> str:
    """Each different note once, and only the first few of many."""
    different = list(dict.fromkeys(notes))
    more = f" (and {len(different) - SHOWN} more)" if different[SHOWN:] else ""
    return "; ".join(different[:SHOWN]) + more


def _result_of_idle_plan(plan: RefundPlan) -> RefundResult:
    """The result if there is nothing to write now. While the charge is young, a process that read
    it before its money went back may be about to deliver it."""
    matched = plan.picture.matched
    if matched.is_young and not matched.moving and (matched.cents_back or matched.charge.disputed):
        note = "not delivered; it is checked again after the grace time"
        return RefundResult(note, again_at=matched.grace_ends)
    return _result_of_picture(plan.picture, plan.waits)


def _result_of_picture(picture: Picture, waits: str) -> RefundResult:
    """The result by what was read. If anything is under way, check again after the engine's next
    run: a return may be refused, and what arrives may be more than is owed by then."""
    matched, now = picture.matched, picture.matched.terms.now
    is_moving = any(row.state(now) is State.LIVE for row in (*matched.returns, *matched.stratagems))
    again = _after_next_run(picture) if waits or is_moving else None
    return RefundResult(waits or summary(picture), again_at=again)


def _after_next_run(picture: Picture) -> datetime:
    terms = picture.matched.terms
    return terms.schedule.next_run(terms.now) + AFTER_THE_RUN


def _ended(plan: RefundPlan) -> list[Stratagem]:
    """The rows that the plan's endings keep from being executed."""
    keys = {order.key for order in plan.endings}
    records = {record for order in plan.endings for record in order.own_records}
    matched = plan.picture.matched
    rows = (*matched.stratagems, *matched.returns)
    return [row for row in rows if row.stratagem_id in keys or row.record_id in records]


def summary(picture: Picture) -> str:
    """Each refund, and what became of its ducats."""
    return (
        "; ".join(
            f"{part.refund.id} {part.refund.status.replace('_', ' ')}: {describe(part)}"
            for part in picture.parts
        )
        or "no money went back"
    )
