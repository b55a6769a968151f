"""What goes wrong inside a running `serve` is kept for a bundle; tests/cli/profile shows one."""

from __future__ import annotations

import math

import pytest

from cascade_cli.errors import ServiceError
from cascade_cli.sandbox.wire import Response
from cascade_cli.server.metrics import LastFailure
from cascade_cli.services.selling.payment_status import PaymentStatus, PaymentStatuses
from tests.server.conftest import TOKEN, WEBHOOK, Shop, eventually

INTENT = "/api/payments/payment-intent/pi_3K26cFMOMjc6eQsKxHAegSm4"
NOBODY: dict[str, PaymentStatus] = {}
STRIPE_KEY = "sk_test_Zw7distinctive"


def test_a_caller_s_mistake_is_not_the_shop_s_failure(shop: Shop) -> None:
    answers = [
        shop.client.get(INTENT),
        shop.client.post(WEBHOOK, data=b"{}"),
        shop.create(citizen_id="marco", ducat_amount="-5"),
        shop.client.get("/nowhere"),
    ]
    assert [answer.status_code for answer in answers] == [404, 400, 422, 404]
    assert shop.kept == []


def test_a_service_that_fails_and_what_nobody_foresaw_are_kept(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer of a service is known to be unforeseen, so one route is broken from within."""
    shop.place.recorder.break_from("stripe", 1, Response(400, b"{}"))
    assert shop.client.get(INTENT, Authorization=f"Bearer {TOKEN}").status_code == 502
    eventually(lambda: bool(shop.kept))
    assert isinstance(shop.kept[-1], ServiceError)
    monkeypatch.setattr(PaymentStatuses, "status_of", lambda *_: NOBODY["marco"])
    monkeypatch.setattr(shop.app_state.last_failure, "_clock", lambda: math.inf)
    assert shop.client.get(INTENT, Authorization=f"Bearer {TOKEN}").status_code == 500
    eventually(lambda: isinstance(shop.kept[-1], KeyError))


def test_the_same_failure_is_kept_once_a_minute_and_any_other_once_a_second() -> None:
    kept = list[str]()
    moments = [0.0, 1.0, 59.0, 60.0, 60.5, 61.0]
    failures = LastFailure(lambda error: kept.append(str(error)), iter(moments).__next__)
    for error in ("a", "a", "a", "a again", "b", "b"):
        failures.hear(ValueError(error))
    eventually(lambda: {*kept} == {"a", "a again", "b"})
    assert len(kept) == 3
