"""What is wrong with one charge. Each question is asked separately; the gravest answer gives the
kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.domain.discrepancies.kinds import GRAVITY, Kind
from cascade_cli.domain.discrepancies.refund_plan import picture_of
from cascade_cli.domain.matching.matched_charge import MatchedCharge, sum_ducats
from cascade_cli.domain.records.charges import MINTS, Dispute
from cascade_cli.domain.records.citizens import look_alike, unknown_citizen_clause, with_difference
from cascade_cli.domain.records.stratagems import State, Stratagem, possible_moves
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS
from cascade_cli.domain.selling.pricing import worth_ducats
from cascade_cli.domain.shop.money import ZERO, format_ducats, format_money
from cascade_cli.domain.shop.times import format_moment


@dataclass(frozen=True)
class Discrepancy:
    """One thing that is wrong: its kind, the ducats at risk, and a plain sentence."""

    kind: Kind
    at_risk: Decimal
    sentence: str


def findings(matched: MatchedCharge) -> tuple[Discrepancy, ...]:
    """Everything that is wrong with the charge: most ducats at risk first, in a tie the graver
    kind."""
    found = [finding for question in _QUESTIONS if (finding := question(matched))]
    return tuple(sorted(found, key=lambda f: (-f.at_risk, GRAVITY[f.kind])))


# For these kinds something is still to be delivered, so a wrong price comes first, whatever else is
# wrong.
_UNDELIVERED = frozenset(
    {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.UNKNOWN_CITIZEN, Kind.UNATTRIBUTABLE}
)


def sentences(found: tuple[Discrepancy, ...]) -> list[str]:
    """Everything that is wrong, in words. What decides the next step comes first."""
    first = found[:1]
    if first and first[0].kind in _UNDELIVERED:
        first = tuple(f for f in found if f.kind is Kind.UNDERPAID)[:1] or first
    others = [f"also {f.kind}: {f.sentence}" for f in found if f not in first]
    return [*(finding.sentence for finding in first), *others]


def _duplicate(matched: MatchedCharge) -> Discrepancy | None:
    rows = matched.moving
    if len(rows) <= 1:
        # A correction is not a second transfer, unless more went out than was sold.
        if not matched.correcting or matched.carried_right <= matched.sold:
            return None
        rows = tuple(s for s in (*rows, *matched.correcting) if matched.is_right(s))
    total = sum((matched.staying(row) for row in rows), ZERO)
    surplus = max(total - matched.sold, ZERO)
    sentence = (
        f"{len(rows)} stratagems are executed or may still be: together "
        f"{format_ducats(total)} ducats for {format_ducats(matched.sold)} sold"
    )
    return Discrepancy(Kind.DUPLICATE, surplus, sentence)


def _doubtful(matched: MatchedCharge) -> Discrepancy | None:
    corrections = (s for s in matched.corrections if s.state(matched.terms.now) is State.DOUBTFUL)
    doubtful = (*matched.by_state[State.DOUBTFUL], *corrections)
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful) or matched.sold
    sentence = (
        f"{format_ducats(ducats)} ducats {possible_moves(doubtful)}: compare the balances before "
        "anything is tried again"
    )
    if other := next((s.other_processor for s in doubtful if s.other_processor), ""):
        sentence += f"; {other!r} pays them, not the processor: find out who made that stratagem"
    # Whatever amount the stratagem names, everything outstanding depends on what really happened.
    return Discrepancy(Kind.DOUBTFUL, max(ducats, matched.outstanding), sentence)


def _wrong_citizen(matched: MatchedCharge) -> Discrepancy | None:
    wrong = [s for s in (*matched.moving, *matched.correcting) if not matched.is_right(s)]
    if not wrong or not matched.as_decided.citizen:
        return None
    state, row = _gravest(matched, wrong)
    got, due = row.citizen, matched.as_decided.citizen
    shown = with_difference(got, due) if look_alike(got, due) else repr(got)
    sentence = f"{_GOES[state]} {shown}, but {due!r} was to receive it"
    if matched.correcting and not matched.uncovered:
        sentence += ", who gets it by a correction"
    at_risk = sum((matched.staying(row) for row in wrong), matched.uncovered)
    return Discrepancy(Kind.WRONG_CITIZEN, at_risk, sentence)


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


def _gravest(matched: MatchedCharge, rows: Sequence[Stratagem]) -> tuple[State, Stratagem]:
    """The gravest of rows that move ducats: one that has moved them, else one that may have, else
    one that will."""
    found = [(row.state(matched.terms.now), row) for row in rows]
    return min(found, key=lambda pair: list(_GOES).index(pair[0]))


def _amount_mismatch(matched: MatchedCharge) -> Discrepancy | None:
    if not matched.wrong_amount_rows or not matched.as_decided.ducats or matched.is_rest:
        return None
    if matched.correcting or matched.takebacks:
        return _still_mismatched(matched)
    state, row = _gravest(matched, matched.wrong_amount_rows)
    difference = abs((row.ducats or ZERO) - matched.sold)
    sentence = (
        f"{_TRANSFERS[state]} {format_ducats(row.ducats or ZERO)} ducats where "
        f"{format_ducats(matched.sold)} were sold"
    )
    return Discrepancy(Kind.AMOUNT_MISMATCH, difference, sentence)


def _still_mismatched(matched: MatchedCharge) -> Discrepancy | None:
    """The amount is still too small or too large after people's corrections."""
    difference = abs(matched.carried_right - matched.sold)
    if difference <= ROUNDING_DUCATS:
        return None
    sentence = (
        f"with its corrections, {format_ducats(matched.carried_right)} ducats are transferred "
        f"where {format_ducats(matched.sold)} were sold"
    )
    return Discrepancy(Kind.AMOUNT_MISMATCH, difference, sentence)


def _unattributable(matched: MatchedCharge) -> Discrepancy | None:
    charge = matched.charge
    # Nobody knows which rows are its own, so nobody can say either that none moved ducats.
    if matched.is_attributable or (matched.is_void and not charge.unallocated):
        return None
    if charge.unallocated:
        return Discrepancy(
            Kind.UNATTRIBUTABLE, charge.ducats or _worth(matched), charge.unallocated
        )
    lacks = []
    if not matched.as_decided.citizen and charge.names_processor:
        lacks.append(f"{charge.citizen_text!r} itself as the citizen: {MINTS}")
    elif not matched.as_decided.citizen:
        lacks.append("no citizen_id" if not charge.citizen_text else "no usable citizen_id")
    if not matched.as_decided.ducats:
        said = f" ({charge.ducats_text!r})" if charge.ducats_text else ""
        lacks.append(f"no usable ducat_amount{said}")
    sentence = f"the payment names {' and '.join(lacks)}"
    return Discrepancy(Kind.UNATTRIBUTABLE, charge.ducats or _worth(matched), sentence)


def _worth(matched: MatchedCharge) -> Decimal:
    """What its money would buy. Ranks a case that names no amount."""
    charge, prices = matched.charge, matched.terms.prices
    rate, valuation = prices.on(charge.created_at.date()).rate, prices.valuation_rate_of(charge)
    return worth_ducats(charge.captured_cents, charge.currency, rate, valuation)


def _unknown_citizen(matched: MatchedCharge) -> Discrepancy | None:
    if not matched.is_unknown or not matched.uncovered:
        return None
    sentence = unknown_citizen_clause(matched.as_decided.citizen or "", matched.similar_citizens)
    return Discrepancy(Kind.UNKNOWN_CITIZEN, matched.owed, sentence)


def _missing(matched: MatchedCharge) -> Discrepancy | None:
    if matched.matches and not matched.is_all_taken_back:
        return None
    if matched.is_young or not matched.uncovered:
        return None
    if matched.matches:
        sentence = "its transfer was taken back, and nobody was credited instead"
        return Discrepancy(Kind.MISSING, matched.owed, sentence)
    if matched.has_vanished:
        return Discrepancy(
            Kind.MISSING, matched.owed, f"{_vanished(matched)}{_unclear_clause(matched)}"
        )
    sentence = f"no stratagem was ever made for it{_unclear_clause(matched)}"
    return Discrepancy(Kind.MISSING, matched.owed, sentence)


def _unclear_clause(matched: MatchedCharge) -> str:
    """The transfers that a person must look at before it is delivered."""
    names = ", ".join(s.name for s in matched.unclear)
    return f"; perhaps {names} is its transfer: look before you credit it" if names else ""


def _vanished(matched: MatchedCharge) -> str:
    if any(row.status == "planned" for row in matched.stratagems):
        return (
            "cascade, or an earlier run, saw it delivered or on its way, and the base shows a "
            "planned stratagem: somebody has set it back by hand, or another one has vanished, and "
            "its ducats may have arrived"
        )
    if matched.past.was_written:
        return "its stratagem has vanished from the base: its ducats may have arrived"
    lacks = "none of its stratagems was executed" if matched.matches else "it has no stratagem"
    return (
        f"{lacks}, yet an earlier run left nothing open about it: its stratagem has "
        "vanished, and its ducats may have arrived"
    )


def _failed(matched: MatchedCharge) -> Discrepancy | None:
    failed = matched.by_state[State.FAILED]
    if not failed or matched.moving or not matched.uncovered:
        return None
    why = failed[-1].failure_text or failed[-1].notes_flaw
    gave_up = f"Venice's engine gave up before any ducats moved: {why}{_unclear_clause(matched)}"
    return Discrepancy(Kind.FAILED, matched.owed, _vanished_or_another_citizen(matched) + gave_up)


def _stalled(matched: MatchedCharge) -> Discrepancy | None:
    stalled = matched.by_state[State.STALLED]
    idle = stalled and not matched.moving and not matched.by_state[State.FAILED]
    if not idle or matched.is_young or not matched.uncovered:
        return None
    why = f"{_why_stalled(stalled[-1])}{_unclear_clause(matched)}"
    sentence = (
        _vanished_or_another_citizen(matched) + f"the engine will never take its stratagem: {why}"
    )
    return Discrepancy(Kind.STALLED, matched.owed, sentence)


def _vanished_or_another_citizen(matched: MatchedCharge) -> str:
    """If another stratagem has vanished, or another person may have taken the citizen's name, say
    that first."""
    vanished = f"{_vanished(matched)}; " if matched.has_vanished else ""
    return f"{vanished}{matched.identity_doubt}; " if matched.identity_doubt else vanished


def _why_stalled(stratagem: Stratagem) -> str:
    if stratagem.status != "active":
        return f"it is {stratagem.status or 'without status'}"
    expiry = stratagem.expires_at
    return f"active, expired {format_moment(expiry)}" if expiry else "active, expired"


def _underpaid(matched: MatchedCharge) -> Discrepancy | None:
    if matched.price_objection is None or matched.is_void:
        return None
    return Discrepancy(Kind.UNDERPAID, matched.price_objection.missing, matched.price_objection.why)


def _refunded(matched: MatchedCharge) -> Discrepancy | None:
    charge = matched.charge
    if not matched.to_return:
        return None
    kind = Kind.REFUNDED if charge.refunded_cents else Kind.DISPUTED
    how = "went back to the payer" if charge.refunded_cents else f"were lost{_stage(matched)}"
    sentence = (
        f"{format_money(matched.cents_back, charge.currency)} of "
        f"{format_money(charge.captured_cents, charge.currency)} {how}: "
        f"{format_ducats(matched.to_return)} ducats are to come back"
    )
    if matched.debt:
        sentence += f"; a debt of {format_ducats(matched.debt)} ducats is recorded"
    return Discrepancy(kind, matched.to_return, sentence + _identity_clause(matched))


def _vanished_and_refunded(matched: MatchedCharge) -> Discrepancy | None:
    if not (matched.is_void and matched.has_vanished):
        return None
    sentence = (
        "its money went back, and its stratagem has vanished from the base: its ducats may have "
        "arrived, and may have to come back"
    )
    return Discrepancy(Kind.REFUNDED, matched.as_decided.ducats or ZERO, sentence)


def _taken_too_much(matched: MatchedCharge) -> Discrepancy | None:
    if not matched.to_give_again:
        return None
    what = "kept back" if matched.lacking else "taken back"
    sentence = (
        f"{format_ducats(matched.to_give_again)} ducats were {what} "
        "for money that did not go back, "
        "or has since come back: they belong to the citizen"
    )
    return Discrepancy(Kind.REFUNDED, matched.to_give_again, sentence + _identity_clause(matched))


def _still_taking(matched: MatchedCharge) -> Discrepancy | None:
    if not (stale := stale_returns(matched)):
        return None
    ducats = sum_ducats(stale)
    sentence = (
        f"{format_ducats(ducats)} ducats are on their way back for money that did not go back, or "
        "has since come back: they belong to the citizen"
    )
    return Discrepancy(Kind.REFUNDED, ducats, sentence)


def stale_returns(matched: MatchedCharge) -> tuple[Stratagem, ...]:
    """Transfers still on their way to take ducats back, although the money did not go back or has
    come back since. `cascade refund` ends them."""
    coming = {
        row.record_id
        for row in matched.returns
        if row.payer and row.state(matched.terms.now) is State.LIVE
    }
    if not coming:
        return ()
    parts = (part for part in picture_of(matched, {}).parts if not (part.due or part.held))
    return tuple(row for part in parts for row in part.rows if row.record_id in coming)


def _identity_clause(matched: MatchedCharge) -> str:
    return f"; {matched.identity_doubt}" if matched.identity_doubt else ""


def _doubtful_return(matched: MatchedCharge) -> Discrepancy | None:
    rows = (*matched.returns, *matched.takebacks)
    doubtful = [row for row in rows if row.state(matched.terms.now) is State.DOUBTFUL]
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful)
    sentence = (
        f"{format_ducats(ducats)} ducats may or may not have come back by "
        f"{doubtful[0].stratagem_id}: compare the balances"
    )
    return Discrepancy(Kind.DOUBTFUL, ducats, sentence)


def _disputed(matched: MatchedCharge) -> Discrepancy | None:
    at_risk = matched.carried - matched.returned
    if not matched.is_contested or at_risk <= ROUNDING_DUCATS:
        return None
    return Discrepancy(Kind.DISPUTED, at_risk, f"the payer disputes it{_stage(matched)}")


def _stage(matched: MatchedCharge) -> str:
    text = "; ".join(map(_how_it_stands, matched.disputes))
    return f" ({text})" if text else ""


def _how_it_stands(dispute: Dispute) -> str:
    awaited = ", its money not back yet" if dispute.awaits_money else ""
    return f"{dispute.id} {dispute.status.replace('_', ' ')}{awaited}, {dispute.reason}"


_QUESTIONS: tuple[Callable[[MatchedCharge], Discrepancy | None], ...] = (
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
