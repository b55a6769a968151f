"""What is printed beside a case that is for people fits it, in any world at all."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from decimal import Decimal

from hypothesis import given

from cascade_cli.domain.decisions.decision_plan import Means, Subject, Wish
from cascade_cli.domain.decisions.resolution import plan
from cascade_cli.domain.discrepancies.decision_table import decisions_for
from cascade_cli.domain.discrepancies.item_decisions import CITIZEN, DUCATS
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.matching.matched_charge import MatchedCharge
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.settled_by import settling_rows
from cascade_cli.domain.matching.snapshot import Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.refunds.refund_shares import Policy
from tests.domain.generated import snapshots
from tests.domain.samples import TERMS

BY_OPTION = {how.option: how for how in How}


def open_items(snapshot: Snapshot) -> Iterator[tuple[Item, MatchedCharge | None]]:
    matched_charges = matched_charges_of(
        snapshot, match(snapshot.charges, snapshot.stratagems), TERMS
    )
    for item in reconcile(snapshot, TERMS).items:
        if item.is_open:
            yield item, matched_charges[item.charge.id] if item.charge else None


def printed(item: Item) -> list[str]:
    assert item.repair is not None, item
    return shlex.split(item.repair.command)[1:]


def wish_of(words: list[str], matched: MatchedCharge | None) -> Wish:
    """What is typed, with what only a person knows."""
    how = BY_OPTION[words[2]]
    rows = {row.stratagem_id: row for row in settling_rows(matched)} if matched else {}
    return Wish(
        how,
        words[-1],
        ducats=Decimal(100) if DUCATS in words else None,
        citizen="marco" if CITIZEN in words else None,
        settles=rows[words[3]] if how is How.SETTLED_BY else None,
        until=TERMS.now if how is How.SNOOZE else None,
        again="--again" in words,
    )


@given(snapshots())
def test_whatever_is_open_has_a_line_to_type_that_is_no_circle(snapshot: Snapshot) -> None:
    for item, _matched in open_items(snapshot):
        assert printed(item)[0] != "explain"


@given(snapshots())
def test_a_printed_decision_fits_and_is_not_refused(snapshot: Snapshot) -> None:
    found = list(open_items(snapshot))
    of_payments = [printed(item) for item, matched in found if matched]
    for item, matched in found:
        words = printed(item)
        # A late legacy row may have the line of the payment that it settles.
        if words[0] != "resolve" or (matched is None and words in of_payments):
            continue
        wish = wish_of(words, matched)
        assert wish.how in decisions_for(item, matched, TERMS.now)
        own = {row.record_id for row in item.rows}
        subject = Subject(item, matched, TERMS, words[1] if words[1] in own else "")
        has = {row.citizen: Decimal(10**9) for row in item.rows}
        means = Means(Policy.AVAILABLE, "CASCADE_PAYMENT_PROCESSOR", {}, has)
        assert plan(subject, wish, means).decision.how is wish.how


@given(snapshots())
def test_nothing_that_was_paid_for_is_given_up(snapshot: Snapshot) -> None:
    for item, matched in open_items(snapshot):
        if How.ACCEPT.option in printed(item) and matched:
            assert matched.owed == 0
