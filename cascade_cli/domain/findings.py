"""What is wrong with one charge: each question asked alone, the gravest answer names the kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.domain.case import Case, sum_ducats
from cascade_cli.domain.currencies import CURRENCY
from cascade_cli.domain.kinds import GRAVITY, Kind
from cascade_cli.domain.money import ZERO, format_ducats, format_money, ratio
from cascade_cli.domain.names import look_alike, no_citizen, told_apart
from cascade_cli.domain.pricing import worth_ducats
from cascade_cli.domain.stratagems import State, Stratagem
from cascade_cli.domain.times import format_moment


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


def _duplicate(case: Case) -> Finding | None:
    if len(case.moving) <= 1:
        return None
    total = sum_ducats(case.moving)
    surplus = max(total - case.sold, ZERO)
    sentence = (
        f"{len(case.moving)} stratagems are executed or may still be: together "
        f"{format_ducats(total)} ducats for {format_ducats(case.sold)} sold"
    )
    return Finding(Kind.DUPLICATE, surplus, sentence)


def _doubtful(case: Case) -> Finding | None:
    doubtful = case.by_state[State.DOUBTFUL]
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful) or case.sold
    sentence = (
        f"{format_ducats(ducats)} ducats may or may not have moved: compare the balances before "
        "anything is tried again"
    )
    # All that is outstanding hangs on what really happened, whatever amount the stratagem names.
    return Finding(Kind.DOUBTFUL, max(ducats, case.outstanding), sentence)


def _wrong_citizen(case: Case) -> Finding | None:
    wrong = [s for s in case.moving if not case.is_right(s)]
    if not wrong or not case.buyer.citizen:
        return None
    got, due = wrong[0].citizen, case.buyer.citizen
    shown = told_apart(got, due) if look_alike(got, due) else repr(got)
    sentence = f"goes to {shown}, but {due!r} was to receive it"
    return Finding(Kind.WRONG_CITIZEN, sum_ducats(wrong) + case.outstanding, sentence)


def _amount_mismatch(case: Case) -> Finding | None:
    other = [s for s in case.moving if case.is_right(s) and s.ducats not in {None, case.sold}]
    if not other or not case.buyer.ducats:
        return None
    difference = abs((other[0].ducats or ZERO) - case.sold)
    sentence = (
        f"transfers {format_ducats(other[0].ducats or ZERO)} ducats where "
        f"{format_ducats(case.sold)} were sold"
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
    if not case.buyer.citizen:
        lacks.append("no citizen_id" if not charge.citizen_text else "no usable citizen_id")
    if not case.buyer.ducats:
        said = f" (it says {charge.ducats_text!r})" if charge.ducats_text else ""
        lacks.append(f"no usable ducat_amount{said}")
    sentence = f"the payment names {' and '.join(lacks)}"
    return Finding(Kind.UNATTRIBUTABLE, charge.ducats or _worth(case), sentence)


def _worth(case: Case) -> Decimal:
    """Without an amount, rank the case by what its money would buy."""
    charge, prices = case.charge, case.terms.prices
    rate, belief = prices.on(charge.created_at.date()).rate, prices.belief_of(charge)
    return worth_ducats(charge.captured_cents, charge.currency, rate, belief)


def _unknown_citizen(case: Case) -> Finding | None:
    if not case.is_unknown or not case.outstanding:
        return None
    sentence = no_citizen(case.buyer.citizen or "", case.similar_citizens)
    return Finding(Kind.UNKNOWN_CITIZEN, case.outstanding, sentence)


def _missing(case: Case) -> Finding | None:
    if case.matches or case.is_young or not case.outstanding:
        return None
    return Finding(Kind.MISSING, case.outstanding, "no stratagem was ever made for it")


def _failed(case: Case) -> Finding | None:
    failed = case.by_state[State.FAILED]
    if not failed or case.moving or not case.outstanding:
        return None
    why = failed[-1].failure_text or failed[-1].notes_flaw
    sentence = f"Venice's engine gave up before any ducats moved: {why}"
    return Finding(Kind.FAILED, case.outstanding, sentence)


def _stalled(case: Case) -> Finding | None:
    stalled = case.by_state[State.STALLED]
    idle = stalled and not case.moving and not case.by_state[State.FAILED]
    if not idle or case.is_young or not case.outstanding:
        return None
    sentence = f"the engine will never take its stratagem: {_why_stalled(stalled[-1])}"
    return Finding(Kind.STALLED, case.outstanding, sentence)


def _why_stalled(stratagem: Stratagem) -> str:
    if stratagem.status != "active":
        return f"it is {stratagem.status or 'without status'}"
    expiry = stratagem.expires_at
    return f"active, expired {format_moment(expiry)}" if expiry else "active, without an expiry"


def _underpaid(case: Case) -> Finding | None:
    missing_cents = case.terms.prices.shortfall_cents(case.buyer)
    if not missing_cents or case.is_void:
        return None
    due, paid, currency = case.terms.prices.due(case.buyer), case.charge, case.charge.currency
    per_usd = f"{due.belief.per_usd:.10g} {currency.upper()} for 1 USD"
    converted = "" if currency == CURRENCY else f" and {per_usd}"
    sentence = (
        f"paid {format_money(paid.ducats_cents, currency)} where "
        f"{format_money(due.cents, currency)} were due at {due.rate} USD per ducat{converted}"
    )
    missing = worth_ducats(missing_cents, currency, due.rate, due.belief)
    if portion := paid.portion:
        missing = ratio(missing * (paid.ducats or ZERO), portion.whole_ducats)
    return Finding(Kind.UNDERPAID, missing, sentence)


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
    if debt := case.terms.decided.debts.get(charge.payment_id):
        sentence += f"; a debt of {format_ducats(debt)} ducats is recorded"
    return Finding(kind, case.to_return, sentence)


def _taken_too_much(case: Case) -> Finding | None:
    if not case.to_give_again:
        return None
    sentence = (
        f"{format_ducats(case.to_give_again)} ducats were taken back for money that did not go "
        "back: they are the citizen's"
    )
    return Finding(Kind.REFUNDED, case.to_give_again, sentence)


def _doubtful_return(case: Case) -> Finding | None:
    doubtful = [row for row in case.returns if row.state(case.terms.now) is State.DOUBTFUL]
    if not doubtful:
        return None
    ducats = sum_ducats(doubtful)
    sentence = (
        f"{format_ducats(ducats)} ducats may or may not have come back by "
        f"{doubtful[0].stratagem_id}: compare the balances"
    )
    return Finding(Kind.DOUBTFUL, ducats, sentence)


def _disputed(case: Case) -> Finding | None:
    if not case.is_contested or case.is_lost or not case.moving:
        return None
    return Finding(Kind.DISPUTED, sum_ducats(case.moving), f"the payer disputes it{_stage(case)}")


def _stage(case: Case) -> str:
    stages = (f"{d.id} {d.status.replace('_', ' ')}, {d.reason}" for d in case.disputes)
    text = "; ".join(stages)
    return f" ({text})" if text else ""


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
    _taken_too_much,
    _doubtful_return,
    _disputed,
)
