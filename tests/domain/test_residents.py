"""A citizen whose record is younger than a transfer to that name is another person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from cascade_cli.domain.keys import Origin
from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.residents import successor
from cascade_cli.domain.stratagems import Failure
from tests.domain.samples import NOW, PAID, a_charge, keyed, older, the_item

MADE = PAID + timedelta(minutes=1)
LATER = MADE + timedelta(hours=1)


def told(since: datetime, **changed: Any) -> bool:
    return bool(successor("marco", since, [keyed(a_charge(), **changed)]))


def test_a_record_younger_than_what_was_executed_is_another_person() -> None:
    assert told(LATER, status="executed")
    assert told(LATER, status="executed", executed_at=LATER - timedelta(seconds=1))
    assert not told(LATER, status="executed", executed_at=LATER)


@pytest.mark.parametrize("status", ["active", "expired", "planned", "cancelled", "failed"])
def test_a_record_younger_than_a_row_of_ours_is_another_person(status: str) -> None:
    assert told(LATER, status=status)
    assert not told(MADE, status=status)


def test_a_row_of_the_legacy_connector_that_moved_nothing_says_nothing() -> None:
    assert not told(LATER, status="active", origin=Origin.OLDER)
    assert told(LATER, status="executed", origin=Origin.OLDER)


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
