"""What holds for any world at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.findings import findings
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.equation import EquationPart, part_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import RETURNING
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import exactly
from tests.domain.generated import charges, snapshots
from tests.domain.samples import TERMS

_UNDELIVERED = {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.UNKNOWN_CITIZEN}


@given(snapshots(), st.data())
def test_the_order_of_the_inputs_changes_nothing(snapshot: Snapshot, data: st.DataObject) -> None:
    shuffled = replace(
        snapshot,
        charges=tuple(data.draw(st.permutations(snapshot.charges))),
        stratagems=tuple(data.draw(st.permutations(snapshot.stratagems))),
    )
    assert reconcile(shuffled, TERMS) == reconcile(snapshot, TERMS)


@given(snapshots(), charges(77))
def test_an_unrelated_charge_changes_only_its_own_lines(
    snapshot: Snapshot, another: Charge
) -> None:
    unrelated = replace(another, citizen="somebody else")
    before = _lines(tuple(reconcile(snapshot, TERMS).items))
    after = _lines(
        tuple(reconcile(replace(snapshot, charges=(*snapshot.charges, unrelated)), TERMS).items)
    )
    after.pop(unrelated.id, None)
    assert after == before


@given(snapshots())
def test_each_charge_that_is_judged_gets_exactly_one_kind(snapshot: Snapshot) -> None:
    items = [item for item in reconcile(snapshot, TERMS).items if item.charge]
    judged = Counter(item.charge.id for item in items if item.charge)
    assert judged == Counter(c.id for c in snapshot.charges if snapshot.judges(c))


@given(snapshots())
def test_the_counts_are_those_of_the_items(snapshot: Snapshot) -> None:
    result = reconcile(snapshot, TERMS)
    assert result.counts == Counter(item.kind for item in result.items)


@given(snapshots())
def test_each_stratagem_is_used_at_most_once(snapshot: Snapshot) -> None:
    used = Counter(
        s.record_id for item in reconcile(snapshot, TERMS).items for s in item.stratagems
    )
    assert all(times == 1 for times in used.values())


@given(snapshots())
def test_each_transfer_that_is_accounted_for_belongs_to_somebody(snapshot: Snapshot) -> None:
    result = reconcile(snapshot, TERMS)
    matches = match(snapshot.charges, snapshot.stratagems)
    charges = {charge.id for charge in snapshot.charges if snapshot.judges(charge)}
    matched = {m.stratagem.record_id for charge in charges for m in matches.by_charge[charge]}
    matched |= {s.record_id for charge in charges for s in matches.corrections.get(charge, ())}
    by_hand = {s.record_id for s in snapshot.stratagems if s.origin is Origin.MANUAL and s.reason}
    ownerless = [item.stratagems for item in result.items if item.charge is None]
    # A credit by hand with a reason has its owner, and so have the rows that double it.
    orphans = {
        rows[0].record_id for rows in ownerless if by_hand.isdisjoint(r.record_id for r in rows)
    }
    apart = (*RETURNING, Origin.TAKE_BACK)
    delivering = [s for s in snapshot.stratagems if s.origin not in apart]
    within = {s.record_id for s in delivering if snapshot.must_account_for(s)}
    assert not matched & orphans
    assert len(within - matched - orphans) == result.manual + result.elsewhere
    assert orphans <= within


@given(snapshots())
def test_the_residual_is_zero(snapshot: Snapshot) -> None:
    assert reconcile(snapshot, TERMS).equation.residual == 0


@given(snapshots())
def test_what_was_sold_is_settled_or_in_exactly_one_other_part(snapshot: Snapshot) -> None:
    equation = reconcile(snapshot, TERMS).equation
    parts = (equation.in_flight, equation.undelivered, equation.doubtful, equation.unattributable)
    with exactly():
        assert equation.sold == equation.settled + sum(parts)
    assert all(part >= 0 for part in (*parts, equation.settled))
    assert equation.over_delivered + equation.taken_back_here >= 0


@given(snapshots())
def test_what_was_executed_is_settled_or_accounted_for_elsewhere(snapshot: Snapshot) -> None:
    equation = reconcile(snapshot, TERMS).equation
    others = (equation.over_delivered, equation.manual, equation.orphaned, equation.elsewhere)
    with exactly():
        taken = equation.taken_back_here
        assert equation.executed == equation.settled + sum(others) + taken
        assert equation.taken_back == taken + equation.taken_back_elsewhere


@given(snapshots())
def test_the_kind_and_the_part_of_the_equation_agree(snapshot: Snapshot) -> None:
    for matched in matched_charges_of(
        snapshot, match(snapshot.charges, snapshot.stratagems), TERMS
    ).values():
        found = findings(matched)
        part = part_of(matched) if matched.outstanding else None
        if found and found[0].kind in _UNDELIVERED:
            assert part is EquationPart.UNDELIVERED
        if not found:
            assert part in {None, EquationPart.IN_FLIGHT}


@given(snapshots())
def test_no_machine_repairs_where_a_person_has_to_judge(snapshot: Snapshot) -> None:
    disputes = snapshot.lookups.disputes
    won = {
        charge
        for charge, found in disputes.items()
        if not any(d.is_undecided or d.cents_gone for d in found)
    }
    for item in reconcile(snapshot, TERMS).items:
        if item.repair and item.repair.automatic:
            assert item.charge
            assert not item.charge.refunded_cents
            assert not item.charge.disputed or item.charge.id in won
            assert not [e for e in item.evidence if e.startswith(("also ", "ambiguous"))]
            assert item.kind in {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.DUPLICATE}


@given(snapshots())
def test_the_worst_come_first(snapshot: Snapshot) -> None:
    severities = [
        list(type(i.severity)).index(i.severity) for i in reconcile(snapshot, TERMS).items
    ]
    assert severities == sorted(severities)


def _lines(items: tuple[Item, ...]) -> dict[str, Item]:
    return {(i.charge.id if i.charge else i.stratagems[0].record_id): i for i in items}
