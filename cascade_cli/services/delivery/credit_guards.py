"""Objections to a credit, and which of them a person may overrule. `guard_mode` stops every write
to a base that belongs to the other mode."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from cascade_cli.domain.delivery.delivery_steps import ambiguity
from cascade_cli.domain.reconcile.event_replay import (
    CreditTerms,
    Objection,
    Obstacle,
    objections_to,
)
from cascade_cli.domain.reconcile.manual_credits import is_beside, is_given_by
from cascade_cli.domain.records.citizens import identity_doubt
from cascade_cli.domain.records.journal_entries import Intent
from cascade_cli.domain.records.orders import Cause, Order, Override, credit_although
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Stratagem
from cascade_cli.domain.records.stripe_events import MODES
from cascade_cli.domain.selling.price_guard import paid_for
from cascade_cli.domain.shop.keys import MANUAL_PREFIX, PORTION_ID
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import GuardError
from cascade_cli.services.ports import JournalPort, TransfersPort


def overrulable(
    order: Order, rows: Sequence[Stratagem], terms: CreditTerms, *, by_person: bool
) -> tuple[Objection, ...]:
    """The objections to an order that a person overrules.

    Raises GuardError at the first objection that nobody may overrule, or that nobody did.
    """
    found = tuple(
        objections_to(order.charge, rows, terms)
        if order.charge
        else _objections_by_hand(order, rows, terms)
    )
    found = tuple(one for one in found if _stands(one, order, terms))
    for objection in found:
        override = _OVERRIDES.get(objection.obstacle)
        is_said = override in order.overrides if override else by_person
        if objection.obstacle not in _FOR_PEOPLE or not is_said:
            raise _refusal(order, objection)
    return found


def _stands(objection: Objection, order: Order, terms: CreditTerms) -> bool:
    """Whether the objection still holds for the order's ducats, which may be fewer than bought."""
    if order.charge and objection.obstacle is Obstacle.UNDERPAID:
        return order.ducats > paid_for(order.charge, terms.prices)
    is_limit = objection.obstacle is Obstacle.OVER_LIMIT
    return not is_limit or order.ducats > terms.per_credit_ducats


def ambiguity_of(
    order: Order, rows: Sequence[Stratagem], unclear: Sequence[Stratagem]
) -> tuple[Objection, ...]:
    """An objection that names the unclear rows, if the person chose to deliver in spite of them."""
    beside = [*(row for row in rows if row.other_processor), *unclear]
    if not beside or Override.AMBIGUOUS not in order.overrides:
        return ()
    return (Objection(Obstacle.AMBIGUOUS, ambiguity(order, beside)),)


def _objections_by_hand(
    order: Order, rows: Sequence[Stratagem], terms: CreditTerms
) -> Iterator[Objection]:
    """Objects if the name belonged to another citizen when the credit by hand was begun."""
    resident = terms.citizens.get(order.citizen)
    if resident and (why := identity_doubt(order.citizen, resident.since, rows)):
        yield Objection(Obstacle.ANOTHER_CITIZEN, why)


# What a person may overrule, and the option that this takes, if any.
_OVERRIDES = {Obstacle.UNDERPAID: Override.UNDERPAID}
_FOR_PEOPLE = frozenset({Obstacle.UNDERPAID, Obstacle.ANOTHER_CITIZEN, Obstacle.CANCELLED})


def _refusal(order: Order, objection: Objection) -> GuardError:
    hint, charge = "Nothing was written.", order.charge
    if charge and objection.obstacle is Obstacle.UNDERPAID:
        words = order.citizen, format_ducats(order.ducats), order.reason
        overrides = order.overrides | {Override.UNDERPAID}
        line = credit_although(overrides, charge.payment_id, *words)
        hint = f"Nothing was written. To deliver it all the same: {line}"
    name = charge.payment_id if charge else order.key
    return GuardError(f"{name}: {objection.why}.", hint)


def refuse_repeated(orders: Iterable[Order]) -> None:
    """Raises GuardError if two orders are for one transfer: a file may name a payment by its
    intent and by its charge, and only one of the two would be written."""
    for key, number in Counter(order.key for order in orders).items():
        if number > 1:
            raise GuardError(
                f"{number} of these credits are for the same transfer, {key}.",
                "Nothing was written. Name each payment once.",
            )


def refuse_credited(orders: Sequence[Order], rows: Sequence[Stratagem], now: datetime) -> None:
    """Raises GuardError if a credit by hand mentions a payment for which the same citizen already
    got ducats by hand or by a decision."""
    keys = {order.key for order in orders}
    for order in orders:
        for row in rows if order.mentions and not order.again else ():
            is_another = row.stratagem_id not in keys
            if is_another and is_given_by(row, order.citizen, order.mentions, now):
                by = f" by {row.made_by}" if row.made_by else ""
                raise GuardError(
                    f"{row.citizen!r} was credited for {order.mentions[0]} already{by}: "
                    f"{row.stratagem_id}, made {format_moment(row.created_at)}: {row.reason}.",
                    "Nothing was written. To credit it a second time, add --again.",
                )


def refuse_ended(orders: Iterable[Order], rows: Sequence[Stratagem], now: datetime) -> None:
    """Raises GuardError if a person decided that a credit by hand settles a payment, and the credit
    has ended without arriving. From then on the payment says what is owed, not the credit.
    """
    for order in orders:
        own = [row for row in rows if row.stratagem_id == order.key]
        if any(row.state(now) in MAY_STILL_MOVE for row in own):
            continue
        for payment in (row.stripe_ids[0] for row in own if row.corrects and is_by_hand(order)):
            raise GuardError(
                f"A person decided that {order.key} settles {payment}, but that transfer ended "
                "without arriving.",
                f"Nothing was written. What {payment} lacks: {command('explain', payment)}",
            )


def refuse_just_credited(
    orders: Sequence[Order], rows: Sequence[Stratagem], sent: Sequence[Intent], now: datetime
) -> None:
    """Raises GuardError if somebody is giving the citizen ducats for the same payment right now, by
    hand or by a decision. The rows may not show yet what was `sent` lately."""
    shown = {row.stratagem_id for row in rows if row.state(now) in MAY_STILL_MOVE}
    for order in orders if sent else ():
        for intent in () if order.again or Override.AMBIGUOUS in order.overrides else sent:
            if intent.key not in shown and is_beside(order, intent):
                raise GuardError(
                    f"{order.citizen!r} is being credited for the same payment: {intent.key}, "
                    f"{format_ducats(intent.ducats)} ducats.",
                    "Nothing was written. Look again in two minutes: by then the base shows it.",
                )


def is_by_hand(order: Order) -> bool:
    """Whether a person credits it under a reference."""
    return order.cause is Cause.MANUAL and order.key.startswith(MANUAL_PREFIX)


def payment_meant_by(order: Order) -> str:
    """The payment id that a credit by hand has as its reference; empty for any other order."""
    reference = order.key.removeprefix(MANUAL_PREFIX) if is_by_hand(order) else ""
    return reference if PORTION_ID.fullmatch(reference) else ""


def guard_mode(
    journal: JournalPort, transfers: TransfersPort, base_id: str, *, livemode: bool
) -> None:
    """Test payments never move ducats of the live base, nor the reverse. Call before the first
    write. Raises GuardError if the base belongs to the other mode."""
    if journal.mode_of(base_id) is None and transfers.has_mode(not livemode):
        raise GuardError(
            f"The base {base_id} holds transfers for {MODES[not livemode]} payments, and the "
            f"Stripe key is a {MODES[livemode]} key.",
            "Nothing was written. Use the key and the base of one mode.",
        )
    journal.bind_mode(base_id, livemode)
