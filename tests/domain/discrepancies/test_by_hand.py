"""A credit by hand that did not arrive is reported, although no payment asks for it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from tests.domain.samples import NOW, a_stratagem, judge

LONG_AGO = NOW - timedelta(days=8)


def by_hand(**changed: Any) -> Stratagem:
    fields = {"stratagem_id": "cascade_manual_r1", "origin": Origin.MANUAL, "reason": "prize"}
    return a_stratagem(**{**fields, **changed})


def items(**changed: Any) -> list[Item]:
    return list(judge([], [by_hand(**changed)]).items)


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"status": "active", "expires_at": NOW}, Kind.STALLED),
        ({"status": "planned"}, Kind.STALLED),
        ({"status": "expired"}, Kind.STALLED),
        ({"status": "failed", "failure": Failure.NO_FUNDS}, Kind.FAILED),
        ({"status": "failed", "failure": Failure.UNCERTAIN}, Kind.DOUBTFUL),
        ({"status": "error"}, Kind.DOUBTFUL),
    ],
)
def test_one_that_did_not_arrive_is_a_discrepancy(changed: dict[str, Any], kind: Kind) -> None:
    (item,) = items(**changed)
    assert (item.kind, item.charge, item.ducats) == (kind, None, Decimal(100))
    assert item.evidence[0].endswith(": prize")


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "executed"},
        {"status": "active", "expires_at": NOW + timedelta(hours=1)},
        {"status": "planned", "created_at": NOW - timedelta(seconds=119)},
        {"status": "cancelled"},
    ],
)
def test_one_that_is_well_or_being_made_or_was_called_off_is_none(changed: dict[str, Any]) -> None:
    assert items(**changed) == []


def begun_for_a_payment() -> Stratagem:
    return by_hand(status="planned", mentions=("pi_1",))


def a_correction(**changed: Any) -> Stratagem:
    fields = {
        "record_id": "correction",
        "stratagem_id": "cascade_correction_pi_1",
        "origin": Origin.CORRECTION,
        "stripe_ids": ("pi_1",),
        "status": "executed",
    }
    return a_stratagem(**{**fields, **changed})


def stalled(*rows: Stratagem) -> Item:
    (item,) = (item for item in judge([], rows).items if item.kind is Kind.STALLED)
    return item


def test_what_was_given_otherwise_since_is_accepted_and_not_credited_again() -> None:
    item = stalled(begun_for_a_payment(), a_correction())
    assert item.advice.startswith("cascade_correction_pi_1 credited ")
    assert item.repair
    assert "cascade resolve" in item.repair.command
    assert "--accept" in item.repair.command


@pytest.mark.parametrize(
    "changed", [{"citizen": "lucia"}, {"stripe_ids": ("pi_2",)}, {"status": "cancelled"}]
)
def test_what_nobody_else_gave_is_credited_again(changed: dict[str, Any]) -> None:
    item = stalled(begun_for_a_payment(), a_correction(**changed))
    assert item.repair
    assert item.repair.command.startswith("cascade credit --reference r1 ")


@pytest.mark.parametrize("status", ["executed", "active"])
def test_a_spare_row_under_its_key_is_none_where_another_is_well(status: str) -> None:
    well = by_hand(status=status, expires_at=NOW + timedelta(hours=1))
    assert list(judge([], [by_hand(record_id="spare", status="planned"), well]).items) == []


def test_several_rows_under_its_key_are_one_discrepancy_and_the_gravest_tells() -> None:
    rows = [by_hand(record_id="spare", status="planned"), by_hand(status="error")]
    (item,) = judge([], rows).items
    assert (item.kind, len(item.stratagems)) == (Kind.DOUBTFUL, 2)


def test_rows_of_one_credit_are_told_in_the_same_order_however_they_were_read() -> None:
    rows = [by_hand(record_id=name, status="error") for name in ("recA", "recB")]
    told = [judge([], order).items[0] for order in (rows, rows[::-1])]
    assert told[0] == told[1]


def test_its_repair_is_the_same_credit_again_and_for_a_person() -> None:
    (item,) = items(status="expired")
    assert item.repair is not None
    assert item.repair.command == "cascade credit --reference r1 --reason prize -- marco 100"
    assert not item.repair.automatic


def test_it_is_no_part_of_what_was_sold() -> None:
    equation = judge([], [by_hand(status="expired")]).equation
    assert {equation.sold, equation.undelivered, equation.residual} == {Decimal(0)}


def test_one_that_no_engine_can_read_is_said_so_whatever_went_wrong_before() -> None:
    doomed = by_hand(
        status="active",
        expires_at=NOW + timedelta(hours=1),
        ducats=None,
        notes_flaw="its Notes are empty",
        failure=Failure.NO_FUNDS,
    )
    (item,) = judge([], [doomed]).items
    assert (item.kind, item.verdict) == (
        Kind.FAILED,
        "The engine cannot carry it out: its Notes are empty",
    )


def twins(*rows: dict[str, Any]) -> Item:
    made = [by_hand(record_id=f"rec{number}", **row) for number, row in enumerate(rows)]
    (item,) = judge([], made).items
    return item


EXECUTED = {"status": "executed"}
LIVE = {"status": "active", "expires_at": NOW + timedelta(hours=1)}


@pytest.mark.parametrize("rows", [(EXECUTED, LIVE), (LIVE, LIVE)])
def test_one_that_may_arrive_twice_is_a_duplicate_that_a_machine_ends(
    rows: tuple[dict[str, Any], ...],
) -> None:
    item = twins(*rows)
    assert (item.kind, item.at_risk) == (Kind.DUPLICATE, Decimal(100))
    assert item.repair is not None
    assert (item.repair.automatic, item.repair.ends_surplus) == (True, True)


@pytest.mark.parametrize(
    "rows",
    [(EXECUTED, EXECUTED), (EXECUTED, {"status": "error"}), (EXECUTED, {**LIVE, "citizen": "zoe"})],
)
def test_one_that_arrived_twice_or_whose_rows_differ_is_for_people(
    rows: tuple[dict[str, Any], ...],
) -> None:
    item = twins(*rows)
    assert item.kind is Kind.DUPLICATE
    assert item.repair is not None
    assert item.repair.command.startswith("cascade resolve rec")
    assert not item.repair.automatic


def test_one_of_another_key_that_was_made_before_the_window_is_for_another_report() -> None:
    stalled = {"status": "active", "expires_at": NOW}
    now = by_hand(**stalled)
    copy, other = (
        by_hand(record_id=f"rec_{key}", stratagem_id=key, created_at=LONG_AGO, **stalled)
        for key in (now.stratagem_id, "cascade_manual_r2")
    )
    (item,) = judge([], [now, copy, other]).items
    assert {row.record_id for row in item.stratagems} == {now.record_id, copy.record_id}
