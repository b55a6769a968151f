"""A charge that names no citizen or amount, and the transfer that a person made in its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Failure
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import NOW, a_charge, judge, keyed, older, the_item

NAMELESS = a_charge(citizen=None, citizen_text="")
WORTHLESS = a_charge(ducats=None, ducats_text="abc")
NO_MARKO = {"marko": False}


@pytest.mark.parametrize("charge", [NAMELESS, WORTHLESS])
def test_an_executed_transfer_under_its_key_settles_it(charge: Charge) -> None:
    item = the_item(charge, keyed(charge, citizen="polo" if charge is NAMELESS else "marco"))
    assert item.kind is Kind.SETTLED
    assert item.ducats == Decimal(100)


def test_a_live_transfer_under_its_key_puts_it_in_flight_for_that_citizen() -> None:
    expires_at = NOW + timedelta(hours=1)
    item = the_item(
        NAMELESS, keyed(NAMELESS, citizen="polo", status="active", expires_at=expires_at)
    )
    assert (item.kind, item.citizen) == (Kind.IN_FLIGHT, "polo")


def test_evidence_says_whose_name_was_taken_from_the_transfer() -> None:
    item = the_item(NAMELESS, keyed(NAMELESS, citizen="polo"))
    assert "the payment names no citizen; its stratagem names 'polo'" in item.evidence


@pytest.mark.parametrize("status", ["failed", "planned", "cancelled"])
def test_a_transfer_that_does_not_move_leaves_it_unattributable(status: str) -> None:
    stratagem = keyed(NAMELESS, status=status, failure=Failure.NO_FUNDS)
    assert the_item(NAMELESS, stratagem).kind is Kind.UNATTRIBUTABLE


def test_stripe_ids_in_notes_fill_in_as_well() -> None:
    stratagem = older(stripe_ids=("pi_1",), origin=Origin.PAYMENT, citizen="polo")
    assert the_item(NAMELESS, stratagem).citizen == "polo"


def test_a_transfer_to_nobody_fills_nothing_in() -> None:
    assert the_item(NAMELESS, keyed(NAMELESS, citizen="")).kind is Kind.UNATTRIBUTABLE


def test_its_ducats_are_sold_once_the_transfer_names_them() -> None:
    equation = judge([WORTHLESS], [keyed(WORTHLESS)]).equation
    assert equation.sold == equation.settled == 100
    assert equation.residual == 0


def test_its_known_ducats_are_unattributable_until_then() -> None:
    equation = judge([NAMELESS]).equation
    assert equation.sold == equation.unattributable == 100


def test_unknown_ducats_count_as_none_sold() -> None:
    assert judge([WORTHLESS]).equation.sold == 0


def test_a_citizen_in_whose_place_a_person_put_another_gives_way() -> None:
    misspelt = a_charge(citizen="marko")
    item = the_item(misspelt, keyed(misspelt, citizen="marco", instead_of="marko"))
    assert item.kind is Kind.SETTLED
    assert "the payment names 'marko', replaced by a person; its stratagem names 'marco'" in (
        item.evidence
    )


def test_a_transfer_to_a_citizen_who_does_not_exist_settles_nothing() -> None:
    misspelt = a_charge(citizen="marko")
    expires_at = NOW + timedelta(hours=1)
    live = keyed(misspelt, citizen="marko", status="active", expires_at=expires_at)
    assert the_item(misspelt, live, citizens=NO_MARKO).kind is Kind.UNKNOWN_CITIZEN


@pytest.mark.parametrize("citizens", [{}, {"marco": True}, {"marco": False}])
def test_no_transfer_stands_in_for_a_citizen_unless_a_person_said_so(
    citizens: dict[str, bool],
) -> None:
    charge = a_charge()
    item = the_item(charge, keyed(charge, citizen="polo"), citizens=citizens)
    assert item.kind is Kind.WRONG_CITIZEN


def test_a_payment_for_nobody_knows_whom_is_ranked_by_its_ducats_or_else_by_its_money() -> None:
    why = "the file is not the one that was sold"
    charge = a_charge(citizen=None, citizen_text="", unallocated=why, captured_cents=2500)
    known, unknown = the_item(charge), the_item(replace(charge, ducats=None))
    assert (known.kind, known.verdict, known.at_risk) == (Kind.UNATTRIBUTABLE, why, Decimal(100))
    assert (unknown.kind, unknown.at_risk) == (Kind.UNATTRIBUTABLE, Decimal(250))
