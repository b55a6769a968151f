"""The troubleshooting checklist, answered for one payment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.explain.split_payment import SplitPayment
from cascade_cli.domain.explain.story import ChecklistAnswer, CitizenBalances
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.times import format_moment


@dataclass(frozen=True)
class ChecklistFacts:
    """What was read.

    `charge` is None if nothing was paid. `unread` is what the keys did not allow to read. `many` is
    set if the payment is for many citizens.
    """

    charge: Charge | None
    stratagems: Sequence[Stratagem]
    balances: CitizenBalances
    processor: str
    unread: Sequence[str] = ()
    many: SplitPayment | None = None


def checklist(found: ChecklistFacts, terms: Terms) -> Iterator[ChecklistAnswer]:
    """Paid? Stratagem? Citizen? Status? Solvent? Rights?"""
    yield _paid(found.charge)
    if found.many:
        yield from _split_payment_answers(found.many)
        yield _enough(found, found.many.outstanding)
        yield _rights(found)
        return
    yield _stratagem(found)
    yield _citizen(found)
    yield from (_status(stratagem, terms) for stratagem in found.stratagems)
    yield _solvent(found, terms)
    yield _rights(found)


def _yes(question: str, evidence: str) -> ChecklistAnswer:
    return ChecklistAnswer(question, passed=True, evidence=evidence)


def _no(question: str, evidence: str) -> ChecklistAnswer:
    return ChecklistAnswer(question, passed=False, evidence=evidence)


def _paid(charge: Charge | None) -> ChecklistAnswer:
    if charge is None:
        return _no("paid?", "Stripe has no paid purchase of ducats for it")
    sold = f", at {charge.exchange.described(charge.currency)}" if charge.exchange else ""
    period = f", for {charge.period.described}" if charge.period else ""
    return _yes("paid?", f"{charge.own_money} at {format_moment(charge.created_at)}{sold}{period}")


def _stratagem(found: ChecklistFacts) -> ChecklistAnswer:
    names = ", ".join(s.name for s in found.stratagems)
    return ChecklistAnswer(
        "stratagem made?", passed=bool(names), evidence=names or "Venice has none for it"
    )


def _citizen(found: ChecklistFacts) -> ChecklistAnswer:
    names = [found.charge.citizen] if found.charge else [s.citizen for s in found.stratagems]
    name = next((name for name in names if name), None)
    if name is None and found.charge is None:
        return ChecklistAnswer(
            "citizen there?", passed=None, evidence="nothing was paid for anybody"
        )
    if name is None:
        return _no("citizen there?", "the payment names no usable citizen")
    if found.balances.citizen is None:
        return _no("citizen there?", f"Venice has no citizen named exactly {name!r}")
    has = format_ducats(found.balances.citizen, grouped=True)
    return _yes("citizen there?", f"{name!r} has {has} ducats")


def _status(stratagem: Stratagem, terms: Terms) -> ChecklistAnswer:
    state = stratagem.state(terms.now)
    passed = None if state is State.DOUBTFUL else state in {State.EXECUTED, State.LIVE}
    return ChecklistAnswer("status?", passed=passed, evidence=describe(stratagem, terms))


def _solvent(found: ChecklistFacts, terms: Terms) -> ChecklistAnswer:
    """What was executed needs no more funds."""
    done = any(s.state(terms.now) is State.EXECUTED for s in found.stratagems)
    needs = ZERO if done or not found.charge else found.charge.ducats or ZERO
    return _enough(found, needs)


def _enough(found: ChecklistFacts, needs: Decimal) -> ChecklistAnswer:
    has = found.balances.processor
    if has is None:
        return _no("processor solvent?", f"Venice has no citizen {found.processor!r}")
    evidence = f"{found.processor} has {format_ducats(has, grouped=True)} ducats"
    return ChecklistAnswer("processor solvent?", passed=has >= needs, evidence=evidence)


def _split_payment_answers(many: SplitPayment) -> Iterator[ChecklistAnswer]:
    total = len(many.items)
    made = sum(bool(item.stratagems) for item in many.items)
    evidence = f"for {made} of {total} citizens"
    yield ChecklistAnswer("stratagems made?", passed=made == total, evidence=evidence)
    missing = many.missing
    named = ", ".join(map(repr, missing))
    evidence = f"Venice has no citizen named exactly {named}" if missing else "none is missing"
    yield ChecklistAnswer("citizens there?", passed=not missing, evidence=evidence)
    yield ChecklistAnswer("status?", passed=not many.open, evidence=many.counted)


def _rights(found: ChecklistFacts) -> ChecklistAnswer:
    if found.unread:
        return _no("network and rights?", "; ".join(found.unread))
    evidence = "Stripe and Airtable answered every request; for the right to write: cascade doctor"
    return _yes("network and rights?", evidence)
