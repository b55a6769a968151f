"""What a machine is about to repair: in which order, to which limit, and on whose rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.reconcile.repair_plan import RepairPlan, plan_repairs
from cascade_cli.domain.records.charges import Charge, Refund
from cascade_cli.domain.records.orders import PURCHASE_REASON
from cascade_cli.domain.records.stratagems import Stratagem
from tests.domain.samples import NOW, PAID, TERMS, a_charge, a_snapshot, keyed, older

HOUR = timedelta(hours=1)


def planned(
    charges: Iterable[Charge], stratagems: Iterable[Stratagem] = (), limit: int = 10000
) -> RepairPlan:
    snapshot = a_snapshot(charges, stratagems)
    return plan_repairs(
        snapshot,
        reconcile(snapshot, TERMS),
        per_credit_ducats=Decimal(limit),
        facts={"worker": "nightly"},
    )


def surplus(charge: Charge, **changed: Any) -> Stratagem:
    """A second transfer for the charge, which the engine has not taken yet."""
    active = {"record_id": "rec_second", "status": "active", "expires_at": NOW + HOUR}
    return keyed(charge, **{**active, **changed})


def test_who_paid_first_is_credited_first() -> None:
    late, early = a_charge("1", created_at=PAID + HOUR), a_charge("2", citizen="lucia")
    keys = [repair.order.key for repair in planned([late, early]).repairs]
    assert keys == ["cascade_payment_pi_2", "cascade_payment_pi_1"]


def test_what_is_settled_is_neither_repaired_nor_left_to_people() -> None:
    assert planned([a_charge()], [keyed(a_charge())]) == RepairPlan((), ())


def test_a_missing_transfer_is_ordered_as_it_was_sold_and_says_who_repaired() -> None:
    (repair,) = planned([a_charge()]).repairs
    order = repair.order
    assert (order.citizen, order.ducats, order.reason) == ("marco", Decimal(100), PURCHASE_REASON)
    assert order.facts["worker"] == "nightly"
    assert not order.retire_surplus


def test_a_credit_of_exactly_the_limit_is_made_and_one_above_it_is_left_to_people() -> None:
    assert len(planned([a_charge()], limit=100).repairs) == 1
    plan = planned([a_charge()], limit=99)
    assert not plan.repairs
    assert [why for _, why in plan.for_people] == ["it exceeds CASCADE_MAX_DUCATS_PER_CREDIT"]


def test_what_no_machine_may_repair_is_left_to_people_and_holds_up_nobody() -> None:
    doubtful, missing = a_charge("1"), a_charge("2", citizen="lucia")
    plan = planned([doubtful, missing], [keyed(doubtful, status="error")])
    assert [item.charge for item, _ in plan.for_people] == [doubtful]
    assert [repair.item.charge for repair in plan.repairs] == [missing]


def test_an_orphan_is_left_to_people() -> None:
    plan = planned([], [older()])
    assert [item.charge for item, _ in plan.for_people] == [None]


def test_all_repairs_together_tell_what_leaves_the_processor() -> None:
    charges = [a_charge("1"), a_charge("2", citizen="lucia", ducats=Decimal(40))]
    assert planned(charges).total_ducats == 140


def test_ending_a_surplus_sends_no_ducats_out() -> None:
    charge = a_charge()
    plan = planned([charge], [keyed(charge), surplus(charge)])
    (repair,) = plan.repairs
    assert repair.order.retire_surplus
    assert plan.total_ducats == 0


def test_the_surplus_of_a_disputed_payment_is_ended_and_its_rest_is_not_seen_to() -> None:
    charge = a_charge(disputed=True)
    (repair,) = planned([charge], [keyed(charge), surplus(charge)]).repairs
    assert repair.order.retire_surplus
    assert repair.order.charge is not None
    assert repair.order.charge.disputed


def test_a_legacy_row_of_the_payment_is_revived_and_that_of_another_is_not_touched() -> None:
    settled, stalled = a_charge("1"), a_charge("2", created_at=PAID + 5 * HOUR)
    rows = [older("a"), older("b", status="expired", created_at=PAID + 6 * HOUR)]
    (repair,) = planned([settled, stalled], rows).repairs
    assert repair.order.own_records == {"recb"}
    assert repair.order.foreign_records == {"reca"}


def test_rows_of_other_citizens_are_nobodys_concern() -> None:
    paid, missing = a_charge("1", citizen="lucia"), a_charge("2")
    (repair,) = planned([paid, missing], [keyed(paid, citizen="lucia")]).repairs
    assert not repair.order.foreign_records


@pytest.mark.parametrize(("citizen", "amends"), [("marco", True), ("lucia", False)])
def test_money_that_went_and_came_corrects_how_many_ducats_and_never_whose(
    citizen: str, amends: bool
) -> None:
    charge = a_charge(refunds=(Refund("re_1", "failed", 250, PAID, has_left=False),))
    (repair,) = planned([charge], [keyed(charge, citizen=citizen, status="expired")]).repairs
    assert repair.order.amends is amends
