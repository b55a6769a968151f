"""Of which rows somebody is told, by what the journal promised and what the base shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.delivery.arrival_notices import NEWS, Arrival, arrivals
from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.journal_entries import Intent
from cascade_cli.domain.records.orders import Cause
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KEY = "cascade_payment_pi_1"
PROMISE = Intent(KEY, "marco", Decimal(525), Cause.PAYMENT, {"reason": "Ducat purchase"})
ROW = Stratagem(
    record_id="rec1",
    stratagem_id=KEY,
    citizen="marco",
    ducats=Decimal(525),
    status="executed",
    created_at=NOW - timedelta(hours=5),
    expires_at=NOW + timedelta(hours=67),
    executed_at=NOW - timedelta(hours=1),
    origin=Origin.PAYMENT,
    stripe_ids=("pi_1",),
)


def told(*rows: Stratagem, promise: Intent = PROMISE) -> tuple[Arrival, ...]:
    return arrivals([promise], rows, NOW)


def test_what_was_executed_as_promised_has_arrived_when_the_engine_says() -> None:
    (arrival,) = told(ROW)
    order = arrival.order
    assert arrival.at == ROW.executed_at
    assert (order.key, order.citizen, order.ducats) == (KEY, "marco", Decimal(525))
    assert (order.reason, order.payer, order.gift) == ("Ducat purchase", "", None)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "active"},
        {"status": "planned"},
        {"status": "failed"},
        {"ducats": Decimal(524)},
        {"ducats": None},
        {"citizen": "lucia"},
        {"citizen": "CASCADE", "payer": "marco"},
        {"executed_at": None},
        {"executed_at": NOW - NEWS - timedelta(seconds=1)},
        {"stratagem_id": "cascade_payment_pi_2", "stripe_ids": ("pi_2",)},
        {"stratagem_id": "cascade_refund_re_1", "origin": Origin.REFUND},
    ],
    ids=str,
)
def test_nobody_is_told_of_a_row_that_is(change: dict[str, Any]) -> None:
    assert told(replace(ROW, **change)) == ()


def test_nobody_is_told_of_a_promise_that_is_no_transfer() -> None:
    assert told(ROW, promise=replace(PROMISE, cause="citizen")) == ()


def test_a_row_executed_three_days_ago_to_the_second_is_told_of() -> None:
    assert len(told(replace(ROW, executed_at=NOW - NEWS))) == 1


def test_nobody_is_told_where_another_row_of_the_key_is_doubtful() -> None:
    doubtful = replace(ROW, record_id="rec2", status="error", executed_at=None)
    assert told(ROW, doubtful) == ()


def test_of_two_executed_rows_of_one_key_the_first_is_told_of() -> None:
    later = replace(ROW, record_id="rec0", executed_at=NOW)
    (arrival,) = told(later, ROW)
    assert arrival.at == ROW.executed_at


def test_a_legacy_row_that_was_revived_is_known_by_the_payment_in_its_notes() -> None:
    assert len(told(replace(ROW, stratagem_id="cascade_payment_marco_1763640000"))) == 1


def test_what_was_taken_back_is_told_to_whom_it_was_taken_from() -> None:
    promise = replace(PROMISE, key="cascade_refund_re_1", cause=Cause.REFUND)
    back = replace(
        ROW,
        stratagem_id=promise.key,
        origin=Origin.REFUND,
        citizen="CASCADE",
        payer="marco",
    )
    (arrival,) = told(back, promise=promise)
    assert (arrival.order.concerned, arrival.order.payer) == ("marco", "marco")


def test_a_giver_is_known_from_the_journal_and_the_message_is_not() -> None:
    detail = {"reason": "gift", "gift": {"giver": "lucia", "anonymous": True}}
    (arrival,) = told(ROW, promise=replace(PROMISE, detail=detail))
    assert arrival.order.gift == Gift("lucia", anonymous=True)
