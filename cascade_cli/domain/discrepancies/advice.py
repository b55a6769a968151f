"""What a person can do about a charge or transfer, given what is known about it.

Each kind has a list of cases. The first case that fits decides; the last one always fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cascade_cli.domain.discrepancies.findings import stale_returns
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import money_is_open, needs_funds, owes_rest
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.records.charges import Dispute
from cascade_cli.domain.records.stratagems import State
from cascade_cli.domain.shop.money import ZERO

Fits = Callable[[MatchedCharge], object]
Rules = Sequence[tuple[Fits, str]]

_COMPARE = "Compare both balances with what they should be before anything else."
_PART_BACK = (
    "Some of the money went back, or may: decide how many ducats are still owed, credit those by "
    "hand, and accept the case."
)
_VANISHED = (
    "Look for its stratagem in Airtable's trash and history. Only if its ducats did not arrive, "
    "decide on --credit."
)
_FOUND_OUT = (
    f"{_COMPARE} If its ducats arrived, say --moved; if not, --not-moved lets it go out again."
)
_TWINS_DOUBTFUL = f"One of them may or may not have moved its ducats. {_FOUND_OUT}"
_TWINS_EXECUTED = "They were executed: talk to the citizen, and take back the surplus."
_TWINS_HALF = "One was executed: end the rest before the engine's next run."
_TWINS_LIVE = "None is executed yet: end all but one before the engine's next run."
_DEBT = (
    "When the citizen has ducats again, `cascade refund` takes them. Until then, put the "
    "case off. If you accept it instead, they are never taken back."
)
_SOME_GONE = "Some of the money is gone: take its ducats back, or write them off."
_IN_REVIEW = "The dispute has been answered: wait for the bank's decision."
_TO_ARRIVE = (
    "Its ducats are still to arrive: if they should not, cancel the stratagem before the engine's "
    "next run."
)
_FIND_MAKER = "Find out who made it: another Stripe account, a credit by hand, or abuse."


def advice_for(matched: MatchedCharge, kind: Kind) -> str:
    """The advice for a charge of that kind; empty if there is nothing to do."""
    if kind is Kind.DUPLICATE:
        return advice_on_twins([row.state(matched.terms.now) for row in matched.moving])
    return next((text for fits, text in _RULES.get(kind, ()) if fits(matched)), "")


def advice_on_orphan(state: State) -> str:
    """The advice for a transfer that nobody can account for."""
    return f"{_FIND_MAKER} {_ORPHANS[state]}"


def advice_on_twins(states: Sequence[State]) -> str:
    """The advice for rows with one cause, if more than one of them moved ducats, may have, or
    will."""
    if State.DOUBTFUL in states:
        return _TWINS_DOUBTFUL
    if State.LIVE not in states:
        return _TWINS_EXECUTED
    return _TWINS_HALF if State.EXECUTED in states else _TWINS_LIVE


def conclusion_of(matched: MatchedCharge, kind: Kind) -> str:
    """How a charge stands that has no discrepancy."""
    return next((text for fits, text in _CONCLUSIONS.get(kind, ()) if fits(matched)), "")


def _always(_matched: MatchedCharge) -> bool:
    return True


def _has(state: State) -> Fits:
    return lambda matched: matched.by_state[state]


def _wrong(state: State) -> Fits:
    return lambda matched: any(not matched.is_right(row) for row in matched.by_state[state])


def _amiss_in(state: State) -> Fits:
    return lambda matched: any(row in matched.by_state[state] for row in matched.wrong_amount_rows)


def _is_short(matched: MatchedCharge) -> bool:
    return all((row.ducats or ZERO) < matched.sold for row in matched.wrong_amount_rows)


def _is_cancelled(matched: MatchedCharge) -> bool:
    return any(row.status == "cancelled" for row in matched.by_state[State.STALLED])


def _partly_back(matched: MatchedCharge) -> bool:
    return 0 < matched.cents_back < matched.charge.captured_cents


def _awaits_money(matched: MatchedCharge) -> bool:
    undecided = _undecided(matched)
    return bool(undecided) and all(dispute.awaits_money for dispute in undecided)


def _is_reviewed(matched: MatchedCharge) -> bool:
    """All that is left to do about the disputes is to wait."""
    undecided = _undecided(matched)
    return bool(undecided) and all(d.is_reviewed or d.awaits_money for d in undecided)


def _undecided(matched: MatchedCharge) -> list[Dispute]:
    return [dispute for dispute in matched.disputes if dispute.is_undecided]


def _returning(matched: MatchedCharge) -> bool:
    return any(row.payer and row.state(matched.terms.now) is State.LIVE for row in matched.returns)


def _given_again(matched: MatchedCharge) -> bool:
    return any(not r.payer and r.state(matched.terms.now) is State.LIVE for r in matched.returns)


def _doubtful_returns(matched: MatchedCharge) -> bool:
    return any(row.state(matched.terms.now) is State.DOUBTFUL for row in matched.returns)


# If something is to be delivered, these cases come first: a further transfer may pay twice.
_UNCERTAIN: Rules = (
    (lambda matched: matched.has_vanished, _VANISHED),
    (owes_rest, "Some of the money went back: this delivers what the rest of it bought."),
    (
        lambda matched: matched.is_contested,
        "Wait for the end of the dispute: if it is won, `cascade refund` delivers the ducats.",
    ),
    (money_is_open, _PART_BACK),
)

_RULES: Mapping[Kind, Rules] = {
    Kind.DOUBTFUL: (
        (_doubtful_returns, f"{_COMPARE} If they came back, say --moved, else --not-moved."),
        (_always, _FOUND_OUT),
    ),
    Kind.WRONG_CITIZEN: (
        (_wrong(State.DOUBTFUL), _FOUND_OUT),
        (
            lambda matched: matched.uncovered and _wrong(State.EXECUTED)(matched),
            "It was executed: credit the right citizen, then take the ducats back from the other.",
        ),
        (
            _wrong(State.EXECUTED),
            "It was executed, and the right citizen has the ducats: take them back from the other.",
        ),
        (
            _always,
            "It is not executed yet: take it back before the engine's next run, then credit the "
            "right citizen.",
        ),
    ),
    Kind.AMOUNT_MISMATCH: (
        (_amiss_in(State.DOUBTFUL), _FOUND_OUT),
        (
            _amiss_in(State.LIVE),
            "It is not executed yet: take it back before the engine's next run, then credit what "
            "was sold.",
        ),
        (
            lambda matched: _is_short(matched) and not matched.owed,
            "It was executed with too few ducats, and the rest was not paid for: accept it, or "
            "credit the rest all the same.",
        ),
        (_is_short, "It was executed with too few ducats: credit the difference."),
        (
            _always,
            "It was executed with too many ducats: talk to the citizen, and take back the surplus.",
        ),
    ),
    Kind.UNATTRIBUTABLE: (
        (
            lambda matched: matched.charge.unallocated,
            "Find out who was to get how much, then credit each by hand, and accept the case.",
        ),
        *_UNCERTAIN,
        (
            lambda matched: matched.as_decided.citizen,
            "Find out how many ducats it paid for, then credit them to that payment.",
        ),
        (_always, "Find the buyer by Stripe's receipt, then credit the payment to that citizen."),
    ),
    Kind.UNKNOWN_CITIZEN: (
        *_UNCERTAIN,
        (
            lambda matched: matched.similar_citizens,
            "Make sure that the citizen whom Venice has is the buyer, then credit that citizen.",
        ),
        (
            _always,
            "Find the right spelling and credit that citizen, or wait until the citizen exists in "
            "Venice.",
        ),
    ),
    Kind.MISSING: (
        *_UNCERTAIN,
        (
            lambda matched: matched.charge.disputed,
            "The dispute has ended, and the money is there: this delivers the ducats.",
        ),
        (_always, "Credit it. Many of these mean that the webhook does not work."),
    ),
    Kind.FAILED: (
        *_UNCERTAIN,
        (needs_funds, "Give the processor enough ducats, then credit it."),
        (_always, "Remove the cause that the engine names, then credit it."),
    ),
    Kind.STALLED: (
        *_UNCERTAIN,
        (_is_cancelled, "Somebody cancelled it: find out who. A credit revives the same record."),
        (_always, "Credit it: the same record is revived."),
    ),
    Kind.DISPUTED: (
        (lambda matched: matched.debt and not matched.is_contested, _DEBT),
        (
            lambda matched: matched.to_return and not matched.is_contested,
            "Its money is gone: take the ducats back, or write them off.",
        ),
        (
            lambda matched: matched.to_return and _is_reviewed(matched),
            _SOME_GONE,
        ),
        (
            lambda matched: matched.to_return,
            f"{_SOME_GONE} Answer the open dispute in Stripe.",
        ),
        (_awaits_money, "The dispute was won: wait until its money is back."),
        (
            lambda matched: _is_reviewed(matched) and _has(State.LIVE)(matched),
            f"{_IN_REVIEW} {_TO_ARRIVE}",
        ),
        (_is_reviewed, _IN_REVIEW),
        (
            _has(State.EXECUTED),
            "Answer the dispute in Stripe; an executed stratagem proves the delivery.",
        ),
        (
            _has(State.LIVE),
            f"Answer the dispute in Stripe. {_TO_ARRIVE}",
        ),
        (_always, "Answer the dispute in Stripe."),
    ),
    Kind.REFUNDED: (
        (stale_returns, "End it before the engine's next run: its ducats stay with the citizen."),
        (
            lambda matched: matched.to_give_again,
            "Give the citizen the ducats that were wrongly taken or kept back.",
        ),
        (lambda matched: matched.debt, _DEBT),
        (
            lambda matched: not matched.by_state[State.EXECUTED] and not _partly_back(matched),
            "Its ducats have not arrived yet: keep them from arriving before the engine's next "
            "run.",
        ),
        (
            lambda matched: not matched.by_state[State.EXECUTED],
            "Its ducats have not arrived yet: when they have, decide whether the refunded part is "
            "to come back.",
        ),
        (_partly_back, "Decide whether the ducats of the refunded part are to come back."),
        (_always, "Decide whether the ducats are to come back."),
    ),
    Kind.UNDERPAID: (
        (
            _always,
            "Find out how the price was made: metadata that buyers can set is the usual cause. "
            "Then accept what was delivered.",
        ),
    ),
    Kind.IN_FLIGHT: (
        (
            lambda matched: matched.moving or matched.returns,
            "Wait for the engine's next run.",
        ),
        (_always, "Wait: the webhook may still credit it."),
    ),
}

_CONCLUSIONS: Mapping[Kind, Rules] = {
    Kind.SETTLED: (
        (
            lambda matched: not matched.by_state[State.EXECUTED] and matched.is_void,
            "all money went back before any ducats moved: nothing is owed",
        ),
        (
            lambda matched: not matched.by_state[State.EXECUTED],
            "nothing was executed, and nothing is owed",
        ),
        (
            lambda matched: matched.withheld,
            "what was not refunded was executed once, for the right citizen; nothing is owed",
        ),
        (
            lambda matched: matched.cents_back,
            "executed once, for the right citizen and amount; the ducats due back for the money "
            "that went back are settled",
        ),
        (_always, "executed once, for the right citizen and amount; nothing is owed"),
    ),
    Kind.IN_FLIGHT: (
        (_returning, "ducats are on their way back, and wait for the engine's next run"),
        (
            _given_again,
            "ducats are on their way to the citizen again, and wait for the engine's next run",
        ),
        (_has(State.LIVE), "on its way: it waits for the engine's next run"),
        (_always, "recent: the webhook may still credit it"),
    ),
}

_ORPHANS: Mapping[State, str] = {
    State.LIVE: "If nobody can say, take it back before the engine's next run.",
    State.EXECUTED: "Its ducats have arrived: take them back, or accept it if it was meant.",
    State.DOUBTFUL: "Its ducats may have moved: compare both balances, then say whether they did.",
    State.STALLED: "As it stands, the engine passes it over: accept it.",
    State.FAILED: "No ducats moved: accept it.",
}
