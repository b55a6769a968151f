"""The heap that pairs older rows with charges, against the rule written down naively."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.matching.matching import LEGACY_REACH, Rule, match
from cascade_cli.domain.matching.ownership import rows_of
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import lookup_order
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.generated import snapshots
from tests.domain.samples import PAID, a_charge, older

Pair = tuple[datetime, datetime]

# Steps of eight hours: nine of them are the 72 hours exactly, and collisions are frequent.
_moments = st.integers(0, 20).map(lambda step: PAID + step * timedelta(hours=8))
_lines = st.tuples(st.lists(_moments, max_size=9), st.lists(_moments, max_size=9))


def naive_pairs(paid: list[datetime], made: list[datetime]) -> Counter[Pair]:
    """Again and again the closest pair of all that are left, at most 72 hours apart."""
    charges, rows, pairs = list(paid), list(made), Counter[Pair]()
    while candidates := [
        (row - charge, charge, row)
        for charge in charges
        for row in rows
        if timedelta(0) <= row - charge <= LEGACY_REACH
    ]:
        _, charge, row = min(candidates)
        pairs[charge, row] += 1
        charges.remove(charge)
        rows.remove(row)
    return pairs


def a_line(paid: list[datetime], made: list[datetime]) -> tuple[list[Charge], list[Stratagem]]:
    charges = [a_charge(str(i), created_at=moment) for i, moment in enumerate(paid)]
    return charges, [older(str(i), created_at=moment) for i, moment in enumerate(made)]


@given(_lines)
def test_the_heap_pairs_as_the_naive_rule_does(line: tuple[list[datetime], list[datetime]]) -> None:
    charges, rows = a_line(*line)
    found = match(charges, rows).by_charge
    pairs = Counter(
        (charge.created_at, one.stratagem.created_at)
        for charge in charges
        for one in found[charge.id]
        if one.rule is Rule.NEAREST
    )
    assert pairs == naive_pairs(*line)


@given(_lines)
def test_a_pair_is_ambiguous_exactly_where_its_second_has_another_candidate(
    line: tuple[list[datetime], list[datetime]],
) -> None:
    charges, rows = a_line(*line)
    for charge in charges:
        for one in match(charges, rows).by_charge[charge.id]:
            if one.rivals:
                twins = [c for c in charges if c.created_at == charge.created_at]
                twins_made = [r for r in rows if r.created_at == one.stratagem.created_at]
                assert len(twins) > 1 or len(twins_made) > 1


@given(_lines)
def test_a_surplus_row_follows_a_payment_within_seventy_two_hours(
    line: tuple[list[datetime], list[datetime]],
) -> None:
    charges, rows = a_line(*line)
    found = match(charges, rows)
    for row in found.unmatched:
        assert not any(
            timedelta(0) <= row.created_at - c.created_at <= LEGACY_REACH for c in charges
        )


@given(snapshots())
def test_what_an_order_is_shown_of_all_rows_is_what_matching_gives_its_charge(
    snapshot: Snapshot,
) -> None:
    for charge in snapshot.charges:
        question = lookup_order(charge)
        keyed = [row for row in snapshot.stratagems if row.stratagem_id == question.key]
        rest = [row for row in snapshot.stratagems if row not in keyed]
        found = match([charge], rest)
        matched = [one.stratagem for one in found.by_charge[charge.id]]
        # What a person decided to give beside its own transfer stands in its way as well.
        matched += found.corrections.get(charge.id, ())
        shown = rows_of(question, snapshot.stratagems)
        assert {row.record_id for row in shown} == {row.record_id for row in (*keyed, *matched)}
