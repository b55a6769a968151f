"""Credits by hand and for single payments: check everything first, then deliver."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from cascade_cli.domain.charges import Charge
from cascade_cli.domain.delivery import FATE_BOUND, End, Step, Verdict, next_step, rows_of
from cascade_cli.domain.keys import PORTION_ID
from cascade_cli.domain.money import ZERO, format_ducats
from cascade_cli.domain.names import (
    look_alike,
    no_citizen,
    similar_names,
    there_is,
    told_apart,
)
from cascade_cli.domain.orders import (
    INSTEAD_OF,
    Cause,
    Order,
    manual_key,
    order_for_charge,
)
from cascade_cli.errors import GuardError, UsageError
from cascade_cli.services.deliver import Deliverer
from cascade_cli.services.delivery_ports import Delivery, Reader, Sighting
from cascade_cli.services.names import refuse_unknown
from cascade_cli.services.purse import Purse

MOST_CHARACTERS = 1000
TWIN_WINDOW = timedelta(hours=24)
# Long enough to see one lost write through, and a second.
PATIENCE = 2 * FATE_BOUND


class Promises(Protocol):
    """What was promised before: the journal."""

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that were ever claimed."""

    def ducats_today(self) -> Decimal:
        """The ducats first promised on this UTC day."""


class Portions(Protocol):
    """Where payments are read: Stripe."""

    def portions(self, payment_id: str) -> tuple[Charge, ...]:
        """What the payment bought: one purchase, or one for each of many citizens."""


class CitizenSource(Reader, Protocol):
    """Where citizens and transfers are read."""

    def citizens(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of those who exist, spelt as Venice spells them."""

    def usernames(self) -> list[str]:
        """All citizens."""


@dataclass(frozen=True)
class Limits:
    """What a credit may be at most, and who pays."""

    per_credit: Decimal
    per_day: Decimal
    processor: str


@dataclass(frozen=True)
class Plan:
    """What would be written for each order, seen before anything was."""

    orders: tuple[Order, ...]
    steps: Mapping[str, Step]
    processor_ducats: Decimal
    sighting: Sighting

    @property
    def total(self) -> Decimal:
        """The ducats of all orders together."""
        return sum((order.ducats for order in self.orders), ZERO)

    @property
    def outgoing(self) -> Decimal:
        """The ducats that are still to leave the processor: of a file taken up again, the rest."""
        left = (order.ducats for order in self.orders if _is_open(self.steps[order.key]))
        return sum(left, ZERO)

    @property
    def unwritten(self) -> tuple[Order, ...]:
        """Those for which there is something left to write."""
        return tuple(o for o in self.orders if not isinstance(self.steps[o.key], End))

    @property
    def description(self) -> str:
        """For a question: what goes to whom."""
        if len(self.unwritten) == 1:
            return self.unwritten[0].description
        ducats = sum((order.ducats for order in self.unwritten), ZERO)
        return f"{format_ducats(ducats)} ducats to {len(self.unwritten)} citizens"


class CreditDesk:
    """Checks orders against Venice and hands them to the Deliverer."""

    def __init__(
        self,
        *,
        venice: CitizenSource,
        deliverer: Deliverer,
        promises: Promises,
        purse: Purse,
        limits: Limits,
        now: Callable[[], datetime],
    ) -> None:
        self._venice, self._deliverer, self._promises = venice, deliverer, promises
        self._purse, self._limits, self._now = purse, limits, now

    def plan(self, orders: Sequence[Order]) -> Plan:
        """Look at all rows and citizens; writes nothing.

        Raises GuardError if an order exceeds the limit per credit, all of them that of the day,
        a citizen does not exist, or the processor cannot pay.
        """
        check_limit(self._limits.per_credit, ((order.citizen, order.ducats) for order in orders))
        self._check_day(orders)
        names = {order.citizen for order in orders} | {self._purse.processor}
        found = self._venice.citizens(sorted(names))
        refuse_unknown((order.citizen for order in orders), found, self._venice.usernames)
        now = self._now()
        rows = tuple(self._venice.transfers_for(orders))
        steps = {order.key: next_step(order, rows_of(order, rows), now) for order in orders}
        balance = self._purse.balance_in(found)
        plan = Plan(tuple(orders), steps, balance, Sighting(rows, now))
        going_out = {key for key, step in steps.items() if _is_open(step)}
        self._purse.check(plan.outgoing, going_out, balance)
        return plan

    def carry_out(
        self, plan: Plan, done: Callable[[Delivery], None] = lambda _delivery: None
    ) -> list[Delivery]:
        """Deliver what was planned; no row is written upon that was not seen just before."""
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
    ) -> Order:
        """What a payment bought, as a person credits it: under the same key as the webhook's.

        Where the payment names no usable citizen or amount, or a citizen who does not exist, the
        person's words count. Raises GuardError where they contradict the payment otherwise, or
        where money went back or is disputed.
        """
        check_words(citizen, reason)
        hint = "Nothing was written. Credit it as it was sold, or by hand with a --reference."
        if charge.unallocated:
            # Whoever knows the citizens credits each under a key of their own.
            raise GuardError(f"{charge.payment_id}: {charge.unallocated}.", hint)
        if charge.ducats and charge.ducats != ducats:
            bought = format_ducats(charge.ducats)
            raise GuardError(f"{charge.payment_id} bought {bought} ducats.", hint)
        other = charge.citizen if charge.citizen != citizen else None
        if other and other in self._venice.citizens([other]):
            meant = told_apart(other, citizen) if look_alike(other, citizen) else repr(other)
            raise GuardError(f"{charge.payment_id} is for {meant}.", hint)
        try:
            named = replace(charge, citizen=citizen, ducats=ducats)
            told = {**facts, INSTEAD_OF: other} if other else facts
            return replace(order_for_charge(named, reason, told), amends=True)
        except ValueError as error:
            raise GuardError(f"{error}.", hint) from None

    def orders_for_payment(
        self, charges: Sequence[Charge], *, reason: str, facts: Mapping[str, Any]
    ) -> tuple[list[Order], list[str]]:
        """What a payment bought for all its citizens, and a sentence about each who does not exist:
        they hold up nobody. Raises GuardError where a person has to name citizen and amount."""
        check_words("citizen", reason)
        names = sorted({charge.citizen for charge in charges if charge.citizen})
        found = self._venice.citizens(names) if names else {}
        hint = "Nothing was written. Name the citizen and the ducats, or see cascade explain."
        try:
            orders = [
                replace(order_for_charge(charge, reason, facts), amends=True)
                for charge in charges
                if not charge.citizen or charge.citizen in found
            ]
        except ValueError as error:
            raise GuardError(f"{error}.", hint) from None
        return orders, [no_citizen(name, found) for name in names if name not in found]

    def _check_day(self, orders: Sequence[Order]) -> None:
        """Before the first of many is written; against others who credit meanwhile, the claims
        hold the limit."""
        known = self._promises.known([order.key for order in orders])
        new = sum((order.ducats for order in orders if order.key not in known), ZERO)
        left = max(ZERO, self._limits.per_day - self._promises.ducats_today())
        if new > left:
            raise GuardError(
                f"The day's limit leaves {format_ducats(left)} ducats today (UTC), and "
                f"{format_ducats(new)} are asked for.",
                "Nothing was written. CASCADE_MAX_DUCATS_PER_DAY sets the limit.",
            )


def manual_order(
    citizen: str,
    ducats: Decimal,
    *,
    reason: str,
    reference: str,
    facts: Mapping[str, Any],
    refuse_twin_since: datetime | None = None,
) -> Order:
    """A credit by hand. Raises UsageError on an unusable reference, reason or citizen."""
    check_words(citizen, reason)
    try:
        key = manual_key(reference)
    except ValueError as error:
        raise UsageError(f"{str(error).capitalize()}.") from None
    return Order(
        key=key,
        citizen=citizen,
        ducats=ducats,
        cause=Cause.MANUAL,
        reason=reason.strip(),
        facts={"reference": reference, **facts},
        refuse_twin_since=refuse_twin_since,
    )


def check_limit(per_credit: Decimal, credits: Iterable[tuple[str, Decimal]]) -> None:
    """Raises GuardError if one of these (citizen, ducats) is more than one credit may be."""
    for citizen, ducats in credits:
        if ducats > per_credit:
            raise GuardError(
                f"{format_ducats(ducats)} ducats to {citizen!r} are more than the limit of "
                f"{format_ducats(per_credit)} ducats per credit.",
                "Nothing was written. CASCADE_MAX_DUCATS_PER_CREDIT sets the limit.",
            )


def check_words(citizen: str, reason: str) -> None:
    """Raises UsageError on a citizen or reason that is blank or that no record can hold."""
    for name, text in (("citizen", citizen), ("reason", reason)):
        if not text.strip():
            raise UsageError(f"A credit needs a {name}.", "Nothing was written.")
        if len(text) > MOST_CHARACTERS or not _is_writable(text):
            raise UsageError(
                f"The {name} {text[:40]!r} is longer than {MOST_CHARACTERS} characters, or one of "
                "them is NUL or no character at all.",
                "Nothing was written.",
            )


def bought(payments: Portions, payment_id: str) -> tuple[Charge, ...]:
    """What a payment's id means: one purchase, or one for each of many citizens.

    Raises GuardError where there is none.
    """
    found = payments.portions(payment_id)
    if not found:
        raise GuardError(
            f"Stripe knows no paid ducat purchase {payment_id!r} in this account and mode.",
            "Nothing was written. Check the id; to credit without one, use --reference.",
        )
    return found


def meant(payments: Portions, payment_id: str, citizen: str) -> Charge:
    """Of a payment for many, the portion of the citizen. Raises GuardError where there is none."""
    found = bought(payments, payment_id)
    if len(found) == 1:
        return found[0]
    for charge in found:
        if charge.citizen == citizen:
            return charge
    similar = similar_names([citizen], (charge.citizen or "" for charge in found))
    raise GuardError(
        f"{payment_id} is for {len(found)} citizens, and {citizen!r} is none of them"
        f"{there_is(citizen, similar.get(citizen, ()))}.",
        f"Nothing was written. See: explain {payment_id}",
    )


def check_payment_id(text: str) -> None:
    """Raises UsageError on what cannot be a payment's id."""
    if not PORTION_ID.fullmatch(text):
        raise UsageError(
            f"The payment {text[:40]!r} is not the id of one.",
            "Nothing was written. A payment's id is pi_… or ch_…, as Stripe shows it.",
        )


def _is_writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _is_open(step: Step) -> bool:
    return not isinstance(step, End) or step.verdict is Verdict.UNDER_WAY
