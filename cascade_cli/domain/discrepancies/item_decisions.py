"""People's decisions about an item: whether the newest still counts, and if not, what to type
next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from cascade_cli.domain.discrepancies.decision_table import doubtful_rows, rule_for
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.settled_by import mentioned_by, settling_rows
from cascade_cli.domain.records.decisions import Decision, Facts, How, RowFact
from cascade_cli.domain.records.orders import Override
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.shell import command

# Placeholders that a person fills in; no citizen and no number is written like this.
CITIZEN, DUCATS = "CITIZEN", "DUCATS"
# The reason in one word, for a line with no room for more: it has 80 columns, and contains
# --sandbox and one of Stripe's ids. Every decision is recorded with the facts on which it rests.
_BRIEFLY = {
    How.CREDIT: "owed",
    How.TAKE_BACK: "surplus",
    How.SETTLED_BY: "by-hand",
    How.MOVED: "balances",
    How.NOT_MOVED: "balances",
    How.ACCEPT: "accepted",
    How.SNOOZE: "pending",
}


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
    return "the time it was put off for is over" if decision.is_over(terms.now) else ""


def _decision_sentence(decision: Decision, reopened: str) -> Iterator[str]:
    if decision.how is How.REOPEN:
        yield f"decided: {decision.described}"
        return
    since = f"; since then {reopened}" if reopened else ""
    yield f"decided: {decision.described}{since}"


def with_next_step(item: Item, matched: MatchedCharge | None, now: datetime) -> Item:
    """The item with the first decision that fits as its command, if it is open and has no
    repair."""
    if item.repair is not None or not item.is_open:
        return item
    rule = rule_for(item, matched, now)
    how, name = first_decision(item, matched, now)
    words = ("resolve", name, how.option, *_words(how, rule.days, matched))
    line = command(*words, "--reason", rule.reason)
    return replace(item, repair=Repair(line, brief=command(*words, "-r", _BRIEFLY[how])))


def first_decision(item: Item, matched: MatchedCharge | None, now: datetime) -> tuple[How, str]:
    """The decision that is printed beside the case and marked in a review, and the id to type.

    The id is that of the payment, or of the record if a single transfer is meant.
    """
    how, name = (
        rule_for(item, matched, now).choice[0],
        matched.charge.payment_id if matched else item.name,
    )
    if how is not How.MOVED:
        return how, name
    row = _doubtful(item, matched, now)[0]
    how = _ruling_for(row)
    return how, name if how is How.SNOOZE else row.record_id


def line_for_late(item: Item, matched: MatchedCharge, now: datetime) -> tuple[str, Repair] | None:
    """If the item's command says that a late row settles the payment: that row's record, and the
    command.

    Typed once, the command settles both the payment and the row.
    """
    if not (item.repair and item.is_open and settling_rows(matched)):
        return None
    is_said = rule_for(item, matched, now).choice[0] is How.SETTLED_BY
    return (settling_rows(matched)[0].record_id, item.repair) if is_said else None


def _words(how: How, days: int, matched: MatchedCharge | None) -> Iterator[str]:
    """The arguments of the option."""
    if how is How.SNOOZE:
        yield f"{days}d"
    if how is How.SETTLED_BY and matched:
        yield settling_rows(matched)[0].stratagem_id
    if how is How.CREDIT and matched:
        yield from _recipient_and_amount(matched)


def _doubtful(item: Item, matched: MatchedCharge | None, now: datetime) -> tuple[Stratagem, ...]:
    if matched:
        return doubtful_rows(matched)
    return tuple(row for row in item.rows if row.state(now) is State.DOUBTFUL)


def _ruling_for(row: Stratagem) -> How:
    """What can be said about the row. For most rows, only a person knows whether it moved."""
    if row.other_processor and row.status == "active":
        return How.SNOOZE
    if row.ducats is None:
        return How.SNOOZE if row.has_moved else How.NOT_MOVED
    return How.MOVED


def _recipient_and_amount(matched: MatchedCharge) -> Iterator[str]:
    """The citizen and the amount, as placeholders if the payment does not say them."""
    if not matched.as_decided.ducats:
        yield DUCATS
    named = matched.as_decided.citizen or ""
    # A shell cannot pass on a NUL.
    if not named or "\0" in named or matched.is_unknown or matched.identity_doubt:
        yield from ("--citizen", CITIZEN)
    # A person who credits has looked at the transfers that may be its own, or were meant for it.
    if matched.unclear:
        yield f"--{Override.AMBIGUOUS}"
    if mentioned_by(matched):
        yield "--again"
