"""Decisions that take ducats back that went to somebody else, or beyond what was sold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
    with_rows,
)
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.orders import Cause, Order, payment_facts
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import (
    Policy,
    floored,
    in_states,
    staying,
    without_dust,
)
from cascade_cli.domain.shop.keys import (
    take_back_key,
    taken_record_in,
)
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.errors import GuardError


@dataclass(frozen=True)
class Surplus:
    """Ducats of one row that somebody has but should not have."""

    row: Stratagem
    ducats: Decimal


def plan_taking(subject: Subject, wish: Wish, means: Means) -> Resolution:
    """Transfers that the engine has not taken yet are ended. Of the rest, as much comes back as the
    policy and the citizen's ducats allow."""
    # A case without a charge is called after its first row, but the name stands for all its rows.
    meant = "" if subject.named == subject.name else subject.named
    found = [s for s in surpluses(subject) if meant in {"", s.row.record_id}]
    live = [s for s in found if s.row.state(subject.terms.now) is State.LIVE]
    if live:
        return _ended(subject, wish, means, [one.row for one in live])
    left = [(one, still_to_take(one, subject)) for one in found]
    total = sum((ducats for _, ducats in left), ZERO)
    if not total:
        raise nothing_left(subject)
    if wish.ducats is not None and wish.ducats > total:
        raise GuardError(
            f"{format_ducats(wish.ducats)} ducats are more than the {format_ducats(total)} that "
            f"can still be taken back for {subject.name}.",
            UNTOUCHED,
        )
    orders = tuple(_taking(subject, wish, means, left))
    taken = sum((order.ducats for order in orders), ZERO)
    debt = ZERO if wish.ducats is not None else total - taken
    decision = decision_on(
        subject,
        wish,
        ducats=format_ducats(taken),
        stratagem_id=orders[0].key if orders else None,
        citizen=left[0][0].row.citizen,
        debt=format_ducats(debt) if debt else None,
    )
    return Resolution(subject, decision, orders=orders, afterwards=_afterwards(subject, orders))


def surpluses(subject: Subject) -> Iterator[Surplus]:
    """What went to somebody else, or beyond what was sold; the right citizen's own rows newest
    first."""
    matched, now = subject.matched, subject.terms.now
    if matched is None:
        yield from _without_a_charge(subject)
        return
    rows = [*matched.moving, *matched.correcting]
    for row in rows:
        if not matched.is_right(row):
            yield Surplus(row, row.ducats or ZERO)
    amiss = [
        r for r in matched.by_state[State.LIVE] if matched.is_right(r) and r.ducats != matched.sold
    ]
    if amiss and len(matched.moving) == 1:
        yield Surplus(amiss[0], amiss[0].ducats or ZERO)
        return
    excess = matched.carried_right - matched.sold
    if subject.item.kind is Kind.UNDERPAID:
        excess += matched.unpaid
    mine = [r for r in rows if matched.is_right(r) and r.state(now) is State.EXECUTED]
    yield from _newest_first(mine, excess, matched.staying)


def _without_a_charge(subject: Subject) -> Iterator[Surplus]:
    """All ducats of an orphan; for a credit by hand that was executed more than once, what is
    beyond it."""
    item, now = subject.item, subject.terms.now
    rows = [row for row in item.stratagems if row.state(now) in {State.EXECUTED, State.LIVE}]
    if item.kind is not Kind.DUPLICATE:
        yield from (Surplus(row, row.ducats or ZERO) for row in rows)
        return
    executed = [row for row in rows if row.state(now) is State.EXECUTED]
    live = [row for row in rows if row not in executed]
    yield from (Surplus(row, row.ducats or ZERO) for row in live[not executed :])
    yield from _newest_first(executed, item.at_risk, lambda r: staying(r, item.corrections, now))


def _newest_first(
    rows: Iterable[Stratagem], excess: Decimal, left: Callable[[Stratagem], Decimal]
) -> Iterator[Surplus]:
    """Take up to `excess` ducats from what is left of these rows, newest first. A surplus includes
    what already came back of its row."""
    for row in sorted(rows, key=lambda r: (r.executed_at or r.created_at, r.record_id))[::-1]:
        ducats = min(left(row), max(excess, ZERO))
        excess -= ducats
        if ducats:
            yield Surplus(row, ducats + (row.ducats or ZERO) - left(row))


def _takebacks(subject: Subject, row: Stratagem) -> tuple[Stratagem, ...]:
    rows = subject.matched.takebacks if subject.matched else subject.item.corrections
    return tuple(t for t in rows if taken_record_in(t.stratagem_id) == row.record_id)


def still_to_take(one: Surplus, subject: Subject) -> Decimal:
    """What is left to take of a surplus; nothing while a transfer that takes it back is under
    way."""
    now, rows = subject.terms.now, _takebacks(subject, one.row)
    if in_states(rows, now, State.LIVE, State.DOUBTFUL):
        return ZERO
    return max(ZERO, one.ducats - in_states(rows, now, State.EXECUTED))


def nothing_left(subject: Subject) -> GuardError:
    """The error that everything was taken back or is on its way, with who decided that, when and
    why."""
    before = subject.item.decision
    rows = subject.matched.takebacks if subject.matched else subject.item.corrections
    told = f": {transfer_sentence(rows[-1])}" if rows else ""
    said = f" Decided: {before.described}." if before else ""
    return GuardError(
        f"Nothing of {subject.name} is left to take back{told}.", f"{UNTOUCHED}{said}"
    )


def _taking(
    subject: Subject, wish: Wish, means: Means, left: Iterable[tuple[Surplus, Decimal]]
) -> Iterator[Order]:
    """Orders by the policy; never more than the citizen has, except under the policy `all`."""
    is_free = means.policy is Policy.ALL
    nothing = means.policy is Policy.NONE and wish.ducats is None
    wanted, available = wish.ducats, dict(means.available)
    for one, ducats in left:
        citizen = one.row.citizen
        balance = without_dust(available.get(citizen, ZERO))
        has = ducats if is_free else min(ducats, max(ZERO, balance))
        amount = ZERO if nothing else floored(has if wanted is None else min(has, wanted))
        available[citizen] = available.get(citizen, ZERO) - amount
        wanted = None if wanted is None else wanted - amount
        if amount:
            yield _take(subject, wish, means, one.row, amount)


def _take(subject: Subject, wish: Wish, means: Means, row: Stratagem, ducats: Decimal) -> Order:
    now = subject.terms.now
    done = {t.stratagem_id for t in _takebacks(subject, row) if t.state(now) is State.EXECUTED}
    number = 0
    while take_back_key(row.record_id, number) in done:
        number += 1
    paid = payment_facts(subject.matched.charge) if subject.matched else {}
    return Order(
        key=take_back_key(row.record_id, number),
        citizen=means.processor,
        payer=row.citizen,
        ducats=ducats,
        cause=Cause.TAKE_BACK,
        reason=wish.reason,
        facts={**paid, "record": row.record_id, **means.facts},
        # The engine may have refused because the citizen had too little: the row then asks for
        # less.
        amends=True,
    )


def _ended(subject: Subject, wish: Wish, means: Means, rows: Sequence[Stratagem]) -> Resolution:
    """Transfers that the engine has not taken yet are ended by their expiry."""
    endings = tuple(
        Order(
            key=row.name,
            citizen=row.citizen,
            payer=row.payer,
            ducats=row.ducats or ZERO,
            cause=Cause.PAYMENT,
            reason=wish.reason,
            own_records=frozenset({row.record_id}),
            facts=dict(means.facts),
            ends=True,
        )
        for row in rows
    )
    decision = decision_on(subject, wish, ducats="0", stratagem_id=rows[0].name)
    records = {row.record_id for row in rows}
    now = subject.terms.now

    def end(row: Stratagem) -> Stratagem:
        return replace(row, expires_at=now) if row.record_id in records else row

    after = with_rows(subject, end)
    called = after.item.kind.words if after else "orphan, kept from the engine"
    return Resolution(subject, decision, endings=endings, afterwards=called)


def _afterwards(subject: Subject, orders: Sequence[Order]) -> str:
    matched = subject.matched
    if matched is None:
        taken = sum((order.ducats for order in orders), ZERO)
        return "settled" if taken >= subject.item.at_risk else subject.item.kind.words
    rows = (*matched.takebacks, *(as_executed(order, matched) for order in orders))
    return called(replace(matched, takebacks=rows))
