"""What a row costs the reconciliation, in what can be counted: memory, items, evidence."""

from __future__ import annotations

import tracemalloc

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.fast_path import take_fast_path
from cascade_cli.domain.reconcile.reconciliation import reconcile
from tests.benchmarks.big_shop import TERMS, big_shop

CHARGES = 10_000


def test_rows_and_reconciliation_take_less_than_a_kilobyte_a_row_at_their_peak() -> None:
    big_shop(100)
    tracemalloc.start()
    try:
        snapshot = big_shop(CHARGES)
        reconcile(snapshot, TERMS)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak / (len(snapshot.charges) + len(snapshot.stratagems)) < 1024


def test_the_result_keeps_two_references_for_each_settled_charge_and_no_object() -> None:
    few, many = (_kept_bytes(charges) for charges in (CHARGES // 2, CHARGES))
    settled = CHARGES // 2
    # 2 % of the charges took thought; what these keep is a few kilobytes each.
    assert (many - few) / settled < 2 * 8 * 1.2 + 0.02 * 4096


def _kept_bytes(charges: int) -> int:
    snapshot = big_shop(charges)
    tracemalloc.start()
    try:
        result = reconcile(snapshot, TERMS)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert result.counts[Kind.SETTLED] > charges * 0.98
    return kept


def test_all_that_is_plain_is_set_aside_and_only_that_is_thought_about() -> None:
    snapshot = big_shop(CHARGES)
    odd, orphans = CHARGES // 100, reconcile(snapshot, TERMS).counts[Kind.ORPHAN]
    plain, rest = take_fast_path(snapshot, TERMS.prices)
    # The charge beside which an orphan stands is itself plainly settled.
    assert len(rest.charges) == odd - orphans
    assert len(plain) == CHARGES - len(rest.charges)


def test_the_big_shop_knows_every_kind() -> None:
    result = reconcile(big_shop(CHARGES), TERMS)
    assert {kind for kind in Kind if result.counts[kind]} == set(Kind)
    assert result.equation.residual == 0
