"""One decision about one case, planned from what was read of both sides: what it writes, and what
the case is called afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cascade_cli.domain.decisions.credit_decision import (
    plan_credit,
    plan_settling,
    refuse_corrected,
)
from cascade_cli.domain.decisions.decision_plan import (
    UNTOUCHED,
    Means,
    Resolution,
    Subject,
    Wish,
    decision_on,
    with_rows,
)
from cascade_cli.domain.decisions.take_back_decision import nothing_left, plan_taking
from cascade_cli.domain.records.decisions import Decision, How
from cascade_cli.domain.records.rulings import on_move
from cascade_cli.domain.records.stratagems import Ruling, Stratagem
from cascade_cli.domain.shop.keys import (
    Origin,
)
from cascade_cli.domain.shop.money import exactly, format_ducats
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import GuardError


def plan(subject: Subject, wish: Wish, means: Means) -> Resolution:
    """What would be written. Raises GuardError if the decision does not fit."""
    if unfinished := _unfinished(subject, wish):
        return unfinished
    refuse_repeated(subject, wish)
    _refuse_unfit(subject, wish)
    with exactly():
        return _PLANS[wish.how](subject, wish, means)


def _unfinished(subject: Subject, wish: Wish) -> Resolution | None:
    """A person found that the transfer moved nothing, but it has not been tried again yet: this
    finishes that decision."""
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
        return  # What became of the transfers tells whether anything is left to do.
    if _is_about_another(subject, wish, before):
        return
    raise GuardError(f"{subject.name} already has this decision: {before.described}.", UNTOUCHED)


def _is_about_another(subject: Subject, wish: Wish, before: Decision) -> bool:
    """The same decision about another transfer, or for another time, is no repetition."""
    if wish.how in {How.MOVED, How.NOT_MOVED}:
        return bool(subject.doubtful)
    if wish.how is How.SETTLED_BY and wish.settles:
        return wish.settles.name != before.stratagem_id
    return wish.how is How.SNOOZE and wish.until != before.until


def _refuse_unfit(subject: Subject, wish: Wish) -> None:
    if wish.how is How.REOPEN or wish.how in subject.choice:
        return
    item, before = subject.item, subject.item.decision
    if wish.how is How.CREDIT and subject.matched and subject.matched.corrections:
        refuse_corrected(subject, subject.matched)
    if wish.how is How.TAKE_BACK and any(r.origin is Origin.TAKE_BACK for r in item.corrections):
        raise nothing_left(subject)
    if before and before.how is wish.how and not wish.how.closes:
        raise GuardError(
            f"{subject.name} already has this decision: {before.described}.", UNTOUCHED
        )
    if item.is_decided and before:
        fits = f"{How.REOPEN.option} opens it again: {before.described}"
    elif subject.choice:
        fits = f"What fits: {', '.join(how.option for how in subject.choice)}"
    else:
        fits = f"It is {item.kind.words}: {item.conclusion or 'there is nothing to decide'}"
    raise GuardError(
        f"{wish.how.option} does not fit {subject.name}, which is {item.kind.words}.",
        f"{UNTOUCHED} {fits}.",
    )


def _accept(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    matched = subject.matched
    writes_off = bool(matched and matched.to_return)
    ducats = format_ducats(subject.item.at_risk)
    decision = decision_on(subject, wish, ducats=ducats)
    return Resolution(subject, decision, writes_off=writes_off, afterwards="decided: accept")


def _snooze(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    decision = decision_on(subject, wish, until=wish.until)
    until = format_moment(wish.until) if wish.until else ""
    return Resolution(subject, decision, afterwards=f"decided: snooze, until {until}")


def _reopen(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    before = subject.item.decision
    if before is None or before.how is How.REOPEN:
        raise GuardError(f"Nobody has decided anything about {subject.name}.", UNTOUCHED)
    kind = subject.item.kind.words
    return Resolution(subject, decision_on(subject, wish), afterwards=kind)


def _rule(subject: Subject, wish: Wish, _means: Means) -> Resolution:
    row = _one_doubtful(subject)
    ruling = Ruling.MOVED if wish.how is How.MOVED else Ruling.NOT_MOVED
    if why := _why_no_ruling(row, ruling):
        raise GuardError(f"{row.name}: {why}.", f"{UNTOUCHED} What fits: {_others(subject, wish)}.")
    decided = on_move(row, ruling)
    decision = decision_on(subject, wish, stratagem_id=row.name)
    after = with_rows(subject, decided.applied_to)
    called = after.item.kind.words if after else "decided"
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


def _why_no_ruling(row: Stratagem, ruling: Ruling) -> str:
    """Why nobody can make this ruling about the row; empty if somebody can."""
    if row.other_processor and row.status == "active":
        return f"{row.other_processor!r} pays it, and the engine may still take it"
    if ruling is Ruling.MOVED and row.ducats is None:
        return f"nobody can tell how many ducats it moved: {row.notes_flaw}"
    if ruling is Ruling.NOT_MOVED and row.has_moved:
        return f"it surely moved its ducats once: {row.doubt}"
    return ""


_PLANS: Mapping[How, Callable[[Subject, Wish, Means], Resolution]] = {
    How.CREDIT: plan_credit,
    How.TAKE_BACK: plan_taking,
    How.SETTLED_BY: plan_settling,
    How.MOVED: _rule,
    How.NOT_MOVED: _rule,
    How.ACCEPT: _accept,
    How.SNOOZE: _snooze,
    How.REOPEN: _reopen,
}
