"""What holds for any world at all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.discrepancies.findings import findings
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import World, cases_of
from cascade_cli.domain.reconcile.equation import Part, part_of
from cascade_cli.domain.reconcile.reconciliation import Item, reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import RETURNING
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import exactly
from tests.domain.generated import charges, worlds
from tests.domain.samples import TERMS

_UNDELIVERED = {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.UNKNOWN_CITIZEN}


@given(worlds(), st.data())
def test_the_order_of_the_inputs_changes_nothing(world: World, data: st.DataObject) -> None:
    shuffled = replace(
        world,
        charges=tuple(data.draw(st.permutations(world.charges))),
        stratagems=tuple(data.draw(st.permutations(world.stratagems))),
    )
    assert reconcile(shuffled, TERMS) == reconcile(world, TERMS)


@given(worlds(), charges(77))
def test_an_unrelated_charge_changes_only_its_own_lines(world: World, another: Charge) -> None:
    unrelated = replace(another, citizen="somebody else")
    before = _lines(tuple(reconcile(world, TERMS).items))
    after = _lines(
        tuple(reconcile(replace(world, charges=(*world.charges, unrelated)), TERMS).items)
    )
    after.pop(unrelated.id, None)
    assert after == before


@given(worlds())
def test_each_charge_that_is_judged_gets_exactly_one_kind(world: World) -> None:
    items = [item for item in reconcile(world, TERMS).items if item.charge]
    judged = Counter(item.charge.id for item in items if item.charge)
    assert judged == Counter(c.id for c in world.charges if world.judges(c))


@given(worlds())
def test_the_counts_are_those_of_the_items(world: World) -> None:
    result = reconcile(world, TERMS)
    assert result.counts == Counter(item.kind for item in result.items)


@given(worlds())
def test_each_stratagem_is_used_at_most_once(world: World) -> None:
    used = Counter(s.record_id for item in reconcile(world, TERMS).items for s in item.stratagems)
    assert all(times == 1 for times in used.values())


@given(worlds())
def test_each_transfer_that_is_accounted_for_belongs_to_somebody(world: World) -> None:
    result = reconcile(world, TERMS)
    matches = match(world.charges, world.stratagems)
    charges = {charge.id for charge in world.charges if world.judges(charge)}
    matched = {m.stratagem.record_id for charge in charges for m in matches.by_charge[charge]}
    matched |= {s.record_id for charge in charges for s in matches.corrections.get(charge, ())}
    orphans = {i.stratagems[0].record_id for i in result.items if i.charge is None}
    by_hand = {s.record_id for s in world.stratagems if s.origin is Origin.MANUAL and s.reason}
    orphans -= by_hand
    apart = (*RETURNING, Origin.TAKE_BACK)
    delivering = [s for s in world.stratagems if s.origin not in apart]
    within = {s.record_id for s in delivering if world.accounts_for(s)}
    assert not matched & orphans
    assert len(within - matched - orphans) == result.manual + result.elsewhere
    assert orphans <= within


@given(worlds())
def test_the_residual_is_zero(world: World) -> None:
    assert reconcile(world, TERMS).equation.residual == 0


@given(worlds())
def test_what_was_sold_is_settled_or_in_exactly_one_other_part(world: World) -> None:
    equation = reconcile(world, TERMS).equation
    parts = (equation.in_flight, equation.undelivered, equation.doubtful, equation.unattributable)
    with exactly():
        assert equation.sold == equation.settled + sum(parts)
    assert all(part >= 0 for part in (*parts, equation.settled))
    assert equation.over_delivered + equation.taken_back_here >= 0


@given(worlds())
def test_what_was_executed_is_settled_or_accounted_for_elsewhere(world: World) -> None:
    equation = reconcile(world, TERMS).equation
    others = (equation.over_delivered, equation.manual, equation.orphaned, equation.elsewhere)
    with exactly():
        taken = equation.taken_back_here
        assert equation.executed == equation.settled + sum(others) + taken
        assert equation.taken_back == taken + equation.taken_back_elsewhere


@given(worlds())
def test_the_kind_and_the_part_of_the_equation_agree(world: World) -> None:
    for case in cases_of(world, match(world.charges, world.stratagems), TERMS).values():
        found = findings(case)
        part = part_of(case) if case.outstanding else None
        if found and found[0].kind in _UNDELIVERED:
            assert part is Part.UNDELIVERED
        if not found:
            assert part in {None, Part.IN_FLIGHT}


@given(worlds())
def test_no_machine_repairs_where_a_person_has_to_judge(world: World) -> None:
    disputes = world.answers.disputes
    won = {
        charge
        for charge, found in disputes.items()
        if not any(d.is_open or d.cents_gone for d in found)
    }
    for item in reconcile(world, TERMS).items:
        if item.repair and item.repair.automatic:
            assert item.charge
            assert not item.charge.refunded_cents
            assert not item.charge.disputed or item.charge.id in won
            assert not [e for e in item.evidence if e.startswith(("also ", "ambiguous"))]
            assert item.kind in {Kind.MISSING, Kind.STALLED, Kind.FAILED, Kind.DUPLICATE}


@given(worlds())
def test_the_worst_come_first(world: World) -> None:
    severities = [list(type(i.severity)).index(i.severity) for i in reconcile(world, TERMS).items]
    assert severities == sorted(severities)


def _lines(items: tuple[Item, ...]) -> dict[str, Item]:
    return {(i.charge.id if i.charge else i.stratagems[0].record_id): i for i in items}
