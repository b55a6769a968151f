"""Decisions that give the right citizen what is lacking: by a new transfer, or by naming one that a
person has made."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cascade_cli.domain.decisions.decision_plan import (
    UNTOUCHED,
    Means,
    Resolution,
    Subject,
    Wish,
    as_executed,
    called,
    decision_on,
    transfer_sentence,
)
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.matching.settled_by import mentioned_by, unsuitable
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.orders import (
    INSTEAD_OF,
    Cause,
    Order,
    Override,
    decided,
    payment_facts,
)
from cascade_cli.domain.records.rulings import settling
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import floored
from cascade_cli.domain.shop.keys import (
    correction_key,
)
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import GuardError


def plan_credit(subject: Subject, wish: Wish, means: Means) -> Resolution:
    """Credit the payment by its own key if nothing of it moved, else by a correction beside it."""
    matched = subject.matched
    if matched is None:
        raise GuardError(f"{subject.name} is not a payment, so nobody lacks anything.", UNTOUCHED)
    refuse_mentioned(matched, wish)
    if is_delivered_by_own_key(matched):
        decision = decision_on(subject, wish, citizen=wish.citizen or matched.as_decided.citizen)
        is_all = Override.UNDERPAID in wish.overrides or not matched.unpaid
        after = "settled" if is_all else "underpaid"
        return Resolution(subject, decision, own_key=True, afterwards=after)
    return _correction(subject, matched, wish, means)


def is_delivered_by_own_key(matched: MatchedCharge) -> bool:
    """Nothing of the payment moved and nothing has vanished, so its own transfer delivers it."""
    is_still = not matched.moving and not matched.corrections and not matched.executed
    return is_still and not matched.has_vanished


def refuse_mentioned(matched: MatchedCharge, wish: Wish) -> None:
    """Raises GuardError if somebody made a credit by hand that mentions the payment, and nobody has
    said what it was for."""
    row = mentioned_by(matched)
    if wish.again or row is None:
        return
    raise GuardError(
        f"A credit by hand mentions {matched.charge.payment_id}: {transfer_sentence(row)}.",
        f"{UNTOUCHED} If it was meant for this payment: {_how_to_settle(matched, row)}. "
        "If not, add --again.",
    )


def _how_to_settle(matched: MatchedCharge, row: Stratagem) -> str:
    if row.state(matched.terms.now) is State.STALLED:
        return f"finish it first, see: {command('stratagem', 'status', row.name)}"
    return f"{How.SETTLED_BY.option} {row.name}"


def _correction(subject: Subject, matched: MatchedCharge, wish: Wish, means: Means) -> Resolution:
    payment, named = matched.charge.payment_id, matched.as_decided.citizen
    is_open = not named or matched.is_unknown
    citizen = (wish.citizen or named) if is_open else named
    if not citizen or (wish.citizen and wish.citizen != citizen):
        raise GuardError(
            f"{payment} is for {citizen!r}." if citizen else f"{payment} names no citizen.",
            f"{UNTOUCHED} A correction goes to the citizen whom the payment names.",
        )
    refuse_corrected(subject, matched)
    due = due_to_buyer(matched, wish)
    ducats, most = wish.ducats or due, floored(matched.uncovered)
    if ducats > most:
        raise GuardError(
            f"{format_ducats(ducats)} ducats are more than the {format_ducats(most)} that "
            f"are still missing for {citizen!r} from {payment}.",
            f"{UNTOUCHED} Credit a gift by hand, with a --reference.",
        )
    if ducats > due or not ducats:
        why = matched.price_objection.why if matched.price_objection else "it was not paid for"
        raise GuardError(
            f"{payment}: {why}.",
            f"{UNTOUCHED} To give {format_ducats(most)} ducats all the same: "
            f"add --{Override.UNDERPAID}.",
        )
    order = Order(
        key=_next_correction(matched),
        citizen=citizen,
        ducats=ducats,
        cause=Cause.CORRECTION,
        reason=wish.reason,
        facts={
            **payment_facts(matched.charge),
            **means.facts,
            **({INSTEAD_OF: named} if named and named != citizen else {}),
        },
        amends=True,
        again=wish.again,
    )
    # The override is recorded only if it was needed.
    order = decided(order, *(wish.overrides if matched.price_objection else ()))
    decision = decision_on(
        subject, wish, ducats=format_ducats(ducats), stratagem_id=order.key, citizen=citizen
    )
    after = called(
        replace(matched, corrections=(*matched.corrections, as_executed(order, matched)))
    )
    return Resolution(subject, decision, orders=(order,), afterwards=after)


def own_ducats(matched: MatchedCharge, wish: Wish) -> Decimal | None:
    """The ducats that go out by the payment's own key: those that were paid for.

    If nobody is known to have paid for any, all of them, which the price guard then refuses. None
    if nobody says how many.
    """
    sold = matched.charge.ducats
    return wish.ducats or (sold and (due_to_buyer(matched, wish) or sold))


def due_to_buyer(matched: MatchedCharge, wish: Wish) -> Decimal:
    """What the buyer lacks and has paid for; or all that is lacking, if a person overrules the
    price."""
    return floored(matched.uncovered if Override.UNDERPAID in wish.overrides else matched.owed)


def refuse_corrected(subject: Subject, matched: MatchedCharge) -> None:
    """Raises GuardError if a correction is on its way, or nothing is lacking any more."""
    now, before = matched.terms.now, subject.item.decision
    coming = [row for row in matched.corrections if row.state(now) in {State.LIVE, State.DOUBTFUL}]
    if not coming and matched.uncovered:
        return
    done = coming or [row for row in matched.corrections if row.state(now) is State.EXECUTED]
    told = f": {transfer_sentence(done[-1])}" if done else ""
    said = f" Decided: {before.described}." if before else ""
    raise GuardError(
        f"{matched.charge.payment_id} was corrected already{told}.", f"{UNTOUCHED}{said}"
    )


def _next_correction(matched: MatchedCharge) -> str:
    """A correction gets a new number only if all earlier ones were executed; a dead one is revived
    instead."""
    payment, now = matched.charge.payment_id, matched.terms.now
    done = {row.stratagem_id for row in matched.corrections if row.state(now) is State.EXECUTED}
    number = 1
    while correction_key(payment, number) in done:
        number += 1
    return correction_key(payment, number)


def plan_settling(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    """From now on the transfer counts as the payment's."""
    matched, row = subject.matched, wish.settles
    if matched is None or row is None:
        raise GuardError(f"{subject.name} is not a payment.", UNTOUCHED)
    if why := unsuitable(matched, row):
        raise GuardError(f"{row.name} does not settle {subject.name}: {why}.", UNTOUCHED)
    named = matched.charge.citizen
    instead = named if named and named != row.citizen else ""
    ruling = settling(row, subject.name, instead)
    adopted = ruling.applied_to(row)
    corrections = (*matched.corrections, adopted)
    mentioned = tuple(m for m in matched.mentioned if m.record_id != row.record_id)
    after = called(replace(matched, corrections=corrections, mentioned=mentioned))
    ducats = format_ducats(row.ducats or ZERO)
    decision = decision_on(subject, wish, ducats=ducats, stratagem_id=row.name, citizen=row.citizen)
    return Resolution(subject, decision, (ruling,), afterwards=after)
