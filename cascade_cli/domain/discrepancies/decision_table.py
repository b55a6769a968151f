"""Which decisions fit a case, by its kind and what is known of it; the best one first.

This is the only place that says so. A decision that does not fit is refused, with those that do.
The first one that fits is printed beside a case that no machine may settle. The manual's tables are
made from this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.matching.settled_by import mentioned_by, settling_rows
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import floored

Choice = tuple[How, ...]

_FOUND_OUT: Choice = (How.MOVED, How.NOT_MOVED, How.SNOOZE)
_LACKS: Choice = (How.CREDIT, How.SETTLED_BY, How.SNOOZE, How.ACCEPT)
_UNSURE: Choice = (How.SNOOZE, How.CREDIT, How.SETTLED_BY, How.ACCEPT)
_SURPLUS: Choice = (How.TAKE_BACK, How.SNOOZE, How.ACCEPT)
_DEBT: Choice = (How.SNOOZE, How.TAKE_BACK, How.ACCEPT)
_WAIT: Choice = (How.SNOOZE, How.ACCEPT)
_LEAVE: Choice = (How.ACCEPT, How.SNOOZE)
_SETTLE: Choice = (How.SETTLED_BY, How.CREDIT, How.SNOOZE, How.ACCEPT)
_REST: Choice = (How.ACCEPT, How.CREDIT, How.TAKE_BACK, How.SETTLED_BY, How.SNOOZE)


@dataclass(frozen=True)
class DecisionRule:
    """What is known of a case, which decisions then fit, and the reason printed with the first of
    them.

    `days` is for how long the case is put off, if it is.
    """

    known: str
    fits: Callable[[MatchedCharge], object]
    choice: Choice
    reason: str
    days: int = 7


@dataclass(frozen=True)
class TransferRule:
    """The same for a transfer without a charge."""

    known: str
    fits: Callable[[Item, datetime], object]
    choice: Choice
    reason: str
    days: int = 7


def rule_for(
    item: Item, matched: MatchedCharge | None, now: datetime
) -> DecisionRule | TransferRule:
    """The first rule that fits what is known. Only for a discrepancy."""
    if matched is None:
        return next(rule for rule in TRANSFERS if rule.fits(item, now))
    return next(rule for rule in CHARGES[item.kind] if rule.fits(matched))


def decisions_for(item: Item, matched: MatchedCharge | None, now: datetime) -> Choice:
    """The decisions that fit; none for what is settled or waits for the engine."""
    return rule_for(item, matched, now).choice if item.kind.is_discrepancy else ()


def doubtful_rows(matched: MatchedCharge) -> tuple[Stratagem, ...]:
    """All transfers of the charge, in either direction, that may or may not have moved."""
    rows = (*matched.stratagems, *matched.corrections, *matched.returns, *matched.takebacks)
    return tuple(row for row in rows if row.state(matched.terms.now) is State.DOUBTFUL)


def table() -> Iterator[tuple[str, str, Choice]]:
    """Every row of the manual's table: the kinds, what is known, the decisions that fit."""
    kinds_by_rules: dict[int, list[Kind]] = {}
    for kind, rules in CHARGES.items():
        kinds_by_rules.setdefault(id(rules), []).append(kind)
    for kinds in kinds_by_rules.values():
        names = ", ".join(f"`{kind.value}`" for kind in kinds)
        yield from ((names, rule.known, rule.choice) for rule in CHARGES[kinds[0]])
    names = f"`{Kind.ORPHAN.value}`, a credit by hand"
    yield from ((names, rule.known, rule.choice) for rule in TRANSFERS)


def _always(_matched: MatchedCharge) -> bool:
    return True


def _is_doubtful(matched: MatchedCharge) -> bool:
    return bool(doubtful_rows(matched))


def _wrong_is_live(matched: MatchedCharge) -> bool:
    return any(
        row in matched.by_state[State.LIVE] for row in matched.moving if not matched.is_right(row)
    )


def _amiss_is_live(matched: MatchedCharge) -> bool:
    return any(row in matched.by_state[State.LIVE] for row in matched.moving)


def _correction_is_live(matched: MatchedCharge) -> bool:
    return any(row.state(matched.terms.now) is State.LIVE for row in matched.corrections)


def _amount_is_unknown(matched: MatchedCharge) -> bool:
    """The payment does not say how many ducats it sold, but something was sent for it. So nobody
    can say how much is still lacking."""
    return matched.charge.ducats is None and bool(matched.corrections or matched.executed)


def _lacks(matched: MatchedCharge) -> bool:
    return bool(matched.uncovered)


def _lacks_what_was_paid(matched: MatchedCharge) -> bool:
    return bool(matched.owed)


def _has_surplus_live(matched: MatchedCharge) -> bool:
    return bool(matched.by_state[State.LIVE]) or _correction_is_live(matched)


def _has_debt(matched: MatchedCharge) -> object:
    """The newest decision took back what could be had, and the citizens have nothing more."""
    decision = matched.terms.decided.decisions.get(matched.charge.payment_id)
    holders = [row.citizen for row in _wrong_rows(matched)] or [matched.as_decided.citizen or ""]
    return decision is not None and decision.debt and not any(map(matched.can_return, holders))


def _is_unsure(matched: MatchedCharge) -> bool:
    """What is owed depends on what the payer or the bank does."""
    return bool(matched.charge.unallocated or matched.is_contested)


def _wrong_rows(matched: MatchedCharge) -> tuple[Stratagem, ...]:
    return tuple(s for s in (*matched.moving, *matched.correcting) if not matched.is_right(s))


def _is_minted(matched: MatchedCharge) -> bool:
    """Only the processor has the ducats that went to the wrong citizen: it paid itself."""
    return not matched.uncovered and all(map(matched.is_minted, _wrong_rows(matched)))


def _mention_is_unresolved(matched: MatchedCharge) -> bool:
    """A credit by hand that mentions the payment is doubtful or stalled. It must be decided or
    finished first."""
    row = mentioned_by(matched)
    return row is not None and row.state(matched.terms.now) in {State.DOUBTFUL, State.STALLED}


def _cannot_be_carried(matched: MatchedCharge) -> bool:
    """The engine's float can hold no amount near it."""
    return matched.is_attributable and not floored(matched.owed)


_DOUBTFUL = DecisionRule(
    "a transfer may or may not have moved its ducats",
    _is_doubtful,
    (*_FOUND_OUT, How.ACCEPT),
    "the balances show it",
)
_INDEBTED = DecisionRule(
    "the citizen has spent what is to come back",
    _has_debt,
    _DEBT,
    "the citizen does not have them now",
    days=30,
)
_SETTLED_BY = DecisionRule(
    "another transfer may be the one that it lacks",
    settling_rows,
    _SETTLE,
    "that transfer was made for it",
)
_MENTIONED = DecisionRule(
    "a credit by hand that mentions it may or may not have moved, or is stuck",
    _mention_is_unresolved,
    (How.SNOOZE, How.SETTLED_BY, How.CREDIT, How.ACCEPT),
    "that credit is being looked into",
    days=1,
)
_UNPAID = DecisionRule(
    "what was paid for was executed, and the rest was not paid for",
    lambda matched: matched.price_objection and matched.carried_right and not matched.owed,
    _REST,
    "the rest was not paid for",
)
# For what nobody has delivered yet. Whatever makes that unsure comes first.
_UNDELIVERED: Sequence[DecisionRule] = (
    _DOUBTFUL,
    DecisionRule(
        "a correction of it is on its way",
        _correction_is_live,
        _WAIT,
        "the engine has not run yet",
        days=1,
    ),
    DecisionRule(
        "the engine has not taken a transfer to another citizen yet",
        _wrong_is_live,
        (How.TAKE_BACK, How.SNOOZE),
        "it goes to another citizen than the buyer",
    ),
    DecisionRule(
        "the engine has not taken its transfer yet",
        _amiss_is_live,
        _WAIT,
        "the engine has not run yet",
        days=1,
    ),
    DecisionRule(
        "all of it was delivered, and it was not paid for in full",
        lambda matched: matched.price_objection and not matched.uncovered,
        (How.ACCEPT, How.TAKE_BACK, How.SNOOZE),
        "delivered below its price",
    ),
    DecisionRule(
        "what is owed depends on the bank, the payer, or an unclear allocation",
        _is_unsure,
        (How.SNOOZE, How.SETTLED_BY, How.ACCEPT),
        "it is not decided yet what is owed",
    ),
    DecisionRule(
        "its transfer has vanished from the base",
        lambda matched: matched.has_vanished,
        _UNSURE,
        "its transfer is being looked for",
    ),
    _SETTLED_BY,
    _MENTIONED,
    _UNPAID,
    DecisionRule(
        "nobody can tell how many of its ducats were paid for",
        lambda matched: (
            _amount_is_unknown(matched) or (matched.price_objection and not matched.owed)
        ),
        _UNSURE,
        "the buyer is being asked",
    ),
    DecisionRule(
        "its ducats are too few to transfer",
        lambda matched: _cannot_be_carried(matched) and matched.owed < 1,
        (How.ACCEPT, How.SETTLED_BY, How.SNOOZE),
        "its ducats are too few to transfer",
    ),
    DecisionRule(
        "its ducats are too many to transfer exactly",
        _cannot_be_carried,
        _UNSURE,
        "the buyer is being asked",
    ),
    DecisionRule(
        "it was not paid for in full",
        lambda matched: matched.price_objection,
        _LACKS,
        "only this was paid for",
    ),
    DecisionRule(
        "its citizen may not be the one who bought it",
        lambda matched: matched.identity_doubt,
        _LACKS,
        "the buyer was found",
    ),
    DecisionRule("nothing of it was delivered", _always, _LACKS, "paid but not delivered"),
)

CHARGES: Mapping[Kind, Sequence[DecisionRule]] = {
    Kind.DUPLICATE: (
        _DOUBTFUL,
        DecisionRule(
            # Here a repair ends what the engine has not taken yet.
            "the engine has not taken all of its transfers yet",
            _has_surplus_live,
            _WAIT,
            "the engine has not run yet",
            days=1,
        ),
        _INDEBTED,
        DecisionRule(
            "more was executed than was sold", _always, _SURPLUS, "transferred more than once"
        ),
    ),
    Kind.DOUBTFUL: (
        DecisionRule(
            _DOUBTFUL.known,
            _always,
            (*_FOUND_OUT, How.SETTLED_BY, How.ACCEPT),
            _DOUBTFUL.reason,
        ),
    ),
    Kind.WRONG_CITIZEN: (
        _DOUBTFUL,
        DecisionRule(
            "the engine has not taken the wrong transfer yet",
            _wrong_is_live,
            (How.TAKE_BACK, How.SNOOZE),
            "it goes to another citizen than the buyer",
        ),
        _SETTLED_BY,
        _MENTIONED,
        DecisionRule(
            "the right citizen lacks ducats",
            _lacks_what_was_paid,
            (How.CREDIT, How.TAKE_BACK, How.SETTLED_BY, How.SNOOZE, How.ACCEPT),
            "its ducats went to another citizen",
        ),
        DecisionRule(
            "the right citizen has them, and the processor also paid itself",
            _is_minted,
            _LEAVE,
            "nobody has them but the processor",
        ),
        _INDEBTED,
        DecisionRule(
            "the right citizen lacks ducats that were not paid for",
            _lacks,
            (How.TAKE_BACK, How.CREDIT, How.SETTLED_BY, How.SNOOZE, How.ACCEPT),
            "they went to another citizen than the buyer",
        ),
        DecisionRule(
            "the right citizen has them, and another one too",
            _always,
            _SURPLUS,
            "they went to another citizen than the buyer",
        ),
    ),
    Kind.AMOUNT_MISMATCH: (
        _DOUBTFUL,
        DecisionRule(
            "the engine has not taken the transfer yet",
            _amiss_is_live,
            (How.TAKE_BACK, How.SNOOZE),
            "it has another amount than was sold",
        ),
        _SETTLED_BY,
        _MENTIONED,
        DecisionRule(
            "too few were executed", _lacks_what_was_paid, _LACKS, "too few were transferred"
        ),
        _UNPAID,
        _INDEBTED,
        DecisionRule("too many were executed", _always, _SURPLUS, "too many were transferred"),
    ),
    Kind.UNATTRIBUTABLE: _UNDELIVERED,
    Kind.UNKNOWN_CITIZEN: _UNDELIVERED,
    Kind.MISSING: _UNDELIVERED,
    Kind.FAILED: _UNDELIVERED,
    Kind.STALLED: _UNDELIVERED,
    Kind.DISPUTED: (
        DecisionRule(
            "the bank has not decided", lambda c: c.is_contested, _WAIT, "the bank decides"
        ),
        DecisionRule(
            "the money is gone, and what could not be taken back is a debt",
            _always,
            _WAIT,
            "the citizen does not have them now",
            days=30,
        ),
    ),
    Kind.REFUNDED: (
        _DOUBTFUL,
        DecisionRule(
            "what could not be taken back is a debt",
            lambda matched: matched.debt,
            _WAIT,
            "the citizen does not have them now",
            days=30,
        ),
        DecisionRule("a person has to look first", _always, _WAIT, "it is being looked into"),
    ),
    Kind.UNDERPAID: _UNDELIVERED,
}


def _rows_in(item: Item, now: datetime, *states: State) -> bool:
    return any(row.state(now) in states for row in item.rows)


def _was_taken_back(item: Item, _now: datetime) -> bool:
    is_short = item.decision is not None and bool(item.decision.debt)
    return is_short and not item.left_there


def _is_coming_back(item: Item, now: datetime) -> bool:
    return any(row.state(now) is State.LIVE for row in item.corrections)


def _is_orphan(item: Item, now: datetime) -> bool:
    is_known = item.kind is Kind.ORPHAN and item.at_risk > 0
    return is_known and item.stratagems[0].state(now) in {State.EXECUTED, State.LIVE}


# For transfers without a payment: an orphan, or a credit by hand that went wrong.
TRANSFERS: Sequence[TransferRule] = (
    TransferRule(
        _DOUBTFUL.known,
        lambda item, now: _rows_in(item, now, State.DOUBTFUL),
        _DOUBTFUL.choice,
        _DOUBTFUL.reason,
    ),
    TransferRule(
        "some of it is on its way back",
        _is_coming_back,
        _WAIT,
        "the engine has not run yet",
        days=1,
    ),
    TransferRule(_INDEBTED.known, _was_taken_back, _DEBT, _INDEBTED.reason, _INDEBTED.days),
    TransferRule(
        "it was executed, or will be, and nobody paid for it",
        _is_orphan,
        _SURPLUS,
        "nobody has paid for it",
    ),
    TransferRule(
        "a credit by hand was executed more than once",
        lambda item, _now: item.kind is Kind.DUPLICATE and item.at_risk,
        _SURPLUS,
        "transferred more than once",
    ),
    TransferRule(
        "a credit by hand has not arrived, and will not as it stands",
        lambda item, _now: item.kind in {Kind.FAILED, Kind.STALLED} and item.at_risk,
        _WAIT,
        "what stopped it is not gone yet",
    ),
    TransferRule(
        "it no longer moves anything, or nobody can read how much",
        lambda *_: True,
        _LEAVE,
        "nothing is left to take back",
    ),
)
