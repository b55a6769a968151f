"""What goes wrong inside a running `serve` is the last error of a bundle."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from cascade_cli.errors import ServiceError
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Response
from cascade_cli.server.last_failure import LastFailure
from cascade_cli.services.selling.payment_status import PaymentStatus, PaymentStatuses
from tests.harness.commands import in_this_process
from tests.harness.sandboxed import Sandboxed, served
from tests.server.conftest import TOKEN, WEBHOOK, Shop, eventually
from tests.server.processes import process

INTENT = "/api/payments/payment-intent/pi_3K26cFMOMjc6eQsKxHAegSm4"
NOBODY: dict[str, PaymentStatus] = {}
STRIPE_KEY = "sk_test_Zw7distinctive"


@pytest.fixture
def place() -> Iterator[Sandboxed]:
    with closing(SandboxApp(":memory:")) as app, served(app) as place:
        place.settle("marco", app.now())
        yield place


def last_error(state: Path, place: Sandboxed) -> dict[str, Any]:
    """What a bundle tells of it."""
    file, settings = state / "report.zip", place.environment(CASCADE_STATE_DIR=str(state))
    answer = in_this_process(["doctor", "--bundle", str(file), "--yes"], settings)
    assert answer.code == 0, answer.err
    with ZipFile(file) as archive:
        error: dict[str, Any] = json.loads(archive.read("cascade-bundle/last-error.json"))["error"]
    return error


def test_the_bundle_has_why_a_running_server_stopped_crediting(
    place: Sandboxed, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    settings = place.environment(CASCADE_STATE_DIR=str(state), STRIPE_SECRET_KEY=STRIPE_KEY)
    echo = f'{{"error": {{"message": "Bearer {STRIPE_KEY} of marco"}}}}'
    place.recorder.break_from("airtable", 1, Response(422, echo.encode()))
    with process("serve", "--port", "0", settings=settings) as server:
        eventually((state / "last-error.json").exists)
        assert "crediting pauses" in server.said()
    kept = (state / "last-error.json").read_text()
    assert STRIPE_KEY not in kept
    place.recorder.mend("airtable")
    error = last_error(state, place)
    assert (error["command"], error["causes"][0]["type"][:19]) == ("serve", "cascade_cli.errors.")
    places = {where["function"] for cause in error["causes"] for where in cause["where"]}
    assert "_run" in places
    assert "marco" not in json.dumps(error)


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
