"""What to type about a case that no machine may settle: the first decision that fits it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from cascade_cli.domain.discrepancies.decision_table import doubtful_rows, rule_for
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.matching.settled_by import mentioned_by, settling_rows
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.orders import Override
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.shell import command

# What only a person can fill in; no citizen and no number is written so.
CITIZEN, DUCATS = "CITIZEN", "DUCATS"
# The reason in one word, for a line that has room for no more: with --sandbox and an id of Stripe's
# it has 80 columns. What it rests on is recorded with every decision.
_BRIEFLY = {
    How.CREDIT: "owed",
    How.TAKE_BACK: "surplus",
    How.SETTLED_BY: "by-hand",
    How.MOVED: "balances",
    How.NOT_MOVED: "balances",
    How.ACCEPT: "accepted",
    How.SNOOZE: "pending",
}


def with_next_step(item: Item, matched: MatchedCharge | None, now: datetime) -> Item:
    """The item with what to type, where nothing else is: the first decision that fits."""
    if item.repair is not None or not item.is_open:
        return item
    rule = rule_for(item, matched, now)
    how, name = first_decision(item, matched, now)
    words = ("resolve", name, how.option, *_words(how, rule.days, matched))
    line = command(*words, "--reason", rule.reason)
    return replace(item, repair=Repair(line, brief=command(*words, "-r", _BRIEFLY[how])))


def first_decision(item: Item, matched: MatchedCharge | None, now: datetime) -> tuple[How, str]:
    """What is printed beside the case and marked in a review, and the id to type: that of the
    payment, or of the record where a single transfer is meant."""
    how, name = (
        rule_for(item, matched, now).choice[0],
        matched.charge.payment_id if matched else item.name,
    )
    if how is not How.MOVED:
        return how, name
    row = _doubtful(item, matched, now)[0]
    how = _found_out(row)
    return how, name if how is How.SNOOZE else row.record_id


def line_for_late(item: Item, matched: MatchedCharge, now: datetime) -> tuple[str, Repair] | None:
    """The record of the late row that the item's line says is its own, with that line: typed once,
    it settles both."""
    if not (item.repair and item.is_open and settling_rows(matched)):
        return None
    is_said = rule_for(item, matched, now).choice[0] is How.SETTLED_BY
    return (settling_rows(matched)[0].record_id, item.repair) if is_said else None


def _words(how: How, days: int, matched: MatchedCharge | None) -> Iterator[str]:
    """What belongs to the option."""
    if how is How.SNOOZE:
        yield f"{days}d"
    if how is How.SETTLED_BY and matched:
        yield settling_rows(matched)[0].stratagem_id
    if how is How.CREDIT and matched:
        yield from _to_whom(matched)


def _doubtful(item: Item, matched: MatchedCharge | None, now: datetime) -> tuple[Stratagem, ...]:
    if matched:
        return doubtful_rows(matched)
    return tuple(row for row in item.rows if row.state(now) is State.DOUBTFUL)


def _found_out(row: Stratagem) -> How:
    """What can be said of the row; of most only a person knows which of the two."""
    if row.other_processor and row.status == "active":
        return How.SNOOZE
    if row.ducats is None:
        return How.SNOOZE if row.has_moved else How.NOT_MOVED
    return How.MOVED


def _to_whom(matched: MatchedCharge) -> Iterator[str]:
    """Who, and how many: where the payment does not say so, a person fills it in."""
    if not matched.buyer.ducats:
        yield DUCATS
    named = matched.buyer.citizen or ""
    # No shell passes on a NUL.
    if not named or "\0" in named or matched.is_unknown or matched.successor:
        yield from ("--citizen", CITIZEN)
    # Whoever credits has looked at what may be its own, or was meant for it.
    if matched.unclear:
        yield f"--{Override.AMBIGUOUS}"
    if mentioned_by(matched):
        yield "--again"
