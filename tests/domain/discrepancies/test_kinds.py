from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.charges import Dispute
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from tests.domain.samples import GRACE, NOW, a_charge, keyed, older, the_item

CHARGE = a_charge()
EXECUTED = keyed(CHARGE)
LIVE = keyed(CHARGE, status="active", expires_at=NOW + timedelta(hours=9))
EXPIRED = keyed(CHARGE, status="active", expires_at=NOW - timedelta(hours=9))
FAILED = keyed(CHARGE, status="failed", failure=Failure.NO_FUNDS)
UNCERTAIN = keyed(CHARGE, status="failed", failure=Failure.UNCERTAIN)
AGAIN = older()
DISPUTED = a_charge(disputed=True)
YOUNG = a_charge(created_at=NOW - GRACE + timedelta(seconds=1))


def test_executed_once_for_the_right_citizen_and_amount_is_settled() -> None:
    assert the_item(CHARGE, EXECUTED).kind is Kind.SETTLED


def test_an_older_row_that_fits_settles_as_well() -> None:
    assert the_item(CHARGE, older()).kind is Kind.SETTLED


def test_without_any_stratagem_it_is_missing() -> None:
    assert the_item(CHARGE).kind is Kind.MISSING


def test_within_the_grace_time_it_is_in_flight() -> None:
    assert the_item(YOUNG).kind is Kind.IN_FLIGHT


def test_at_the_end_of_the_grace_time_it_is_missing() -> None:
    assert the_item(a_charge(created_at=NOW - GRACE)).kind is Kind.MISSING


def test_a_live_stratagem_is_in_flight_however_old_the_charge_is() -> None:
    assert the_item(CHARGE, LIVE).kind is Kind.IN_FLIGHT


@pytest.mark.parametrize("status", ["planned", "expired", "cancelled", ""])
def test_what_the_engine_passes_over_is_stalled(status: str) -> None:
    assert the_item(CHARGE, keyed(CHARGE, status=status)).kind is Kind.STALLED


def test_active_but_expired_is_stalled() -> None:
    assert the_item(CHARGE, EXPIRED).kind is Kind.STALLED


def test_a_failure_before_ducats_moved_is_failed() -> None:
    assert the_item(CHARGE, FAILED).kind is Kind.FAILED


def test_a_failure_is_told_at_once_within_the_grace_time_too() -> None:
    stratagem = keyed(YOUNG, status="failed", failure=Failure.MALFORMED)
    assert the_item(YOUNG, stratagem).kind is Kind.FAILED


def test_a_failure_that_may_have_moved_ducats_is_doubtful() -> None:
    assert the_item(CHARGE, UNCERTAIN).kind is Kind.DOUBTFUL


@pytest.mark.parametrize("status", ["executed", "active"])
def test_another_amount_executed_or_active_is_an_amount_mismatch(status: str) -> None:
    expires_at = NOW + timedelta(hours=1)
    stratagem = keyed(CHARGE, ducats=Decimal(75), status=status, expires_at=expires_at)
    assert the_item(CHARGE, stratagem).kind is Kind.AMOUNT_MISMATCH


@pytest.mark.parametrize("status", ["executed", "active"])
def test_another_citizen_executed_or_active_is_a_wrong_citizen(status: str) -> None:
    expires_at = NOW + timedelta(hours=1)
    stratagem = keyed(CHARGE, citizen="polo", status=status, expires_at=expires_at)
    assert the_item(CHARGE, stratagem).kind is Kind.WRONG_CITIZEN


def test_a_citizen_in_another_spelling_is_a_wrong_citizen() -> None:
    assert the_item(CHARGE, keyed(CHARGE, citizen="Marco")).kind is Kind.WRONG_CITIZEN


@pytest.mark.parametrize("first", [EXECUTED, LIVE, UNCERTAIN])
def test_two_stratagems_that_moved_or_may_move_are_a_duplicate(first: Stratagem) -> None:
    assert the_item(CHARGE, first, AGAIN).kind is Kind.DUPLICATE


@pytest.mark.parametrize("first", [EXPIRED, FAILED])
def test_a_second_stratagem_beside_a_hopeless_one_is_no_duplicate(first: Stratagem) -> None:
    assert the_item(CHARGE, first, AGAIN).kind is Kind.SETTLED


def test_a_price_below_the_rate_is_underpaid() -> None:
    charge = a_charge(captured_cents=400)
    assert the_item(charge, keyed(charge)).kind is Kind.UNDERPAID


@pytest.mark.parametrize(
    "lacking", [{"citizen": None, "citizen_text": ""}, {"ducats": None, "ducats_text": "NaN"}]
)
def test_no_usable_citizen_or_amount_is_unattributable(lacking: dict[str, Any]) -> None:
    assert the_item(a_charge(**lacking)).kind is Kind.UNATTRIBUTABLE


def test_a_citizen_who_does_not_exist_is_unknown() -> None:
    assert the_item(CHARGE, citizens={"marco": False}).kind is Kind.UNKNOWN_CITIZEN


def test_a_citizen_nobody_asked_about_is_not_called_unknown() -> None:
    assert the_item(CHARGE, citizens={}).kind is Kind.MISSING


@pytest.mark.parametrize("refunded_cents", [1, 999, 1000])
def test_delivered_and_paid_back_in_part_or_whole_is_refunded(refunded_cents: int) -> None:
    charge = a_charge(refunded_cents=refunded_cents)
    assert the_item(charge, keyed(charge)).kind is Kind.REFUNDED


def test_paid_back_before_anything_moved_is_settled_and_sells_nothing() -> None:
    item = the_item(a_charge(refunded_cents=1000))
    assert (item.kind, item.repair) == (Kind.SETTLED, None)


def test_paid_back_in_part_before_anything_moved_is_still_missing() -> None:
    assert the_item(a_charge(refunded_cents=999)).kind is Kind.MISSING


def test_delivered_and_contested_is_disputed() -> None:
    assert the_item(DISPUTED, keyed(DISPUTED)).kind is Kind.DISPUTED


@pytest.mark.parametrize("status", ["won", "warning_closed", "prevented"])
def test_a_dispute_that_the_shop_won_is_settled(status: str) -> None:
    won = Dispute("du_1", "ch_1", status, "fraudulent", 1000)
    item = the_item(DISPUTED, keyed(DISPUTED), disputes={"ch_1": (won,)})
    assert item.kind is Kind.SETTLED


@pytest.mark.parametrize("status", ["lost", "needs_response", "warning_under_review"])
def test_a_dispute_that_is_lost_or_open_stays_disputed_beside_one_won(status: str) -> None:
    disputes = tuple(
        Dispute(f"du_{one}", "ch_1", one, "fraudulent", 1000) for one in ("won", status)
    )
    item = the_item(DISPUTED, keyed(DISPUTED), disputes={"ch_1": disputes})
    assert item.kind is Kind.DISPUTED


def test_contested_before_anything_moved_is_missing() -> None:
    assert the_item(DISPUTED).kind is Kind.MISSING


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        *((kind, "critical") for kind in ("duplicate", "doubtful", "wrong_citizen", "orphan")),
        *((kind, "high") for kind in ("missing", "stalled", "failed", "amount_mismatch")),
        *((kind, "high") for kind in ("unattributable", "unknown_citizen")),
        *((kind, "medium") for kind in ("disputed", "refunded", "underpaid")),
        *((kind, "none") for kind in ("settled", "in_flight")),
    ],
)
def test_every_kind_has_its_severity(kind: str, severity: str) -> None:
    assert Kind(kind).severity == severity
