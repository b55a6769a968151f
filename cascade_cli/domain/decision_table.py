"""Which decisions fit a case: by its kind and what is known of it, the one to look at first first.

This is the one place that says so. What does not fit is refused, with what does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cascade_cli.domain.case import Case
from cascade_cli.domain.decisions import How
from cascade_cli.domain.items import Item
from cascade_cli.domain.keys import Origin
from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.repair import owes_rest
from cascade_cli.domain.stratagems import State, Stratagem

Fits = Callable[[Case], object]
Choice = tuple[How, ...]
Rules = Sequence[tuple[Fits, Choice]]

_FOUND_OUT: Choice = (How.MOVED, How.NOT_MOVED, How.SNOOZE)
_LACKS: Choice = (How.CREDIT, How.SETTLED_BY, How.SNOOZE, How.ACCEPT)
_SURPLUS: Choice = (How.TAKE_BACK, How.SNOOZE, How.ACCEPT)
_WAIT: Choice = (How.SNOOZE, How.ACCEPT)


def decisions_for(item: Item, case: Case | None, now: datetime) -> Choice:
    """Those that fit; none for what is settled or waits for the engine."""
    if not item.kind.is_discrepancy:
        return ()
    if case is None:
        return _without_charge(item, now)
    return next(choice for fits, choice in _RULES[item.kind] if fits(case))


def _without_charge(item: Item, now: datetime) -> Choice:
    if item.kind is Kind.DOUBTFUL:
        return (*_FOUND_OUT, How.ACCEPT)
    if item.kind is not Kind.ORPHAN:
        return _WAIT
    return _ORPHANS[item.stratagems[0].state(now)]


_ORPHANS: Mapping[State, Choice] = {
    State.EXECUTED: _SURPLUS,
    State.LIVE: _SURPLUS,
    State.DOUBTFUL: (*_FOUND_OUT, How.ACCEPT),
    State.STALLED: (How.ACCEPT, How.SNOOZE),
    State.FAILED: (How.ACCEPT, How.SNOOZE),
}


def doubtful_rows(case: Case) -> tuple[Stratagem, ...]:
    """All of its transfers, in either direction, that may or may not have moved."""
    rows = (*case.stratagems, *case.corrections, *case.returns, *case.takebacks)
    return tuple(row for row in rows if row.state(case.terms.now) is State.DOUBTFUL)


def _always(_case: Case) -> bool:
    return True


def _is_doubtful(case: Case) -> bool:
    return bool(doubtful_rows(case))


def _wrong_is_live(case: Case) -> bool:
    return any(row in case.by_state[State.LIVE] for row in case.moving if not case.is_right(row))


def _amiss_is_live(case: Case) -> bool:
    return any(row in case.by_state[State.LIVE] for row in case.moving)


def _lacks(case: Case) -> bool:
    return bool(case.uncovered)


def _has_surplus_live(case: Case) -> bool:
    return bool(case.by_state[State.LIVE])


def _is_unsure(case: Case) -> bool:
    """What is owed depends on what the payer or the bank does, or `cascade refund` delivers it."""
    return bool(case.charge.unallocated or case.is_contested or owes_rest(case))


# To deliver what nobody has delivered yet; whatever makes that unsure comes first.
_UNDELIVERED: Rules = (
    (_is_unsure, (How.SNOOZE, How.SETTLED_BY, How.ACCEPT)),
    (_always, _LACKS),
)

_RULES: Mapping[Kind, Rules] = {
    Kind.DUPLICATE: (
        (_is_doubtful, (*_FOUND_OUT, How.ACCEPT)),
        # Repair ends what the engine has not taken yet.
        (_has_surplus_live, _WAIT),
        (_always, _SURPLUS),
    ),
    Kind.DOUBTFUL: ((_always, (*_FOUND_OUT, How.SETTLED_BY, How.ACCEPT)),),
    Kind.WRONG_CITIZEN: (
        (_is_doubtful, (*_FOUND_OUT, How.ACCEPT)),
        (_wrong_is_live, (How.TAKE_BACK, How.SNOOZE)),
        (_lacks, (How.CREDIT, How.TAKE_BACK, How.SETTLED_BY, How.SNOOZE, How.ACCEPT)),
        (_always, _SURPLUS),
    ),
    Kind.AMOUNT_MISMATCH: (
        (_is_doubtful, (*_FOUND_OUT, How.ACCEPT)),
        (_amiss_is_live, (How.TAKE_BACK, How.SNOOZE)),
        (_lacks, _LACKS),
        (_always, _SURPLUS),
    ),
    Kind.UNATTRIBUTABLE: _UNDELIVERED,
    Kind.UNKNOWN_CITIZEN: _UNDELIVERED,
    Kind.MISSING: _UNDELIVERED,
    Kind.FAILED: _UNDELIVERED,
    Kind.STALLED: _UNDELIVERED,
    # Lost, or refunded: what is accepted is written off.
    Kind.DISPUTED: ((_always, _WAIT),),
    Kind.REFUNDED: ((_is_doubtful, (*_FOUND_OUT, How.ACCEPT)), (_always, _WAIT)),
    Kind.UNDERPAID: ((lambda case: case.uncovered and not case.moving, _LACKS), (_always, _WAIT)),
}


def may_settle(row: Stratagem) -> bool:
    """A person can have made it for a payment that it does not name."""
    return row.origin in {Origin.MANUAL, Origin.OLDER, Origin.OTHER} and bool(row.stratagem_id)
