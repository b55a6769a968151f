"""Whether people's decisions about a case still count, given the case as it is now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.records.decisions import Decision, Facts, How, RowFact
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import ZERO, format_ducats


def facts_of(matched: MatchedCharge, kind: Kind) -> Facts:
    """The facts on which a decision about a charge rests."""
    disputes = (f"{dispute.id} {dispute.status}" for dispute in matched.disputes)
    return Facts(
        kind.value,
        _rows((*matched.stratagems, *matched.returns), matched.terms.now),
        matched.cents_back,
        ", ".join(disputes),
        format_ducats(matched.uncovered),
        format_ducats(max(ZERO, matched.carried - matched.sold)),
    )


def facts_of_rows(rows: Iterable[Stratagem], kind: Kind, now: datetime) -> Facts:
    """The facts for transfers without a charge."""
    return Facts(kind.value, _rows(rows, now))


def _rows(rows: Iterable[Stratagem], now: datetime) -> tuple[RowFact, ...]:
    """The rows as they are by themselves: what people said about them is no change."""
    facts = (_fact(row, now) for row in rows)
    return tuple(sorted(facts, key=lambda fact: fact.record))


def _fact(row: Stratagem, now: datetime) -> RowFact:
    ducats = "?" if row.ducats is None else format_ducats(row.ducats)
    return RowFact(row.record_id, row.unruled_state(now).value, row.concerned, ducats)


def decided_on(item: Item, name: str, facts: Facts | None, terms: Terms) -> Item:
    """The item with the newest decision about it; unchanged if `facts` is None, since nobody
    decided."""
    decision = terms.decided.decisions.get(name)
    if decision is None or facts is None:
        return item
    changed = decision.change(facts)
    is_decided = decision.how.closes and not changed and not decision.is_over(terms.now)
    is_open = item.kind.is_discrepancy and not is_decided
    reopened = (changed or _over(decision, terms)) if is_open else ""
    evidence = (*item.evidence, *_decision_sentence(decision, reopened))
    item = replace(
        item, decision=decision, reopened=reopened, is_decided=is_decided, evidence=evidence
    )
    if not (is_decided and item.kind.is_discrepancy):
        return item
    return replace(item, repair=None, advice=f"Nothing is left to do: {decision.described}.")


def _over(decision: Decision, terms: Terms) -> str:
    return "its time has come" if decision.is_over(terms.now) else ""


def _decision_sentence(decision: Decision, reopened: str) -> Iterator[str]:
    if decision.how is How.REOPEN:
        yield f"decided: {decision.described}"
        return
    since = f"; since then {reopened}" if reopened else ""
    yield f"decided: {decision.described}{since}"
