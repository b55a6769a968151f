from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from cascade_cli.adapters.http.pace import Departure
from cascade_cli.adapters.http.pacing import OwnPace, Pacer
from cascade_cli.adapters.http.transport import (
    ATTEMPTS,
    CEILING_SECONDS,
    PermitError,
    Transport,
    permitted,
    plain_session,
)
from tests.adapters.http.fake_time import FakeTime
from tests.adapters.scripted_server import CUT_OFF, NO_ANSWER, ScriptedServer, answer

LOCKOUT_SECONDS = 31.0
FINE = answer(200, '{"fine": true}')
QUOTA_GONE = answer(429, '{"errors": [{"error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED"}]}')


class Client:
    """A session over our transport that sleeps in a list."""

    def __init__(self, url: str) -> None:
        self.slept: list[float] = []
        self.told: list[str] = []
        time = FakeTime()
        self._pace = OwnPace(time.now)
        self.transport = Transport(
            Pacer(0, clock=time.now, sleep=time.sleep, kept=self._pace.change),
            lockout_seconds=LOCKOUT_SECONDS,
            sleep=self.slept.append,
            tell=self.told.append,
        )
        self.url, self.session = url, plain_session(url, self.transport)

    def departures(self) -> list[Departure]:
        """As the pace remembers them."""
        found: list[Departure] = self._pace.change(lambda pace, _now: pace.departures)
        return found

    def get(self, path: str = "/") -> requests.Response:
        return self.session.get(self.url + path, timeout=5)

    def post(self, path: str = "/", **headers: str) -> requests.Response:
        return self.session.post(self.url + path, json={}, headers=headers, timeout=5)

    def permitted_post(self) -> requests.Response:
        with permitted(datetime.now(UTC) + timedelta(minutes=1)):
            return self.post()


@contextmanager
def client_of(*script: bytes) -> Iterator[tuple[Client, ScriptedServer]]:
    with ScriptedServer(*script) as server:
        client = Client(server.url)
        with closing(client.session):
            yield client, server


@pytest.mark.parametrize(
    "passing",
    [
        *(answer(status) for status in (429, 500, 502, 503, 504)),
        answer(200, ""),
        CUT_OFF,
        NO_ANSWER,
    ],
    ids=["429", "500", "502", "503", "504", "an empty 200", "cut off", "no answer"],
)
def test_a_read_is_tried_again_after_what_may_pass(passing: bytes) -> None:
    with client_of(passing, FINE) as (client, server):
        assert client.get().json() == {"fine": True}
        assert (len(server.requests), len(client.slept)) == (2, 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 501])
def test_a_read_is_not_tried_again_after_what_will_not_pass(status: int) -> None:
    with client_of(answer(status), FINE) as (client, server):
        assert client.get().status_code == status
        assert (len(server.requests), client.slept) == (1, [])


def test_a_refused_connection_is_tried_again_and_then_raised() -> None:
    with ScriptedServer() as server:
        client = Client(server.url)
    with closing(client.session), pytest.raises(requests.ConnectionError):
        client.get()
    assert (client.transport.requests_sent, len(client.slept)) == (ATTEMPTS, ATTEMPTS - 1)


def test_airtables_listing_by_post_is_a_read() -> None:
    with client_of(answer(503), FINE) as (client, server):
        assert client.post("/v0/app/T/listRecords?x=1").ok
        assert len(server.requests) == 2


def test_attempts_are_bounded_and_the_last_answer_is_handed_over() -> None:
    with client_of(*[answer(503)] * 9) as (client, server):
        assert client.get().status_code == 503
        assert len(server.requests) == client.transport.requests_sent == ATTEMPTS


def test_retry_after_in_seconds_is_waited_for() -> None:
    with client_of(answer(429, Retry_After="7"), FINE) as (client, _):
        client.get()
        assert client.slept == [7.0]


def test_retry_after_as_a_date_is_waited_for() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    with client_of(answer(429, Retry_After=date), FINE) as (client, _):
        client.get()
        assert 40 < client.slept[0] <= 50


def test_a_retry_after_in_the_past_means_at_once() -> None:
    with client_of(answer(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), FINE) as (client, _):
        client.get()
        assert client.slept == [0.0]


@pytest.mark.parametrize("unusable", ["", "soon", "-5", "nan", "inf", "1e3"])
def test_an_unusable_retry_after_means_the_services_usual_lock_out(unusable: str) -> None:
    with client_of(answer(429, Retry_After=unusable), FINE) as (client, _):
        client.get()
        assert client.slept == [LOCKOUT_SECONDS]


def test_no_wait_is_longer_than_the_ceiling() -> None:
    with client_of(*[answer(429, Retry_After="86400")] * 9) as (client, server):
        assert client.get().status_code == 429
        assert sum(client.slept) <= CEILING_SECONDS
        assert len(server.requests) == 1


def test_waits_after_failures_grow_and_stay_bounded() -> None:
    with client_of(*[answer(500)] * 9) as (client, _):
        client.get()
        assert all(0.5 <= seconds <= 21 for seconds in client.slept)
        assert client.slept[-1] > client.slept[0]


def test_every_wait_is_told() -> None:
    with client_of(answer(429, Retry_After="7"), NO_ANSWER, FINE) as (client, _):
        client.get()
        assert client.told[0] == "HTTP 429, trying again in 7 s"
        assert client.told[1].startswith("ConnectionError, trying again in ")


def test_a_used_up_quota_is_not_tried_again() -> None:
    with client_of(QUOTA_GONE, FINE) as (client, server):
        assert client.get().status_code == 429
        assert (len(server.requests), client.slept) == (1, [])


@pytest.mark.parametrize(
    "passing",
    [*(answer(status) for status in (429, 500, 503)), CUT_OFF, NO_ANSWER],
    ids=["429", "500", "503", "cut off", "no answer"],
)
def test_a_write_is_sent_once_whatever_becomes_of_it(passing: bytes) -> None:
    with client_of(passing, FINE) as (client, server):
        with suppress(requests.RequestException):
            client.permitted_post()
        assert (len(server.requests), client.slept) == (1, [])


@pytest.mark.parametrize("last", [FINE, NO_ANSWER], ids=["answered", "no answer"])
def test_the_pace_is_told_when_a_write_leaves_and_ends(last: bytes) -> None:
    with client_of(last) as (client, _):
        client.transport.wait_turn()
        (held,) = client.departures()
        assert (held.is_held, held.answered_at) == (True, None)
        with suppress(requests.RequestException):
            client.permitted_post()
        assert (held.is_held, held.answered_at) == (False, 0.0)


def test_the_pace_does_not_watch_a_write_that_was_given_up() -> None:
    with client_of(FINE) as (client, _):
        client.transport.wait_turn()
        client.get()
        given_up, read = client.departures()
        assert (given_up.is_held, given_up.is_watched, read.is_watched) == (False, False, True)


def test_a_write_without_a_permit_is_not_sent() -> None:
    with client_of(FINE) as (client, server):
        with pytest.raises(PermitError):
            client.post()
        assert server.requests == []


def test_a_write_with_an_expired_permit_is_not_sent() -> None:
    with client_of(FINE) as (client, server):
        with permitted(datetime.now(UTC) - timedelta(seconds=1)), pytest.raises(PermitError):
            client.post()
        assert server.requests == []


def test_a_write_that_carries_an_idempotency_key_is_tried_again() -> None:
    with client_of(NO_ANSWER, FINE) as (client, server):
        assert client.post(**{"Idempotency-Key": "k"}).ok
        assert len(server.requests) == 2
