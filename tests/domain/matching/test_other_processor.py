"""Rows that another than the processor pays: an older set-up, another machine, or a stranger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.delivery.delivery_steps import Action, End, OrderVerdict, Write, next_step
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.ownership import rows_of
from cascade_cli.domain.records.orders import Override, decided, lookup_order
from cascade_cli.domain.records.stratagems import Failure, State
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import NOW, a_charge, a_stratagem, judge, keyed, older, the_item

SOON, PAST = NOW + timedelta(hours=9), NOW - timedelta(hours=9)
OTHER = {"other_processor": "OLD_PROCESSOR"}
DEAD = [
    {"status": "active", "expires_at": PAST},
    {"status": "planned"},
    {"status": "cancelled"},
    {"status": "failed", "failure": Failure.SENDER_MISSING},
]


def test_what_another_processor_has_paid_is_paid() -> None:
    charge = a_charge()
    item = the_item(charge, keyed(charge, **OTHER))
    assert item.kind is Kind.SETTLED
    assert any("'OLD_PROCESSOR' pays it, not the processor" in line for line in item.evidence)


def test_a_legacy_row_that_another_processor_has_paid_is_paid() -> None:
    assert the_item(a_charge(), older(**OTHER)).kind is Kind.SETTLED


def test_what_another_processor_has_still_to_pay_is_for_a_person() -> None:
    charge = a_charge()
    item = the_item(charge, keyed(charge, status="active", expires_at=SOON, **OTHER))
    assert item.kind is Kind.DOUBTFUL
    assert "find out who made that stratagem" in item.verdict


@pytest.mark.parametrize("dead", DEAD)
def test_a_dead_row_of_another_processor_is_revived_by_no_machine(dead: dict[str, object]) -> None:
    charge = a_charge()
    item = the_item(charge, keyed(charge, **{**dead, **OTHER}))
    assert item.kind in {Kind.STALLED, Kind.FAILED}
    assert item.repair is not None
    assert not item.repair.automatic


@pytest.mark.parametrize("dead", DEAD)
def test_nothing_is_written_upon_it_and_a_person_may_have_a_row_made(
    dead: dict[str, object],
) -> None:
    charge = a_charge()
    order = lookup_order(charge)
    rows = rows_of(order, [keyed(charge, **{**dead, **OTHER})])
    step = next_step(order, rows, NOW)
    assert isinstance(step, End)
    assert step.verdict is OrderVerdict.BLOCKED
    assert "--although-ambiguous" in step.hint
    assert next_step(decided(order, Override.AMBIGUOUS), rows, NOW) == Write(Action.CREATE)


def test_no_word_of_a_person_lets_a_second_row_run_beside_a_live_one() -> None:
    charge = a_charge()
    order = decided(lookup_order(charge), Override.AMBIGUOUS)
    live = keyed(charge, status="active", expires_at=SOON, **OTHER)
    step = next_step(order, rows_of(order, [live]), NOW)
    assert isinstance(step, End)
    assert step.verdict is OrderVerdict.BLOCKED


def test_a_second_payment_by_another_processor_is_a_duplicate_and_is_accounted_for() -> None:
    charge = a_charge()
    result = judge([charge], [keyed(charge), keyed(charge, record_id="recOther", **OTHER)])
    assert [item.kind for item in result.items] == [Kind.DUPLICATE]
    assert result.equation.over_delivered == Decimal(100)
    assert result.equation.residual == 0


@pytest.mark.parametrize("origin", [Origin.MANUAL, Origin.OTHER, Origin.LEGACY, Origin.PAYMENT])
def test_what_others_pay_for_nothing_of_ours_is_no_orphan(origin: Origin) -> None:
    result = judge([], [a_stratagem(origin=origin, **OTHER)])
    assert list(result.items) == []
    assert (result.equation.executed, result.equation.residual) == (Decimal(0), Decimal(0))


@pytest.mark.parametrize("status", ["executed", "active"])
def test_ducats_taken_back_to_another_processor_are_not_simply_back(status: str) -> None:
    row = a_stratagem(
        origin=Origin.REFUND, payer="marco", citizen="X", status=status, expires_at=SOON, **OTHER
    )
    assert row.state(NOW) is State.DOUBTFUL
