"""One decision about one case, planned from what was read of both sides: what it writes, and what
the case is called afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cascade_cli.domain.case import Case, Terms
from cascade_cli.domain.decision_table import decisions_for, doubtful_rows, may_settle
from cascade_cli.domain.decisions import Decision, Facts, How
from cascade_cli.domain.items import Item
from cascade_cli.domain.keys import (
    Origin,
    correction_key,
    take_back_key,
    taken_record_in,
)
from cascade_cli.domain.money import ZERO, exactly, format_ducats
from cascade_cli.domain.orders import Cause, Order, payment_facts
from cascade_cli.domain.overrides import Override
from cascade_cli.domain.reconciliation import item_of
from cascade_cli.domain.refunds import Policy, floored, in_states
from cascade_cli.domain.rulings import RowRuling, on_move, settling
from cascade_cli.domain.standing_decisions import facts_of, facts_of_rows
from cascade_cli.domain.stratagems import MAY_STILL_MOVE, Ruling, State, Stratagem
from cascade_cli.domain.times import format_moment
from cascade_cli.errors import GuardError

UNTOUCHED = "Nothing was written."
# Who decides, and when, is filled in by whoever records it.
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """A case that can be decided about. `case` is None for a transfer without a charge, whose rows
    are the item's; `named` is the record, where a single transfer was named. `taking` are what
    people took back of an orphan before."""

    item: Item
    case: Case | None
    terms: Terms
    named: str = ""

    @property
    def name(self) -> str:
        """What it is known by: its payment, or the transfer's record."""
        return self.case.charge.payment_id if self.case else self.item.name

    @property
    def facts(self) -> Facts:
        """What a decision about it rests on."""
        if self.case:
            return facts_of(self.case, self.item.kind)
        return facts_of_rows(self.item.stratagems, self.item.kind, self.terms.now)

    @property
    def choice(self) -> tuple[How, ...]:
        """The decisions that fit."""
        return decisions_for(self.item, self.case, self.terms.now)

    @property
    def doubtful(self) -> tuple[Stratagem, ...]:
        """Its rows that may or may not have moved; only the named one, where one was named."""
        now = self.terms.now
        rows = (
            doubtful_rows(self.case)
            if self.case
            else tuple(r for r in self.item.stratagems if r.state(now) is State.DOUBTFUL)
        )
        return tuple(r for r in rows if r.record_id == self.named) if self.named else rows


@dataclass(frozen=True)
class Wish:
    """What a person decides; `ducats` is None for what is lacking, or too many. `citizen` is who
    the buyer was, where the payment does not say."""

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
    """By what ducats are taken back: the policy, who takes them, what each citizen has. `facts` go
    into Notes."""

    policy: Policy
    processor: str
    facts: Mapping[str, Any]
    available: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class Resolution:
    """`rulings` are what is said about single rows, `orders` what moves ducats, `endings` what is
    kept from moving. With `own_key` the payment's own order delivers it, as `cascade credit` would;
    `writes_off` says that a refund's ducats are given up. `afterwards` is what the case is called
    once the engine has done its part."""

    subject: Subject
    decision: Decision
    rulings: tuple[RowRuling, ...] = ()
    orders: tuple[Order, ...] = ()
    endings: tuple[Order, ...] = ()
    own_key: bool = False
    writes_off: bool = False
    afterwards: str = ""
    after: Subject | None = None
    """The same as a value, where a row is as a person found it."""


def plan(subject: Subject, wish: Wish, means: Means) -> Resolution:
    """What would be written. Raises GuardError where the decision does not fit."""
    if unfinished := _unfinished(subject, wish):
        return unfinished
    refuse_repeated(subject, wish)
    _refuse_unfit(subject, wish)
    with exactly():
        return _PLANS[wish.how](subject, wish, means)


def _unfinished(subject: Subject, wish: Wish) -> Resolution | None:
    """It was found to have moved nothing, and whoever said so has not let it go out again."""
    before, repair = subject.item.decision, subject.item.repair
    is_same = before is not None and before.how is wish.how is How.NOT_MOVED
    if not (before and is_same and repair and repair.automatic):
        return None
    return Resolution(subject, before, afterwards="in flight", after=subject)


def refuse_repeated(subject: Subject, wish: Wish) -> None:
    """Raises GuardError if the same was decided before and still counts."""
    before = subject.item.decision
    if before is None or before.how is not wish.how or before.change(subject.facts):
        return
    if wish.how in {How.CREDIT, How.TAKE_BACK} or before.is_over(subject.terms.now):
        return  # What their transfers came to tells whether anything is left to do.
    if _is_about_another(subject, wish, before):
        return
    raise GuardError(f"{subject.name} was decided so already: {before.described}.", UNTOUCHED)


def _is_about_another(subject: Subject, wish: Wish, before: Decision) -> bool:
    """The same words about another transfer, or for another time, are no repetition."""
    if wish.how in {How.MOVED, How.NOT_MOVED}:
        return bool(subject.doubtful)
    if wish.how is How.SETTLED_BY and wish.settles:
        return _id(wish.settles) != before.stratagem_id
    return wish.how is How.SNOOZE and wish.until != before.until


def _refuse_unfit(subject: Subject, wish: Wish) -> None:
    if wish.how is How.REOPEN or wish.how in subject.choice:
        return
    item, before = subject.item, subject.item.decision
    if wish.how is How.CREDIT and subject.case and subject.case.corrections:
        _refuse_corrected(subject, subject.case)
    if wish.how is How.TAKE_BACK and any(r.origin is Origin.TAKE_BACK for r in item.corrections):
        raise _all_taken(subject)
    if before and before.how is wish.how and wish.how in {How.CREDIT, How.TAKE_BACK}:
        raise GuardError(f"{subject.name} was decided so already: {before.described}.", UNTOUCHED)
    if item.is_decided and before:
        fits = f"{How.REOPEN.option} opens it again: {before.described}"
    elif subject.choice:
        fits = f"What fits: {', '.join(how.option for how in subject.choice)}"
    else:
        fits = f"It is {_words(item)}: {item.conclusion or 'there is nothing to decide'}"
    raise GuardError(
        f"{wish.how.option} does not fit {subject.name}, which is {_words(item)}.",
        f"{UNTOUCHED} {fits}.",
    )


def _words(item: Item) -> str:
    return item.kind.value.replace("_", " ")


def _decision(subject: Subject, wish: Wish, **more: Any) -> Decision:
    return Decision(wish.how, "", "", _NEVER, wish.reason, subject.facts, **more)


def _accept(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    case = subject.case
    writes_off = bool(case and case.to_return)
    ducats = format_ducats(subject.item.at_risk)
    decision = _decision(subject, wish, ducats=ducats)
    return Resolution(subject, decision, writes_off=writes_off, afterwards="decided: accept")


def _snooze(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    decision = _decision(subject, wish, until=wish.until)
    until = format_moment(wish.until) if wish.until else ""
    return Resolution(subject, decision, afterwards=f"decided: snooze, until {until}")


def _reopen(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    before = subject.item.decision
    if before is None or before.how is How.REOPEN:
        raise GuardError(f"Nobody has decided anything about {subject.name}.", UNTOUCHED)
    kind = _words(subject.item)
    return Resolution(subject, _decision(subject, wish), afterwards=kind)


def _rule(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    row = _one_doubtful(subject)
    ruling = Ruling.MOVED if wish.how is How.MOVED else Ruling.NOT_MOVED
    if why := _untold(row, ruling):
        raise GuardError(f"{_id(row)}: {why}.", f"{UNTOUCHED} What fits: {_others(subject, wish)}.")
    decided = on_move(row, ruling)
    decision = _decision(subject, wish, stratagem_id=_id(row))
    after = _with_rows(subject, decided.applied_to)
    called = _words(after.item) if after else "decided"
    return Resolution(subject, decision, (decided,), afterwards=called, after=after)


def _others(subject: Subject, wish: Wish) -> str:
    return ", ".join(how.option for how in subject.choice if how is not wish.how)


def _one_doubtful(subject: Subject) -> Stratagem:
    rows = subject.doubtful
    if len(rows) == 1:
        return rows[0]
    if not rows:
        raise GuardError(f"None of {subject.name}'s transfers is doubtful.", UNTOUCHED)
    names = ", ".join(row.record_id for row in rows)
    raise GuardError(
        f"{len(rows)} transfers of {subject.name} are doubtful.",
        f"{UNTOUCHED} Name the one that you mean: {names}.",
    )


def _untold(row: Stratagem, ruling: Ruling) -> str:
    """Why nobody can say that of the row."""
    if row.other_processor and row.status == "active":
        return f"{row.other_processor!r} pays it, and the engine may still take it"
    if ruling is Ruling.MOVED and row.ducats is None:
        return f"nobody can tell how many ducats it moved: {row.notes_flaw}"
    if ruling is Ruling.NOT_MOVED and row.has_moved:
        return f"it surely moved its ducats once: {row.doubt}"
    return ""


def _with_rows(subject: Subject, changed: Callable[[Stratagem], Stratagem]) -> Subject | None:
    """The case as it is when a row is as decided."""
    case = subject.case
    if case is None:
        return None
    after = replace(
        case,
        matches=tuple(replace(m, stratagem=changed(m.stratagem)) for m in case.matches),
        corrections=tuple(map(changed, case.corrections)),
        returns=tuple(map(changed, case.returns)),
        takebacks=tuple(map(changed, case.takebacks)),
    )
    return replace(subject, case=after, item=item_of(after))


def _called(case: Case) -> str:
    return _words(item_of(case))


def _settle(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    case, row = subject.case, wish.settles
    if case is None or row is None:
        raise GuardError(f"{subject.name} is no payment.", UNTOUCHED)
    if why := _unsuitable(case, row):
        raise GuardError(f"{_id(row)} does not settle {subject.name}: {why}.", UNTOUCHED)
    named = case.charge.citizen
    instead = named if named and named != row.citizen else ""
    ruling = settling(row, subject.name, instead)
    adopted = ruling.applied_to(row)
    corrections = (*case.corrections, adopted)
    mentioned = tuple(m for m in case.mentioned if m.record_id != row.record_id)
    after = _called(replace(case, corrections=corrections, mentioned=mentioned))
    ducats = format_ducats(row.ducats or ZERO)
    decision = _decision(subject, wish, ducats=ducats, stratagem_id=_id(row), citizen=row.citizen)
    return Resolution(subject, decision, (ruling,), afterwards=after)


def _unsuitable(case: Case, row: Stratagem) -> str:
    """Why the row cannot be the transfer that the case lacks."""
    if row.state(case.terms.now) not in {State.EXECUTED, State.LIVE}:
        return f"it is {row.status}, so that nothing has arrived by it"
    if row.record_id in {own.record_id for own in (*case.stratagems, *case.corrections)}:
        return "it is that payment's already"
    if not may_settle(row):
        return "it was made for another payment or decision"
    due = case.buyer.citizen
    if due and row.citizen != due and not case.is_unknown:
        return f"it went to {row.citizen!r}, and {due!r} is to receive it"
    return "" if case.uncovered or not case.is_attributable else "nothing is lacking"


def _credit(subject: Subject, wish: Wish, means: Means) -> Resolution:
    case = subject.case
    if case is None:
        raise GuardError(f"{subject.name} is no payment: nobody lacks anything.", UNTOUCHED)
    refuse_mentioned(case, wish)
    if is_delivered_by_own_key(case):
        decision = _decision(subject, wish, citizen=wish.citizen or case.buyer.citizen)
        return Resolution(subject, decision, own_key=True, afterwards="settled")
    return _correction(subject, case, wish, means)


def is_delivered_by_own_key(case: Case) -> bool:
    """Nothing of it moved, and nothing has vanished: its own transfer delivers it."""
    is_still = not case.moving and not case.corrections and not case.executed
    return is_still and not case.has_vanished


def refuse_mentioned(case: Case, wish: Wish) -> None:
    """Raises GuardError if somebody credited by hand for this payment, and nobody has said what
    that was."""
    now = case.terms.now
    rows = [row for row in case.mentioned if row.state(now) in MAY_STILL_MOVE]
    if wish.again or not rows:
        return
    row = rows[-1]
    raise GuardError(
        f"A credit by hand speaks of {case.charge.payment_id}: {_told(row)}.",
        f"{UNTOUCHED} If it was meant for this payment: {How.SETTLED_BY.option} {_id(row)}. If "
        "not, add --again.",
    )


def _correction(subject: Subject, case: Case, wish: Wish, means: Means) -> Resolution:
    payment, citizen = case.charge.payment_id, case.buyer.citizen
    if not citizen or (wish.citizen and wish.citizen != citizen):
        raise GuardError(
            f"{payment} is for {citizen!r}." if citizen else f"{payment} names no citizen.",
            f"{UNTOUCHED} A correction goes to the citizen whom the payment names.",
        )
    _refuse_corrected(subject, case)
    ducats = wish.ducats or _due(case, wish)
    most = floored(case.uncovered)
    if ducats > most:
        raise GuardError(
            f"{format_ducats(ducats)} ducats are more than the {format_ducats(most)} that "
            f"{citizen!r} lacks of {payment}.",
            f"{UNTOUCHED} Credit a gift by hand, with a --reference.",
        )
    if ducats > _due(case, wish) or not ducats:
        why = case.price.why if case.price else "it was not paid for"
        raise GuardError(
            f"{payment}: {why}.",
            f"{UNTOUCHED} To give {format_ducats(most)} ducats all the same: "
            f"add --{Override.UNDERPAID}.",
        )
    order = Order(
        key=_next_correction(case),
        citizen=citizen,
        ducats=ducats,
        cause=Cause.CORRECTION,
        reason=wish.reason,
        facts={**payment_facts(case.charge), **means.facts},
        amends=True,
    )
    decision = _decision(
        subject, wish, ducats=format_ducats(ducats), stratagem_id=order.key, citizen=citizen
    )
    after = _called(replace(case, corrections=(*case.corrections, _as_executed(order, case))))
    return Resolution(subject, decision, orders=(order,), afterwards=after)


def _due(case: Case, wish: Wish) -> Decimal:
    """What he lacks and has paid for; all that he lacks, where a person says so."""
    return floored(case.uncovered if Override.UNDERPAID in wish.overrides else case.owed)


def _refuse_corrected(subject: Subject, case: Case) -> None:
    """Raises GuardError if a correction is on its way, or nothing is lacking any more."""
    now, before = case.terms.now, subject.item.decision
    coming = [row for row in case.corrections if row.state(now) in {State.LIVE, State.DOUBTFUL}]
    if not coming and case.uncovered:
        return
    done = coming or [row for row in case.corrections if row.state(now) is State.EXECUTED]
    told = f": {_told(done[-1])}" if done else ""
    said = f" Decided: {before.described}." if before else ""
    raise GuardError(f"{case.charge.payment_id} was corrected already{told}.", f"{UNTOUCHED}{said}")


def _told(row: Stratagem) -> str:
    """Who gets what by it, when it was made, and why."""
    whom = f"from {row.payer!r}" if row.payer else f"to {row.citizen!r}"
    made = format_moment(row.created_at)
    ducats = format_ducats(row.ducats or ZERO)
    by = f" by {row.made_by}" if row.made_by else ""
    return f"{_id(row)}, {ducats} ducats {whom}, {row.status}, made {made}{by}: {row.reason}"


def _next_correction(case: Case) -> str:
    """A further one only beside corrections that were all executed; a dead one is revived."""
    payment, now = case.charge.payment_id, case.terms.now
    done = {row.stratagem_id for row in case.corrections if row.state(now) is State.EXECUTED}
    number = 1
    while correction_key(payment, number) in done:
        number += 1
    return correction_key(payment, number)


def _as_executed(order: Order, case: Case) -> Stratagem:
    """The order's transfer once the engine has carried it out."""
    return Stratagem(
        record_id=order.key,
        stratagem_id=order.key,
        citizen=order.citizen,
        ducats=order.ducats,
        status="executed",
        created_at=case.terms.now,
        expires_at=None,
        origin=Origin.TAKE_BACK if order.payer else Origin.CORRECTION,
        payer=order.payer,
    )


@dataclass(frozen=True)
class _Surplus:
    """Ducats of one row that somebody has and should not."""

    row: Stratagem
    ducats: Decimal


def _take_back(subject: Subject, wish: Wish, means: Means) -> Resolution:
    found = [s for s in surpluses(subject) if subject.named in {"", s.row.record_id}]
    live = [s for s in found if s.row.state(subject.terms.now) is State.LIVE]
    if live:
        return _ended(subject, wish, means, [one.row for one in live])
    left = [(one, _still_to_take(one, subject)) for one in found]
    total = sum((ducats for _, ducats in left), ZERO)
    if not total:
        raise _all_taken(subject)
    if wish.ducats is not None and wish.ducats > total:
        raise GuardError(
            f"{format_ducats(wish.ducats)} ducats are more than the {format_ducats(total)} that "
            f"are too many of {subject.name}.",
            UNTOUCHED,
        )
    orders = tuple(_taking(subject, wish, means, left))
    taken = sum((order.ducats for order in orders), ZERO)
    debt = ZERO if wish.ducats is not None else total - taken
    decision = _decision(
        subject,
        wish,
        ducats=format_ducats(taken),
        stratagem_id=orders[0].key if orders else None,
        citizen=left[0][0].row.citizen,
        debt=format_ducats(debt) if debt else None,
    )
    return Resolution(subject, decision, orders=orders, afterwards=_less(subject, orders))


def surpluses(subject: Subject) -> Iterator[_Surplus]:
    """What went to somebody else, or out beyond what was sold; of the right citizen's own rows the
    newest first."""
    case, now = subject.case, subject.terms.now
    if case is None:
        rows = [r for r in subject.item.stratagems if r.state(now) in {State.EXECUTED, State.LIVE}]
        yield from (_Surplus(row, row.ducats or ZERO) for row in rows)
        return
    rows = [*case.moving, *case.correcting]
    for row in rows:
        if not case.is_right(row):
            yield _Surplus(row, row.ducats or ZERO)
    amiss = [r for r in case.by_state[State.LIVE] if case.is_right(r) and r.ducats != case.sold]
    if amiss and len(case.moving) == 1:
        yield _Surplus(amiss[0], amiss[0].ducats or ZERO)
        return
    excess = case.carried_right - case.sold
    mine = [r for r in rows if case.is_right(r) and r.state(now) is State.EXECUTED]
    for row in sorted(mine, key=lambda r: (r.executed_at or r.created_at, r.record_id))[::-1]:
        ducats = min(case.staying(row), max(excess, ZERO))
        excess -= ducats
        if ducats:
            gone = (row.ducats or ZERO) - case.staying(row)
            yield _Surplus(row, ducats + gone)


def _takebacks(subject: Subject, row: Stratagem) -> tuple[Stratagem, ...]:
    rows = subject.case.takebacks if subject.case else subject.item.corrections
    return tuple(t for t in rows if taken_record_in(t.stratagem_id) == row.record_id)


def _still_to_take(one: _Surplus, subject: Subject) -> Decimal:
    """What is under way has its row: whatever is left comes after it."""
    now, rows = subject.terms.now, _takebacks(subject, one.row)
    if in_states(rows, now, State.LIVE, State.DOUBTFUL):
        return ZERO
    return max(ZERO, one.ducats - in_states(rows, now, State.EXECUTED))


def _all_taken(subject: Subject) -> GuardError:
    before = subject.item.decision
    rows = subject.case.takebacks if subject.case else subject.item.corrections
    told = f": {_told(rows[-1])}" if rows else ""
    said = f" Decided: {before.described}." if before else ""
    return GuardError(
        f"Nothing of {subject.name} is left to take back{told}.", f"{UNTOUCHED}{said}"
    )


def _taking(
    subject: Subject, wish: Wish, means: Means, left: Iterable[tuple[_Surplus, Decimal]]
) -> Iterator[Order]:
    """By the policy, never more than the citizen has; but for the policy `all`."""
    is_free = means.policy is Policy.ALL
    nothing = means.policy is Policy.NONE and wish.ducats is None
    wanted, available = wish.ducats, dict(means.available)
    for one, ducats in left:
        citizen = one.row.citizen
        has = ducats if is_free else min(ducats, max(ZERO, available.get(citizen, ZERO)))
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
    paid = payment_facts(subject.case.charge) if subject.case else {}
    return Order(
        key=take_back_key(row.record_id, number),
        citizen=means.processor,
        payer=row.citizen,
        ducats=ducats,
        cause=Cause.TAKE_BACK,
        reason=wish.reason,
        facts={**paid, "record": row.record_id, **means.facts},
        # The engine may have refused more than the citizen had: the row then asks for less.
        amends=True,
    )


def _ended(subject: Subject, wish: Wish, means: Means, rows: Sequence[Stratagem]) -> Resolution:
    """What the engine has not taken yet is kept from it by its expiry."""
    endings = tuple(
        Order(
            key=row.stratagem_id or row.record_id,
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
    decision = _decision(subject, wish, ducats="0", stratagem_id=_id(rows[0]))
    records = {row.record_id for row in rows}
    now = subject.terms.now

    def end(row: Stratagem) -> Stratagem:
        return replace(row, expires_at=now) if row.record_id in records else row

    after = _with_rows(subject, end)
    called = _words(after.item) if after else "orphan, kept from the engine"
    return Resolution(subject, decision, endings=endings, afterwards=called)


def _less(subject: Subject, orders: Sequence[Order]) -> str:
    case = subject.case
    if case is None:
        taken = sum((order.ducats for order in orders), ZERO)
        return "settled" if taken >= (subject.item.ducats or ZERO) else "orphan"
    rows = (*case.takebacks, *(_as_executed(order, case) for order in orders))
    return _called(replace(case, takebacks=rows))


def _id(row: Stratagem) -> str:
    return row.stratagem_id or row.record_id


_PLANS: Mapping[How, Callable[[Subject, Wish, Means], Resolution]] = {
    How.CREDIT: _credit,
    How.TAKE_BACK: _take_back,
    How.SETTLED_BY: _settle,
    How.MOVED: _rule,
    How.NOT_MOVED: _rule,
    How.ACCEPT: _accept,
    How.SNOOZE: _snooze,
    How.REOPEN: _reopen,
}
