"""What keeps every machine from moving ducats for a refund."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from cascade_cli.domain.discrepancies.refund_plan import obstacle_to, picture_of
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin, refund_key
from tests.domain.samples import NOW, a_charge, a_stratagem, keyed, the_matched_charge

PAID_BACK = a_charge(refunded_cents=1000)
LIVE = {"status": "active", "expires_at": NOW + timedelta(hours=9)}


def obstacle(*rows: Stratagem) -> str:
    return obstacle_to(picture_of(the_matched_charge(PAID_BACK, *rows), {}))


def test_nothing_stands_in_the_way_of_what_was_delivered_once() -> None:
    assert obstacle(keyed(PAID_BACK)) == ""
    assert obstacle(keyed(PAID_BACK, **LIVE)) == ""
    assert obstacle() == ""


@pytest.mark.parametrize("changed", [{}, LIVE])
def test_nobody_returns_ducats_that_another_citizen_got(changed: dict[str, object]) -> None:
    row = keyed(PAID_BACK, citizen="paolo", **changed)
    assert obstacle(row) == "its ducats went to another citizen than the payment names"


@pytest.mark.parametrize("changed", [{}, LIVE])
def test_what_was_delivered_more_than_once_or_may_be_is_settled_first(
    changed: dict[str, object],
) -> None:
    rows = keyed(PAID_BACK), keyed(PAID_BACK, record_id="recAgain", **changed)
    assert obstacle(*rows) == "it was delivered more than once, or may be: settle that first"


def test_a_dead_row_beside_the_delivered_one_is_no_second_delivery() -> None:
    assert obstacle(keyed(PAID_BACK), keyed(PAID_BACK, record_id="recDead", status="planned")) == ""


def test_what_may_have_moved_ducats_either_way_is_for_people() -> None:
    doubtful = {"status": "failed", "failure": Failure.UNCERTAIN}
    assert "may or may not have moved" in obstacle(keyed(PAID_BACK, **doubtful))
    back = a_stratagem(
        "b",
        stratagem_id=refund_key("re_1"),
        origin=Origin.REFUND,
        citizen="CASCADE_PAYMENT_PROCESSOR",
        payer="marco",
        ducats=Decimal(100),
        stripe_ids=("pi_1",),
        **doubtful,
    )
    assert obstacle(keyed(PAID_BACK), back).startswith("cascade_refund_re_1")
