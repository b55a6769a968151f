"""Replays Stripe's events: credits each payment that they name once, or says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.deliveries import Delivery, Sighting
from cascade_cli.domain.delivery.delivery_steps import End, OrderVerdict, Step, next_step
from cascade_cli.domain.matching.ownership import Ownership, rows_of, unclear_rows
from cascade_cli.domain.reconcile.event_replay import (
    CreditTerms,
    Objection,
    Obstacle,
    credit_order,
    objections_to,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import Order, lookup_order, moves_of
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.records.stripe_events import UNDATED, Event, by_payment
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.keys import INVOICE_PREFIX, whole_id
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.delivery.credit_requests import CreditLimits
from cascade_cli.services.delivery.credit_service import PATIENCE
from cascade_cli.services.delivery.deliver import Deliverer
from cascade_cli.services.ports import CitizensPort, PaymentsPort, TransfersPort
from cascade_cli.services.processor.processor_account import AvailableBalance
from cascade_cli.services.reconcile.snapshots import SECOND, NeighbouringCharges, PastDeliveries

# From this many payments on, a listing may take fewer requests than asking for each.
MANY_PAYMENTS = 20
# Nearly all events come within seconds of their charge. In a busy shop, a listing of this span is a
# page or two long, and shows how many pages the rest would take.
_NEAR = timedelta(seconds=15)
_BEFORE_ITS_EVENT = timedelta(hours=1)
_PAGE = 100
_UNDER_WAY_OR_DONE = frozenset({State.EXECUTED, State.LIVE})


SoldElsewhere = Callable[[str], tuple[str, Decimal | None] | None]
"""The citizen and the ducats of an invoice that was paid outside Stripe; None if the id is not such
an invoice. The name is empty, or the ducats None, if the invoice does not say."""


@dataclass(frozen=True)
class PlannedReplay:
    """One payment, or one portion of it, with the events that name it, and what a replay would do
    about it.

    One of these holds: there is an `order` with its next `step`; the transfer is `already` under
    way or done; there is an `objection`; or none of them is set, and it is no paid ducat purchase.
    """

    payment_id: str
    events: tuple[Event, ...]
    charge: Charge | None = None
    order: Order | None = None
    step: Step | None = None
    already: Stratagem | None = None
    objection: Objection | None = None
    is_funded: bool = True
    """The processor can pay the order."""


@dataclass(frozen=True)
class ReplayPlan:
    """Payments in order of their first event; `other_types` counts the events left alone."""

    payments: tuple[PlannedReplay, ...]
    other_types: Mapping[str, int]
    sighting: Sighting | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """The orders that need a write and that the processor can pay."""
        return tuple(p.order for p in self.payments if p.order and p.is_funded)

    @property
    def writes(self) -> tuple[object, ...]:
        """Two plans with equal `writes` write the same."""
        return moves_of(self.orders)

    @property
    def total_ducats(self) -> Decimal:
        """The ducats that would leave the processor."""
        return sum((order.ducats for order in self.orders), ZERO)

    def within(self, ducats: Decimal) -> ReplayPlan:
        """The plan, funded as far as these ducats reach. A payment that is too large for them does
        not hold up the others."""
        payments = list[PlannedReplay]()
        for planned in self.payments:
            price = planned.order.ducats if planned.order else ZERO
            payments.append(replace(planned, is_funded=price <= ducats))
            ducats -= price if price <= ducats else ZERO
        return replace(self, payments=tuple(payments))


class Replayer:
    """Resolves events to paid charges by asking Stripe, and credits what was not credited yet.

    `knows` tells whether a payment is one of this account and mode, paid or not.
    """

    def __init__(
        self,
        *,
        payments: PaymentsPort,
        knows: Callable[[str], bool],
        sold_elsewhere: SoldElsewhere,
        transfers: TransfersPort,
        citizens: CitizensPort,
        available_balance: AvailableBalance,
        deliverer: Deliverer,
        limits: CreditLimits,
        prices: PriceList,
        now: Callable[[], datetime],
        past: PastDeliveries,
    ) -> None:
        self._payments, self._citizens = payments, citizens
        self._neighbours = NeighbouringCharges(payments, transfers)
        self._knows, self._sold_elsewhere = knows, sold_elsewhere
        self._available_balance, self._deliverer = available_balance, deliverer
        self._limits, self._prices, self._now, self._past = limits, prices, now, past

    def plan(
        self, events: Sequence[Event], facts: Mapping[str, Any], *, in_part: bool = False
    ) -> ReplayPlan:
        """Read both sides; writes nothing.

        If the processor cannot pay everything: raises GuardError or, with `in_part`, does not fund
        the orders beyond what it has.
        """
        planned = self._resolved(by_payment(events))
        charges = [p.charge for p in planned if p.charge]
        sighting, balance = None, None
        if charges:
            now = self._now()
            snapshot = self._neighbours.snapshot_of(charges)
            sighting = Sighting(snapshot.stratagems, now)
            past = self._past.past_of(charges, now)
            terms, balance = self._terms(charges, with_balance=in_part)
            ownership = Ownership(snapshot.charges, snapshot.stratagems)
            judge = _Judge(snapshot.stratagems, ownership, terms, facts, now, past)
            planned = [judge.judged(p, p.charge) if p.charge else p for p in planned]
        others = Counter(e.type for e in events if not e.is_paying or not e.payment_id)
        plan = ReplayPlan(tuple(planned), others, sighting)
        if plan.orders and in_part:
            return plan.within(self._available_balance.can_pay(plan.total_ducats, balance))
        if plan.orders:
            self._available_balance.check(plan.total_ducats, {order.key for order in plan.orders})
        return plan

    def carry_out(self, plan: ReplayPlan, patience: timedelta = PATIENCE) -> list[Delivery]:
        """Deliver what was planned. No row is changed that was not read just before."""
        return self._deliverer.deliver(plan.orders, patience=patience, sighting=plan.sighting)

    def _resolved(self, found: Mapping[str, Sequence[Event]]) -> list[PlannedReplay]:
        """One entry per payment, although events name it by its intent or by its charge."""
        listed = self._listed(found) if len(found) > MANY_PAYMENTS else {}
        missing = [payment_id for payment_id in found if payment_id not in listed]
        bought = {**listed, **self._payments.portions_of(missing)}
        planned: dict[str, PlannedReplay] = {}
        for payment_id, events in found.items():
            charges = bought[payment_id]
            for charge in charges:
                key = charge.payment_id
                earlier = planned[key].events if key in planned else ()
                planned[key] = PlannedReplay(key, (*earlier, *events), charge)
            if not charges:
                planned[payment_id] = self._unpaid(PlannedReplay(payment_id, tuple(events)))
        return list(planned.values())

    def _listed(self, wanted: Mapping[str, Sequence[Event]]) -> dict[str, Sequence[Charge]]:
        """What some of the payments bought: those that listings show in fewer requests."""
        told = [event.created_at for events in wanted.values() for event in events]
        moments = [moment for moment in told if moment != UNDATED]
        if not moments:
            return {}
        near = Window(max(moments) - _NEAR, max(moments) + SECOND)
        charges = self._payments.purchases(near).charges
        earlier = Window(min(*moments, near.since) - _BEFORE_ITS_EVENT, near.since)
        pages = len(charges) / _PAGE * ((earlier.until - earlier.since) / (near.until - near.since))
        # Another part of an invoice may have been paid long before, outside this short listing.
        listed = {n: c for n, c in _by_name(charges).items() if not n.startswith(INVOICE_PREFIX)}
        if pages + 1 < sum(1 for payment_id in wanted if payment_id not in listed):
            listed = _by_name([*charges, *self._payments.purchases(earlier).charges])
        return {payment_id: listed[payment_id] for payment_id in wanted if payment_id in listed}

    def _unpaid(self, planned: PlannedReplay) -> PlannedReplay:
        if sold := self._sold_elsewhere(planned.payment_id):
            return replace(planned, objection=_by_hand(planned.payment_id, *sold))
        if self._knows(planned.payment_id):
            return planned
        why = "Stripe knows no such payment in this account and mode"
        return replace(planned, objection=Objection(Obstacle.UNKNOWN_PAYMENT, why))

    def _terms(
        self, charges: Sequence[Charge], *, with_balance: bool
    ) -> tuple[CreditTerms, Decimal | None]:
        """The terms, and the processor's ducats if wanted: one request reads both."""
        names = {charge.citizen for charge in charges if charge.citizen}
        processor = {self._available_balance.processor} if with_balance else set()
        citizens = self._citizens.residents(sorted(names | processor)) if names else {}
        payer = citizens.get(self._available_balance.processor) if with_balance else None
        citizens = {n: found for n, found in citizens.items() if n not in processor - names}
        terms = CreditTerms(citizens, self._prices, self._limits.per_credit)
        return terms, payer.ducats if payer else None


def _by_name(charges: Sequence[Charge]) -> dict[str, list[Charge]]:
    """Charges under each id that an event may use: charge, whole payment, or invoice."""
    found: dict[str, list[Charge]] = {}
    for charge in charges:
        names = {charge.charge_id, whole_id(charge.payment_id)}
        for name in names | ({charge.period.invoice} if charge.period else set()):
            found.setdefault(name, []).append(charge)
    return found


def _by_hand(invoice: str, citizen: str, ducats: Decimal | None) -> Objection:
    """The money of such an invoice never came to Stripe. Only a person knows whether it came."""
    why = f"{invoice} was paid outside Stripe"
    amount = format_ducats(ducats) if ducats else "DUCATS"
    # A buyer typed the name, so it may begin like an option.
    words = ("--reason", why, "--reference", invoice, "--", citizen or "CITIZEN", amount)
    told = f"{why}: once you have its money, credit it by hand"
    return Objection(Obstacle.PAID_ELSEWHERE, told, command("credit", *words))


@dataclass(frozen=True)
class _Judge:
    """Decides about each payment, from what was read about all of them."""

    stratagems: Sequence[Stratagem]
    ownership: Ownership
    terms: CreditTerms
    facts: Mapping[str, Any]
    now: datetime
    past: Mapping[str, PastDelivery]

    def judged(self, planned: PlannedReplay, charge: Charge) -> PlannedReplay:
        """The payment with its verdict. There is no objection once its ducats moved or are on their
        way."""
        lookup = self.ownership.tell_apart(lookup_order(charge), charge)
        rows = rows_of(lookup, self.stratagems)
        if objection := next(objections_to(charge, rows, self.terms), None):
            moving = [row for row in rows if row.state(self.now) in _UNDER_WAY_OR_DONE]
            # A transfer that mints ducats, or goes to nobody, delivers nothing.
            to_nobody = charge.names_processor or objection.obstacle is Obstacle.UNKNOWN_CITIZEN
            if moving and not to_nobody:
                return replace(planned, already=moving[0])
            return replace(planned, objection=objection)
        facts = {"event": planned.events[0].id, **self.facts}
        past = self.past.get(charge.id, NOTHING_PAST)
        order = credit_order(charge, facts, self.ownership, past)
        if isinstance(order, Objection):
            return replace(planned, objection=order)
        unclear = unclear_rows(order, self.stratagems)
        step = next_step(order, rows, self.now, past.last_write, unclear=unclear)
        if not isinstance(step, End):
            return replace(planned, order=order, step=step)
        if step.verdict is OrderVerdict.BLOCKED:
            return replace(planned, objection=Objection(Obstacle.BLOCKED, step.why))
        return replace(planned, already=step.row)
