"""Credits by hand and for single payments: check everything first, then deliver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.deliveries import Delivery, Sighting
from cascade_cli.domain.delivery.delivery_steps import (
    FATE_BOUND,
    End,
    OrderVerdict,
    Step,
    Wait,
    next_step,
)
from cascade_cli.domain.matching.ownership import Ownership, rows_of, unclear_rows
from cascade_cli.domain.reconcile.event_replay import CreditTerms, Objection, Obstacle
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import (
    look_alike,
    unknown_citizen_clause,
    with_difference,
)
from cascade_cli.domain.records.orders import (
    INSTEAD_OF,
    Order,
    Override,
    decided,
    manual_key,
    moves_of,
    order_for_charge,
)
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Stratagem
from cascade_cli.domain.selling.price_guard import price_objection
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import GuardError
from cascade_cli.services.delivery.credit_guards import (
    ambiguity_of,
    overrulable,
    payment_meant_by,
    refuse_credited,
    refuse_ended,
    refuse_just_credited,
    refuse_repeated,
)
from cascade_cli.services.delivery.credit_requests import (
    CreditLimits,
    allowing,
    check_limit,
    check_words,
    refuse_processor,
    require_citizens,
)
from cascade_cli.services.delivery.deliver import Deliverer
from cascade_cli.services.ports import CitizensPort, JournalPort, PaymentsPort, TransfersPort
from cascade_cli.services.processor.processor_account import AvailableBalance
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges, PastDeliveries

# Long enough to see one lost write through, and a second.
PATIENCE = 2 * FATE_BOUND


@dataclass(frozen=True)
class CreditPlan:
    """What would be written for each order, before anything is written."""

    orders: tuple[Order, ...]
    steps: Mapping[str, Step]
    processor_ducats: Decimal
    sighting: Sighting
    overruled: Mapping[str, tuple[Objection, ...]] = field(default_factory=dict)
    """By order key: the objections that stop a machine, and that a person overrules."""

    @property
    def writes(self) -> tuple[object, ...]:
        """Two plans with equal `writes` write the same."""
        return moves_of(self.orders)

    @property
    def total(self) -> Decimal:
        """The ducats of all orders together."""
        return sum((order.ducats for order in self.orders), ZERO)

    @property
    def outgoing(self) -> Decimal:
        """The ducats that are still to leave the processor; less than `total` in a repeated run."""
        left = (order.ducats for order in self.orders if _is_open(self.steps[order.key]))
        return sum(left, ZERO)

    def stratagem_id(self, order: Order) -> str:
        """The id of the order's row, or the id that its new row will get."""
        step = self.steps[order.key]
        row = None if isinstance(step, Wait) else step.row
        return row.name if row else order.key

    @property
    def unwritten(self) -> tuple[Order, ...]:
        """The orders for which there is something left to write."""
        return tuple(o for o in self.orders if not isinstance(self.steps[o.key], End))

    @property
    def description(self) -> str:
        """What goes to whom, for the question that the user confirms."""
        if len(self.unwritten) == 1:
            return self.unwritten[0].summary + self.objections_to(self.unwritten[0])
        ducats = sum((order.ducats for order in self.unwritten), ZERO)
        short = sum(bool(self.overruled.get(order.key)) for order in self.unwritten)
        doubt = f", {short} of them although a guard objects" if short else ""
        return f"{format_ducats(ducats)} ducats to {len(self.unwritten)} citizens{doubt}"

    def shortfall_of(self, order: Order) -> str:
        """Price, worth and difference of an order that was not paid in full; otherwise empty."""
        found = self.overruled.get(order.key, ())
        return next((one.why for one in found if one.obstacle is Obstacle.UNDERPAID), "")

    def objections_to(self, order: Order) -> str:
        """The overruled objections to an order, as the end of a question; empty if none."""
        found = self.overruled.get(order.key, ())
        return f", although {'; and '.join(one.why for one in found)}" if found else ""


class CreditService:
    """Checks orders against Venice and hands them to the Deliverer."""

    def __init__(
        self,
        *,
        payments: PaymentsPort,
        transfers: TransfersPort,
        citizens: CitizensPort,
        deliverer: Deliverer,
        promises: JournalPort,
        available_balance: AvailableBalance,
        limits: CreditLimits,
        prices: PriceList,
        now: Callable[[], datetime],
        past: PastDeliveries | None = None,
    ) -> None:
        self._past = past
        self._payments, self._transfers, self._citizens = payments, transfers, citizens
        self._deliverer, self._promises = deliverer, promises
        self._available_balance, self._limits, self._now = available_balance, limits, now
        self._prices = prices

    def plan(self, orders: Sequence[Order], *, by_person: bool = True) -> CreditPlan:
        """Look at all rows and citizens; writes nothing.

        Raises GuardError if an order exceeds the limit per credit, if all orders together exceed
        the day's limit, if a citizen does not exist or is the processor, or if the processor cannot
        pay. Also raises it if a payment must not be delivered by a machine: a person (`by_person`)
        may overrule that, in some cases only by the order's overrides.
        """
        refuse_processor((order.citizen for order in orders), self._limits.processor)
        refuse_repeated(orders)
        self._refuse_payments_by_hand(orders)
        check_limit(self._limits.per_credit, ((order.citizen, order.ducats) for order in orders))
        self._check_day(orders)
        names = {order.citizen for order in orders} | {self._available_balance.processor}
        residents = self._citizens.residents(sorted(names))
        found = {name: resident.ducats for name, resident in residents.items()}
        require_citizens((order.citizen for order in orders), found, self._citizens.usernames)
        now = self._now()
        orders, rows = self._with_neighbours(self._with_past(orders, now))
        refuse_credited(orders, rows, now)
        refuse_ended(orders, rows, now)
        refuse_just_credited(orders, rows, self._promises.sent_since(now - FATE_BOUND), now)
        own = {order.key: rows_of(order, rows) for order in orders}
        unclear = {order.key: unclear_rows(order, rows) for order in orders}
        # If no row moves ducats, the journal shows whether one has vanished.
        last = self._promises.attempts([key for key, seen in own.items() if not _moves(seen, now)])
        steps = {
            o.key: next_step(o, own[o.key], now, last.get(o.key), unclear=unclear[o.key])
            for o in orders
        }
        terms = CreditTerms(residents, self._prices, self._limits.per_credit)
        overruled = {
            order.key: (
                *overrulable(order, own[order.key], terms, by_person=by_person),
                *ambiguity_of(order, own[order.key], unclear[order.key]),
            )
            for order in orders
            if not isinstance(steps[order.key], End)
        }
        balance = self._available_balance.balance_in(found)
        plan = CreditPlan(tuple(orders), steps, balance, Sighting(rows, now), overruled)
        going_out = {key for key, step in steps.items() if _is_open(step)}
        self._available_balance.check(plan.outgoing, going_out, balance)
        return plan

    def _with_past(self, orders: Sequence[Order], now: datetime) -> Sequence[Order]:
        """The orders, with what is remembered of their payments' deliveries."""
        charges = [order.charge for order in orders if order.charge]
        if self._past is None or not charges:
            return orders
        past = self._past.past_of(charges, now)
        return [
            replace(order, settled_until=past[order.charge.id].settled_until)
            if order.charge and order.charge.id in past
            else order
            for order in orders
        ]

    def _with_neighbours(
        self, orders: Sequence[Order]
    ) -> tuple[Sequence[Order], tuple[Stratagem, ...]]:
        """The orders and all their rows. Each order knows which rows belong to other charges."""
        rows = self._transfers.transfers_for(orders)
        charges = [order.charge for order in orders if order.charge]
        if not charges:
            return orders, tuple(rows)
        snapshot = NeighbouringCharges(self._payments, self._transfers).snapshot_of(charges, rows)
        ownership = Ownership(snapshot.charges, snapshot.stratagems)
        told = [ownership.tell_apart(o, o.charge) if o.charge else o for o in orders]
        known = {row.record_id: row for row in (*rows, *snapshot.stratagems)}
        return told, tuple(known.values())

    def carry_out(
        self, plan: CreditPlan, done: Callable[[Delivery], None] = lambda _delivery: None
    ) -> list[Delivery]:
        """Deliver what was planned. No row is changed that was not read just before."""
        return self._deliverer.deliver(
            plan.orders, patience=PATIENCE, sighting=plan.sighting, done=done
        )

    def order_for_payment(
        self,
        charge: Charge,
        citizen: str,
        ducats: Decimal,
        *,
        reason: str,
        facts: Mapping[str, Any],
        overrides: Collection[Override] = (),
        due: Decimal | None = None,
        is_another: bool = False,
    ) -> Order:
        """A person's order for what a payment bought, under the same key as the webhook's.

        With `due`, the order may be for the `due` ducats that are still owed. With `is_another`,
        the payment's citizen name belongs to another person by now.

        If the payment names no usable citizen or amount, or a citizen who does not exist, the
        person's words count. Raises GuardError if they contradict the payment in any other way, or
        if money went back or is disputed.
        """
        check_words(citizen, reason)
        hint = "Nothing was written. Credit it as it was sold, or by hand with a --reference."
        if charge.unallocated:
            # A person who knows the citizens credits each of them under a separate key.
            raise GuardError(f"{charge.payment_id}: {charge.unallocated}.", hint)
        if charge.ducats and ducats not in {charge.ducats, due}:
            bought = format_ducats(charge.ducats)
            raise GuardError(f"{charge.payment_id} bought {bought} ducats.", hint)
        other = charge.citizen if charge.citizen != citizen else None
        if other and not is_another and other in self._citizens.balances([other]):
            meant = with_difference(other, citizen) if look_alike(other, citizen) else repr(other)
            raise GuardError(f"{charge.payment_id} is for {meant}.", hint)
        try:
            named = replace(charge, citizen=citizen, ducats=ducats)
            told = {**facts, INSTEAD_OF: other} if other else facts
            order = order_for_charge(named, reason, told)
            # The price guard needs all ducats that the payment bought, not only those owed.
            order = replace(order, charge=replace(named, ducats=charge.ducats or ducats))
            return self._decided(order, overrides)
        except ValueError as error:
            if charge.refunded_cents or charge.disputed:
                looked = command("refund", charge.payment_id, "--dry-run")
                hint = f"Nothing was written. What is owed for it: {looked}"
            raise GuardError(f"{error}.", hint) from None

    def orders_for_payment(
        self,
        charges: Sequence[Charge],
        *,
        reason: str,
        facts: Mapping[str, Any],
        overrides: Collection[Override] = (),
    ) -> tuple[list[Order], list[str]]:
        """Orders for all citizens of a payment, and a sentence about each citizen who does not
        exist: they do not hold up the others. Raises GuardError if a person has to name citizen
        and amount."""
        check_words("citizen", reason)
        names = sorted({charge.citizen for charge in charges if charge.citizen})
        found = self._citizens.balances(names) if names else {}
        story = command("explain", charges[0].payment_id)
        hint = f"Nothing was written. Name the citizen and the ducats, or see: {story}"
        try:
            orders = [
                self._decided(order_for_charge(charge, reason, facts), overrides)
                for charge in charges
                if not charge.citizen or charge.citizen in found
            ]
        except ValueError as error:
            raise GuardError(f"{error}.", hint) from None
        return orders, [unknown_citizen_clause(name, found) for name in names if name not in found]

    def _decided(self, order: Order, overrides: Collection[Override]) -> Order:
        """A person's order, with those overrides that it needs."""
        is_short = order.charge and price_objection(order.charge, self._prices)
        needed = (one for one in overrides if is_short or one is not Override.UNDERPAID)
        return decided(replace(order, amends=True), *needed)

    def is_promised_by_hand(self, reference: str) -> bool:
        """Whether somebody credited by hand under this reference before."""
        key = manual_key(reference)
        return key in self._promises.known([key])

    def _refuse_payments_by_hand(self, orders: Sequence[Order]) -> None:
        """Raises GuardError if the reference of a new credit by hand is a payment's id.

        Such a credit would not have the payment's key, and would pass none of its guards. One that
        an older version began may be finished.
        """
        named = {order.key: payment for order in orders if (payment := payment_meant_by(order))}
        known = self._promises.known(list(named)) if named else set()
        for key, payment in named.items():
            if key not in known:
                raise GuardError(
                    f"The reference {payment!r} is a payment's id.",
                    f"Nothing was written. To deliver that payment: --payment {payment}",
                )

    def _check_day(self, orders: Sequence[Order]) -> None:
        """Check the day's limit before the first of many orders is written. The claims keep the
        limit against others who credit at the same time."""
        known = self._promises.known([order.key for order in orders])
        new = sum((order.ducats for order in orders if order.key not in known), ZERO)
        today = self._promises.ducats_today()
        left = max(ZERO, self._limits.per_day - today)
        if new > left:
            raise GuardError(
                f"The day's limit leaves {format_ducats(left)} ducats today (UTC), and "
                f"{format_ducats(new)} are asked for.",
                allowing("CASCADE_MAX_DUCATS_PER_DAY", today + new),
            )


def _moves(rows: Iterable[Stratagem], now: datetime) -> bool:
    return any(row.state(now) in MAY_STILL_MOVE for row in rows)


def _is_open(step: Step) -> bool:
    return not isinstance(step, End) or step.verdict is OrderVerdict.UNDER_WAY
