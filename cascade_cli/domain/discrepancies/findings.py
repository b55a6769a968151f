"""What is wrong with one charge: each question asked alone, the gravest answer names the kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.domain.discrepancies.kinds import GRAVITY, Kind
from cascade_cli.domain.discrepancies.refund_plan import picture_of
from cascade_cli.domain.matching.matched_charge import Case, sum_ducats
from cascade_cli.domain.records.charges import MINTS, Dispute
from cascade_cli.domain.records.stratagems import State, Stratagem, possible_moves
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS
from cascade_cli.domain.selling.pricing import worth_ducats
from cascade_cli.domain.shop.citizen_names import look_alike, no_citizen, told_apart
from cascade_cli.domain.shop.money import ZERO, format_ducats, format_money
from cascade_cli.domain.shop.times import format_moment


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, with the ducats that are at risk by it and a plain sentence."""

    kind: Kind
    at_risk: Decimal
    sentence: str


def findings(case: Case) -> tuple[Finding, ...]:
    """All that is wrong with the charge, most ducats at risk first, the graver kind in a tie."""
    found = [finding for question in _QUESTIONS if (finding := question(case))]
    return tuple(sorted(found, key=lambda f: (-f.at_risk, GRAVITY[f.kind])))


# What is left to deliver: there the price comes first, whatever else is wrong.
_UNDELIVERED = frozenset(
    {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.UNKNOWN_CITIZEN, Kind.UNATTRIBUTABLE}
)


def sentences(found: tuple[Finding, ...]) -> list[str]:
    """All that is wrong in words, what decides about the next step first."""
    first = found[:1]
    if first and first[0].kind in _UNDELIVERED:
        first = tuple(f for f in found if f.kind is Kind.UNDERPAID)[:1] or first
    others = [f"also {f.kind}: {f.sentence}" for f in found if f not in first]
    return [*(finding.sentence for finding in first), *others]


def _duplicate(case: Case) -> Finding | None:
    rows = case.moving
    if len(rows) <= 1:
        # What was corrected is no second transfer, but for what went out beyond what was sold.
        if not case.correcting or case.carried_right <= case.sold:
            return None
        rows = tuple(s for s in (*rows, *case.correcting) if case.is_right(s))
    total = sum((case.staying(row) for row in rows), ZERO)
    surplus = max(total - case.sold, ZERO)
    sentence = (
        f"{len(rows)} stratagems are executed or may still be: together "
        f"{format_ducats(total)} ducats for {format_ducats(case.sold)} sold"
    )
    return Finding(Kind.DUPLICATE, surplus, sentence)


def _doubtful(case: Case) -> Finding | None:
    corrections = (s for s in case.corrections if s.state(case.terms.now) is State.DOUBTFUL)
    doubtful = (*case.by_state[State.DOUBTFUL], *corrections)
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful) or case.sold
    sentence = (
        f"{format_ducats(ducats)} ducats {possible_moves(doubtful)}: compare the balances before "
        "anything is tried again"
    )
    if other := next((s.other_processor for s in doubtful if s.other_processor), ""):
        sentence += f"; {other!r} pays them, not the processor: find out who made that stratagem"
    # All that is outstanding hangs on what really happened, whatever amount the stratagem names.
    return Finding(Kind.DOUBTFUL, max(ducats, case.outstanding), sentence)


def _wrong_citizen(case: Case) -> Finding | None:
    wrong = [s for s in (*case.moving, *case.correcting) if not case.is_right(s)]
    if not wrong or not case.buyer.citizen:
        return None
    state, row = _gravest(case, wrong)
    got, due = row.citizen, case.buyer.citizen
    shown = told_apart(got, due) if look_alike(got, due) else repr(got)
    sentence = f"{_GOES[state]} {shown}, but {due!r} was to receive it"
    if case.correcting and not case.uncovered:
        sentence += ", who gets it by a correction"
    at_risk = sum((case.staying(row) for row in wrong), case.uncovered)
    return Finding(Kind.WRONG_CITIZEN, at_risk, sentence)


_GOES = {
    State.EXECUTED: "went to",
    State.DOUBTFUL: "went, or may have gone, to",
    State.LIVE: "is to go to",
}
_TRANSFERS = {
    State.EXECUTED: "transferred",
    State.DOUBTFUL: "may have transferred",
    State.LIVE: "is to transfer",
}


def _gravest(case: Case, rows: Sequence[Stratagem]) -> tuple[State, Stratagem]:
    """Of rows that move ducats: one that has comes before one that may have, or will."""
    found = [(row.state(case.terms.now), row) for row in rows]
    return min(found, key=lambda pair: list(_GOES).index(pair[0]))


def _amount_mismatch(case: Case) -> Finding | None:
    if not case.amiss or not case.buyer.ducats or case.is_rest:
        return None
    if case.correcting or case.takebacks:
        return _still_mismatched(case)
    state, row = _gravest(case, case.amiss)
    difference = abs((row.ducats or ZERO) - case.sold)
    sentence = (
        f"{_TRANSFERS[state]} {format_ducats(row.ducats or ZERO)} ducats where "
        f"{format_ducats(case.sold)} were sold"
    )
    return Finding(Kind.AMOUNT_MISMATCH, difference, sentence)


def _still_mismatched(case: Case) -> Finding | None:
    """What is too little, or too much, after people have corrected it."""
    difference = abs(case.carried_right - case.sold)
    if difference <= ROUNDING_DUCATS:
        return None
    sentence = (
        f"with what was corrected, {format_ducats(case.carried_right)} ducats are transferred "
        f"where {format_ducats(case.sold)} were sold"
    )
    return Finding(Kind.AMOUNT_MISMATCH, difference, sentence)


def _unattributable(case: Case) -> Finding | None:
    charge = case.charge
    # Nobody knows which rows are its own: that none moved ducats cannot be told either.
    if case.is_attributable or (case.is_void and not charge.unallocated):
        return None
    if charge.unallocated:
        return Finding(Kind.UNATTRIBUTABLE, charge.ducats or _worth(case), charge.unallocated)
    lacks = []
    if not case.buyer.citizen and charge.names_processor:
        lacks.append(f"{charge.citizen_text!r} itself as the citizen: {MINTS}")
    elif not case.buyer.citizen:
        lacks.append("no citizen_id" if not charge.citizen_text else "no usable citizen_id")
    if not case.buyer.ducats:
        said = f" ({charge.ducats_text!r})" if charge.ducats_text else ""
        lacks.append(f"no usable ducat_amount{said}")
    sentence = f"the payment names {' and '.join(lacks)}"
    return Finding(Kind.UNATTRIBUTABLE, charge.ducats or _worth(case), sentence)


def _worth(case: Case) -> Decimal:
    """Without an amount, rank the case by what its money would buy."""
    charge, prices = case.charge, case.terms.prices
    rate, belief = prices.on(charge.created_at.date()).rate, prices.belief_of(charge)
    return worth_ducats(charge.captured_cents, charge.currency, rate, belief)


def _unknown_citizen(case: Case) -> Finding | None:
    if not case.is_unknown or not case.uncovered:
        return None
    sentence = no_citizen(case.buyer.citizen or "", case.similar_citizens)
    return Finding(Kind.UNKNOWN_CITIZEN, case.owed, sentence)


def _missing(case: Case) -> Finding | None:
    if case.matches and not case.is_all_taken_back:
        return None
    if case.is_young or not case.uncovered:
        return None
    if case.matches:
        sentence = "its transfer was taken back, and nobody was credited instead"
        return Finding(Kind.MISSING, case.owed, sentence)
    if case.has_vanished:
        return Finding(Kind.MISSING, case.owed, f"{_vanished(case)}{_perhaps(case)}")
    sentence = f"no stratagem was ever made for it{_perhaps(case)}"
    return Finding(Kind.MISSING, case.owed, sentence)


def _perhaps(case: Case) -> str:
    """What a person has to look at before it is delivered."""
    names = ", ".join(s.stratagem_id or s.record_id for s in case.unclear)
    return f"; perhaps {names} is its transfer: look before you credit it" if names else ""


def _vanished(case: Case) -> str:
    if any(row.status == "planned" for row in case.stratagems):
        return (
            "cascade, or an earlier run, saw it delivered or on its way, and the base shows a "
            "planned stratagem: somebody has set it back by hand, or another one has vanished, and "
            "its ducats may have arrived"
        )
    if case.past.was_written:
        return "its stratagem has vanished from the base: its ducats may have arrived"
    lacks = "none of its stratagems was executed" if case.matches else "it has no stratagem"
    return (
        f"{lacks}, yet an earlier run left nothing open about it: its stratagem has "
        "vanished, and its ducats may have arrived"
    )


def _failed(case: Case) -> Finding | None:
    failed = case.by_state[State.FAILED]
    if not failed or case.moving or not case.uncovered:
        return None
    why = failed[-1].failure_text or failed[-1].notes_flaw
    gave_up = f"Venice's engine gave up before any ducats moved: {why}{_perhaps(case)}"
    return Finding(Kind.FAILED, case.owed, _succeeded(case) + gave_up)


def _stalled(case: Case) -> Finding | None:
    stalled = case.by_state[State.STALLED]
    idle = stalled and not case.moving and not case.by_state[State.FAILED]
    if not idle or case.is_young or not case.uncovered:
        return None
    why = f"{_why_stalled(stalled[-1])}{_perhaps(case)}"
    sentence = _succeeded(case) + f"the engine will never take its stratagem: {why}"
    return Finding(Kind.STALLED, case.owed, sentence)


def _succeeded(case: Case) -> str:
    """Where another stratagem has vanished, or another citizen may have taken the name, that comes
    first."""
    vanished = f"{_vanished(case)}; " if case.has_vanished else ""
    return f"{vanished}{case.successor}; " if case.successor else vanished


def _why_stalled(stratagem: Stratagem) -> str:
    if stratagem.status != "active":
        return f"it is {stratagem.status or 'without status'}"
    expiry = stratagem.expires_at
    return f"active, expired {format_moment(expiry)}" if expiry else "active, expired"


def _underpaid(case: Case) -> Finding | None:
    if case.price is None or case.is_void:
        return None
    return Finding(Kind.UNDERPAID, case.price.missing, case.price.why)


def _refunded(case: Case) -> Finding | None:
    charge = case.charge
    if not case.to_return:
        return None
    kind = Kind.REFUNDED if charge.refunded_cents else Kind.DISPUTED
    how = "went back to the payer" if charge.refunded_cents else f"were lost{_stage(case)}"
    sentence = (
        f"{format_money(case.cents_back, charge.currency)} of "
        f"{format_money(charge.captured_cents, charge.currency)} {how}: "
        f"{format_ducats(case.to_return)} ducats are to come back"
    )
    if case.debt:
        sentence += f"; a debt of {format_ducats(case.debt)} ducats is recorded"
    return Finding(kind, case.to_return, sentence + _now_another(case))


def _vanished_and_refunded(case: Case) -> Finding | None:
    if not (case.is_void and case.has_vanished):
        return None
    sentence = (
        "its money went back, and its stratagem has vanished from the base: its ducats may have "
        "arrived, and be to come back"
    )
    return Finding(Kind.REFUNDED, case.buyer.ducats or ZERO, sentence)


def _taken_too_much(case: Case) -> Finding | None:
    if not case.to_give_again:
        return None
    what = "kept back" if case.lacking else "taken back"
    sentence = (
        f"{format_ducats(case.to_give_again)} ducats were {what} for money that did not go back, "
        "or came again: they are the citizen's"
    )
    return Finding(Kind.REFUNDED, case.to_give_again, sentence + _now_another(case))


def _still_taking(case: Case) -> Finding | None:
    if not (stale := stale_returns(case)):
        return None
    ducats = sum_ducats(stale)
    sentence = (
        f"{format_ducats(ducats)} ducats are on their way back for money that did not go back, or "
        "came again: they are the citizen's"
    )
    return Finding(Kind.REFUNDED, ducats, sentence)


def stale_returns(case: Case) -> tuple[Stratagem, ...]:
    """Transfers that are still to take ducats back for money that did not go back, or came again:
    `cascade refund` ends them."""
    coming = {
        row.record_id
        for row in case.returns
        if row.payer and row.state(case.terms.now) is State.LIVE
    }
    if not coming:
        return ()
    parts = (part for part in picture_of(case, {}).parts if not (part.due or part.held))
    return tuple(row for part in parts for row in part.rows if row.record_id in coming)


def _now_another(case: Case) -> str:
    return f"; {case.successor}" if case.successor else ""


def _doubtful_return(case: Case) -> Finding | None:
    rows = (*case.returns, *case.takebacks)
    doubtful = [row for row in rows if row.state(case.terms.now) is State.DOUBTFUL]
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful)
    sentence = (
        f"{format_ducats(ducats)} ducats may or may not have come back by "
        f"{doubtful[0].stratagem_id}: compare the balances"
    )
    return Finding(Kind.DOUBTFUL, ducats, sentence)


def _disputed(case: Case) -> Finding | None:
    at_risk = case.carried - case.returned
    if not case.is_contested or at_risk <= ROUNDING_DUCATS:
        return None
    return Finding(Kind.DISPUTED, at_risk, f"the payer disputes it{_stage(case)}")


def _stage(case: Case) -> str:
    text = "; ".join(map(_how_it_stands, case.disputes))
    return f" ({text})" if text else ""


def _how_it_stands(dispute: Dispute) -> str:
    awaited = ", its money not back yet" if dispute.awaits_money else ""
    return f"{dispute.id} {dispute.status.replace('_', ' ')}{awaited}, {dispute.reason}"


_QUESTIONS: tuple[Callable[[Case], Finding | None], ...] = (
    _duplicate,
    _doubtful,
    _wrong_citizen,
    _amount_mismatch,
    _unattributable,
    _unknown_citizen,
    _missing,
    _failed,
    _stalled,
    _underpaid,
    _refunded,
    _vanished_and_refunded,
    _taken_too_much,
    _still_taking,
    _doubtful_return,
    _disputed,
)
