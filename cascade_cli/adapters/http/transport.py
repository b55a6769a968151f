"""One HTTP transport under both SDKs: it paces, counts, and decides what is sent again.

The SDKs' own retries stay off, because pyairtable's repeats creates (measured) and Stripe's
leaves out 429. Here a read is tried again after anything that may pass.

A write without an idempotency key is sent once, and only under a Permit: whoever wants to write
takes a turn, writes down in the journal what is about to be sent, and gets a permit that ends
soon after that entry. So no write leaves this process unrecorded, and none leaves it late: what
the journal does not show as attempted lately cannot be on its way.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from math import ceil, inf
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, SSLError
from requests.utils import get_environ_proxies
from tenacity import RetryCallState, Retrying, stop_after_attempt, stop_before_delay
from tenacity.wait import wait_exponential, wait_random
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from cascade_cli.adapters.http.pace import Departure
from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.errors import SettingsError

CONNECT_TIMEOUT_SECONDS = 5
READ_TIMEOUT_SECONDS = 60
ATTEMPTS = 5
CEILING_SECONDS = 180.0
MOST_THREADS = 32
# More threads than rate × latency: an answer must also be read before the next request.
_THREADS_RESERVE = 1.15
_NEWEST_WEIGHT = 0.2

_OK, _TOO_MANY = 200, 429
_PASSING = frozenset({_TOO_MANY, 500, 502, 503, 504})
_UNWELL = _PASSING | {401, 403}
_PASSING_ERRORS = (requests.ConnectionError, requests.Timeout, ChunkedEncodingError)
_QUOTA_GONE = b"PUBLIC_API_BILLING_LIMIT_EXCEEDED"
_DIGITS = re.compile(r"[0-9]{1,9}(\.[0-9]+)?")


def utc_now() -> datetime:
    """This machine's clock, right or wrong."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Permit:
    """Permission to send writes to one service until `not_after`."""

    not_after: datetime


_permit: ContextVar[Permit | None] = ContextVar("permit", default=None)
_turn: ContextVar[Departure | None] = ContextVar("turn", default=None)


@dataclass(frozen=True)
class Sign:
    """How a service last answered; `trouble` is empty if it answered as it should."""

    at: datetime
    trouble: str = ""


class PermitError(requests.RequestException):
    """A write was not sent, because it has no permit or its permit has ended."""


@contextmanager
def permitted(not_after: datetime) -> Iterator[None]:
    """Within this block (and thread), writes may be sent until `not_after`."""
    token = _permit.set(Permit(not_after))
    try:
        yield
    finally:
        _permit.reset(token)


class Transport(HTTPAdapter):
    """A requests adapter that owns pacing, counting and the retry policy of one service.

    `lockout_seconds` is how long the service locks us out after a 429 without Retry-After. `tell`
    is called before every retry, so that nobody watches a silent screen. `clock` learns from each
    answer what time it is at the service; without a clock, `now` gives the time.
    """

    def __init__(
        self,
        pacer: Pacer,
        *,
        lockout_seconds: float,
        sleep: Callable[[float], None] | None = None,
        tell: Callable[[str], None] = lambda _message: None,
        now: Callable[[], datetime] = utc_now,
        attempts: int = ATTEMPTS,
        clock: ServiceClock | None = None,
        service: str = "",
    ) -> None:
        super().__init__(max_retries=0, pool_maxsize=MOST_THREADS)
        self._counting = threading.Lock()
        self._latency_seconds: float | None = None
        self._attempts = attempts
        self._clock, self._service = clock, service
        self._now = clock.now if clock else now
        self._tell = tell
        self.requests_sent = 0
        self.last_sign: Sign | None = None
        self._pacer, self._sleep = pacer, sleep or time.sleep
        self._lockout_seconds = lockout_seconds
        self._backoff = wait_exponential(multiplier=0.5, max=20) + wait_random(0, 1)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        """Send the request. A read is sent again while the retry policy allows.

        Raises requests' own exceptions.
        """
        if not _may_be_repeated(request):
            return self._send_write(request, *args, **kwargs)
        retrying = Retrying(
            retry=_may_go_again,
            wait=self._wait_seconds,
            stop=stop_after_attempt(self._attempts) | stop_before_delay(CEILING_SECONDS),
            before_sleep=self._tell_wait,
            sleep=self._sleep,
            # Out of tries: hand over the last answer or exception as it came.
            retry_error_callback=lambda state: state.outcome and state.outcome.result(),
        )
        return retrying(self._send_read, request, *args, **kwargs)

    def wait_turn(self) -> None:
        """Return when one more request may be sent; a write takes its turn before its permit."""
        _turn.set(self._pacer.wait(is_watched=True, is_held=True))

    def threads_wanted(self, most_per_second: float = inf) -> int:
        """How many requests must be under way at once to use the whole rate, or `most_per_second`
        of it; at least 1.

        It is 1 if there is no rate limit: only a local sandbox has none, and it answers at once.
        """
        latency = self._latency_seconds or 0.0
        rate = min(self._pacer.rate_per_second, most_per_second)
        return max(1, ceil(rate * latency * _THREADS_RESERVE))

    def _send_write(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        permit = _permit.get()
        if permit is None or self._now() > permit.not_after:
            raise PermitError("the write was not sent: it has no permit, or its permit has ended")
        turn = _taken_turn()
        if turn:
            self._pacer.mark_sent(turn)
        try:
            response = self._send_once(request, *args, **kwargs)
        finally:
            if turn:
                self._pacer.answered(turn)
        if response.status_code == _TOO_MANY:
            self._pacer.pause(self._quiet_seconds(response))
        return response

    def _send_read(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        if turn := _taken_turn():
            # This thread took the turn for a write that was then given up.
            self._pacer.mark_dropped(turn)
        departure = self._pacer.wait(is_watched=True)
        try:
            return self._send_once(request, *args, **kwargs)
        finally:
            self._pacer.answered(departure)

    def _send_once(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        with self._counting:
            self.requests_sent += 1
        began, sent_at = time.monotonic(), self._clock.own() if self._clock else None
        try:
            response = self._carry(request, *args, **kwargs)
            if self._clock and sent_at:
                self._clock.heard(self._service, response.headers.get("Date", ""), sent_at)
            # Read the body here, so that one cut short counts as a failed attempt.
            _ = response.content
        except requests.RequestException as error:
            self.last_sign = Sign(self._now(), type(error).__name__)
            raise
        seconds, known = time.monotonic() - began, self._latency_seconds
        weight = _NEWEST_WEIGHT if known is not None else 1.0
        self._latency_seconds = (known or 0.0) * (1 - weight) + seconds * weight
        is_well = response.status_code not in _UNWELL
        self.last_sign = Sign(self._now(), "" if is_well else f"HTTP {response.status_code}")
        return response

    def _carry(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Send the request over the network, once. A simulation overrides this."""
        return super().send(request, *args, **kwargs)

    def _tell_wait(self, state: RetryCallState) -> None:
        response = _response_of(state)
        error = state.outcome.exception() if state.outcome and response is None else None
        why = _trouble(response) if response is not None else type(error).__name__
        seconds = state.next_action.sleep if state.next_action else 0
        self._tell(f"{why}, trying again in {seconds:.0f} s")

    def _wait_seconds(self, state: RetryCallState) -> float:
        response = _response_of(state)
        if response is None or response.status_code != _TOO_MANY:
            return self._backoff(state)
        seconds = self._quiet_seconds(response)
        # All threads would be refused as well, and each request may prolong the lock-out.
        self._pacer.pause(seconds)
        return seconds

    def _quiet_seconds(self, response: requests.Response) -> float:
        seconds = _retry_after_seconds(response)
        return self._lockout_seconds if seconds is None else seconds


def _taken_turn() -> Departure | None:
    """The turn that this thread took for a write, if any. It can be used once."""
    turn = _turn.get()
    _turn.set(None)
    return turn


def _response_of(state: RetryCallState) -> requests.Response | None:
    outcome = state.outcome
    if outcome is None or outcome.failed:
        return None
    response: requests.Response = outcome.result()
    return response


def _may_go_again(state: RetryCallState) -> bool:
    response = _response_of(state)
    if response is not None:
        is_passing = response.status_code in _PASSING and _QUOTA_GONE not in response.content
        return is_passing or _is_cut_off(response)
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, _PASSING_ERRORS) and not isinstance(error, SSLError)


def _is_cut_off(response: requests.Response) -> bool:
    """Whether the body got lost: neither service answers a read with an empty one."""
    return response.status_code == _OK and not response.content


def _trouble(response: requests.Response) -> str:
    return "an empty answer" if _is_cut_off(response) else f"HTTP {response.status_code}"


def _may_be_repeated(request: requests.PreparedRequest) -> bool:
    """Whether it is a read, or a write with an idempotency key, which Stripe carries out once.

    Airtable's listing by POST is a read: it exists only because URLs have a maximum length.
    """
    path = (request.url or "").partition("?")[0]
    is_read = request.method in {"GET", "HEAD"} or path.endswith("/listRecords")
    return is_read or "Idempotency-Key" in request.headers


def was_never_connected(error: BaseException | None) -> bool:
    """Whether no connection was made, so that the request cannot have been applied."""
    reason = getattr(error.args[0], "reason", None) if error and error.args else None
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _retry_after_seconds(response: requests.Response) -> float | None:
    """Retry-After as seconds or as an HTTP date; None where absent or unreadable."""
    text = response.headers.get("Retry-After", "").strip()
    # Digits only: float() would take `nan` and `-1` as well, which no clock can wait.
    return min(float(text), CEILING_SECONDS) if _DIGITS.fullmatch(text) else _seconds_until(text)


def _seconds_until(http_date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(http_date)
    except ValueError:
        return None
    return min(max(0.0, moment.timestamp() - time.time()), CEILING_SECONDS)


def plain_session(url: str, transport: HTTPAdapter) -> requests.Session:
    """A thread-safe session for `url` that uses `transport`.

    From the environment it takes only proxies and CA certificates. Left alone, requests would let a
    netrc entry replace our Authorization header, and send loopback traffic through HTTP_PROXY.
    """
    session = requests.Session()
    session.trust_env = False
    if not is_loopback(url):
        session.proxies.update(get_environ_proxies(url))
    session.verify = _certificates()
    # Accept no cookies: threads share the session, and nothing needs one.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.mount("https://", transport)
    session.mount("http://", transport)
    return session


def _certificates() -> str | bool:
    """The CA file or folder that the user named; otherwise True, for those that requests ships."""
    named = os.environ.get("REQUESTS_CA_BUNDLE")
    if named and not Path(named).exists():
        raise SettingsError(
            f"REQUESTS_CA_BUNDLE names {named!r}, which does not exist.",
            "Nothing was sent. Correct the path, or unset it to use the certificates of certifi.",
        )
    return named or True


def is_loopback(url: str) -> bool:
    """Whether requests to that URL stay on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
