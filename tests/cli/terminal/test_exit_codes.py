from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from cascade_cli.sandbox.wire import Response
from tests.cli.terminal.conftest import Cascade
from tests.harness.sandboxed import Sandboxed

FORMS = "45m, 36h, 7d, 2w, 2026-11-01 or 2026-11-01T08:00:00Z"


@pytest.fixture
def two_pages(sandboxed: Sandboxed, recently: datetime) -> Sandboxed:
    for count in range(101):
        paid = sandboxed.pay(recently - timedelta(seconds=count))
        sandboxed.transfer(f"cascade_payment_{paid['payment_intent']}", recently)
    return sandboxed


def test_nothing_sold_is_0(cascade: Cascade) -> None:
    finished = cascade("reconcile")
    assert (finished.code, finished.err) == (0, "")
    assert "Nothing to do" in finished.out


def test_settled_and_in_flight_is_0(
    cascade: Cascade, sandboxed: Sandboxed, recently: datetime
) -> None:
    sandboxed.move_in("marco", recently)
    settled = sandboxed.pay(recently)
    sandboxed.transfer(f"cascade_payment_{settled['payment_intent']}", recently)
    sandboxed.pay(recently + timedelta(minutes=59))
    assert cascade("reconcile").code == 0


def test_a_discrepancy_is_3(cascade: Cascade, sandboxed: Sandboxed, recently: datetime) -> None:
    sandboxed.pay(recently)
    assert cascade("reconcile").code == 3


@pytest.mark.parametrize(
    "since",
    ["yesterday", "", "7", "1h30m", "2026-13-01", "2026-11-01T08:00:00", "99999999w"],
)
def test_a_bad_since_is_2_and_the_accepted_forms_are_named(cascade: Cascade, since: str) -> None:
    finished = cascade("reconcile", "--since", since)
    assert (finished.code, finished.out) == (2, "")
    assert FORMS in finished.err


@pytest.mark.parametrize("since", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_since_beyond_the_calendar_is_2(cascade: Cascade, since: str) -> None:
    assert cascade("reconcile", "--since", since).code == 2


def test_a_bad_until_is_2(cascade: Cascade) -> None:
    finished = cascade("reconcile", "--until", "soon")
    assert finished.code == 2
    assert FORMS in finished.err


def test_a_since_in_the_future_is_2(cascade: Cascade) -> None:
    finished = cascade("reconcile", "--since", "2999-01-01")
    assert finished.code == 2
    assert "is in the future" in finished.err


@pytest.mark.parametrize("until", ["8d", "7d"])
def test_a_window_that_ends_before_it_begins_is_2(cascade: Cascade, until: str) -> None:
    finished = cascade("reconcile", "--since", "7d", "--until", until)
    assert finished.code == 2
    assert "before it begins" in finished.err


@pytest.mark.parametrize("grace", ["", "15", "-1h", "soon", "2026-11-01"])
def test_a_bad_grace_is_2(cascade: Cascade, grace: str) -> None:
    finished = cascade("reconcile", "--grace", grace)
    assert finished.code == 2
    assert "is not a duration" in finished.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("reconcile", "--json", "--csv"),
        ("reconcile", "--no-such-option"),
        ("reconcile", "unwanted"),
        ("no-such-command",),
        ("--no-such-option",),
        ("sandbox", "no-such-command"),
        ("journal",),
    ],
)
def test_an_unusable_command_line_is_2(cascade: Cascade, arguments: tuple[str, ...]) -> None:
    finished = cascade(*arguments)
    assert finished.code == 2
    assert "Traceback" not in finished.err


def test_nothing_is_asked_of_the_services_before_the_window_is_understood(
    cascade: Cascade, sandboxed: Sandboxed
) -> None:
    cascade("reconcile", "--since", "yesterday")
    assert sandboxed.recorder.requests == []


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize(
    "broken",
    [
        ("stripe", 400, b'{"error": {"message": "no"}}'),
        ("stripe", 200, b"<html>"),
        ("airtable", 422, b'{"error": {"type": "INVALID_REQUEST_UNKNOWN"}}'),
        ("airtable", 200, b"{}"),
        ("airtable", 429, b'{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}'),
    ],
)
def test_a_listing_not_read_in_full_is_5_and_nothing_is_judged(
    cascade: Cascade, two_pages: Sandboxed, broken: tuple[str, int, bytes], number: int
) -> None:
    service, status, body = broken
    two_pages.recorder.break_from(service, number, Response(status, body))
    finished = cascade("reconcile", "--json")
    data = finished.document["data"]
    assert finished.code == 5
    assert data["coverage"]["complete"] is False
    assert data["coverage"]["reasons"] == [finished.document["error"]["message"]]
    assert (data["items"], data["counts"], data["ducats"]) == ([], {}, None)
