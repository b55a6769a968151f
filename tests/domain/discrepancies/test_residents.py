"""A citizen whose record is younger than a transfer to that name is another person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import identity_doubt
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from tests.domain.refunds.test_refund_plan import taken
from tests.domain.samples import NOW, PAID, a_charge, judge, keyed, older, the_item

MADE = PAID + timedelta(minutes=1)
LATER = MADE + timedelta(hours=1)


def told(since: datetime, **changed: Any) -> bool:
    return bool(identity_doubt("marco", since, [keyed(a_charge(), **changed)]))


def test_a_record_younger_than_what_was_executed_is_another_person() -> None:
    assert told(LATER, status="executed")
    assert told(LATER, status="executed", executed_at=LATER - timedelta(seconds=1))
    assert not told(LATER, status="executed", executed_at=LATER)


@pytest.mark.parametrize("status", ["active", "expired", "planned", "cancelled", "failed"])
def test_a_record_younger_than_a_row_of_ours_is_another_person(status: str) -> None:
    assert told(LATER, status=status)
    assert not told(MADE, status=status)


def test_a_row_of_the_legacy_connector_that_moved_nothing_says_nothing() -> None:
    assert not told(LATER, status="active", origin=Origin.LEGACY)
    assert told(LATER, status="executed", origin=Origin.LEGACY)


def test_a_legacy_row_that_cascade_revived_for_a_latecomer_says_nothing() -> None:
    assert not told(LATER, status="active", stratagem_id="cascade_payment_marco_1763900000")


def test_what_comes_back_from_the_citizen_tells_as_well() -> None:
    assert told(LATER, origin=Origin.REFUND, citizen="bank", payer="marco")


def test_a_row_for_somebody_else_says_nothing() -> None:
    assert not told(LATER, citizen="lucia")


def test_what_failed_for_the_one_before_is_for_people() -> None:
    charge = a_charge()
    row = keyed(charge, status="failed", failure=Failure.RECEIVER_MISSING)
    item = the_item(charge, row, citizens={"marco": True}, arrived={"marco": NOW})
    assert item.kind is Kind.FAILED
    assert item.verdict.startswith("the citizen 'marco' came to Venice")
    assert "Find out whether it is the same person" in item.advice
    assert item.advice.endswith("--reason 'paid but not delivered'")
    assert item.repair
    assert item.repair.command.startswith("cascade resolve pi_1 --credit --citizen CITIZEN ")
    assert not item.repair.automatic


def test_who_arrives_after_paying_is_credited_by_a_machine() -> None:
    for row in ((), (older(status="expired"),)):
        item = the_item(a_charge(), *row, citizens={"marco": True}, arrived={"marco": NOW})
        assert item.repair
        assert item.repair.automatic


# Where something has to be found out first, the case is put off.
PUT_OFF = Repair("cascade resolve pi_1 --snooze 7d --reason 'it is being looked into'")


def settled_with(charge: Charge, *rows: Stratagem) -> Item:
    """Of a payment whose citizen's name another may bear by now."""
    items = judge([charge], rows, citizens={"marco": True}, arrived={"marco": NOW}).items
    (item,) = (item for item in items if item.charge)
    return item


def test_nobody_is_told_to_take_ducats_back_from_who_came_after_the_delivery() -> None:
    charge = a_charge(refunded_cents=1000)
    item = settled_with(charge, keyed(charge))
    assert item.repair == PUT_OFF
    assert item.advice.startswith("Find out whether it is the same person")
    assert "cascade refund pi_1 --write-off 'the citizen was made anew'" in item.advice


def test_what_has_not_arrived_is_ended_by_the_refund_whoever_bears_the_name() -> None:
    charge = a_charge(refunded_cents=1000)
    live = keyed(charge, status="active", expires_at=NOW + timedelta(hours=1))
    assert settled_with(charge, live).repair == Repair("cascade refund pi_1")


def test_what_was_taken_from_the_one_before_is_for_people_to_give_again() -> None:
    charge = a_charge()
    back = taken(created_at=MADE, stripe_ids=("pi_1",))
    item = settled_with(charge, keyed(charge), back)
    assert item.repair == PUT_OFF
    assert item.advice.endswith("credit by hand what was taken or kept back, with a --reference.")
    assert "--write-off" not in item.advice
