"""A notification that fails changes nothing about the transfer, and is not sent twice."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.wire import Response, json_response
from tests.harness.counter import Counter
from tests.harness.faults import is_notification, throttled, unavailable


@pytest.mark.parametrize(
    "answer",
    [
        json_response(422, {"error": {"type": "UNKNOWN_FIELD_NAME", "message": "no"}}),
        json_response(403, {"error": {"type": "INVALID_PERMISSIONS"}}),
        throttled(),
        unavailable("1"),
        Response(200, b"<html>"),
        Response(200, b""),
    ],
    ids=["422", "403", "429", "503", "nonsense", "empty"],
)
def test_a_notification_that_fails_leaves_the_transfer_as_it_is(
    counter: Counter, answer: Response
) -> None:
    counter.network.break_(is_notification, answer)
    told = counter.credit("marco", "5", "--reference", "r1")
    assert told.code == 0
    assert "1 citizen could not be told" in told.err
    assert len([request for request in counter.writes if is_notification(request)]) == 1
    assert counter.row("cascade_manual_r1")["Status"] == "active"


def test_a_transfer_already_told_of_is_not_told_again(counter: Counter) -> None:
    for _ in range(3):
        counter.credit("marco", "5", "--reference", "r1")
    assert len(counter.rows("NOTIFICATIONS")) == 1


def test_a_citizen_not_told_because_the_activation_got_lost_is_told_at_the_next_try(
    counter: Counter,
) -> None:
    counter.network.break_(is_notification, unavailable())
    counter.credit("marco", "5", "--reference", "r1")
    counter.pass_time(hours=73)
    counter.credit("marco", "5", "--reference", "r1")
    assert len(counter.rows("NOTIFICATIONS")) == 1
