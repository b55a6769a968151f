"""From cascade's transports to the sandbox, in memory, with everything that can go wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, NoReturn, Protocol
from urllib.parse import urlsplit

import requests
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from cascade_cli.adapters.http.transport import READ_TIMEOUT_SECONDS
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request, Response, json_response
from tests.simulation.faults import FINE, Answer, Arrival, Fault, Weather
from tests.simulation.process import Process
from tests.simulation.rated import RateWatch

_AIRTABLE, STRATAGEMS = "/airtable/", "STRATAGEMS"
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.02, 0.6
_QUICKER = 6
_SLOWEST_SECONDS = READ_TIMEOUT_SECONDS - 5

_ERRORS = {
    Answer.ERROR_408: (408, {}, "Request Timeout"),
    Answer.ERROR_422: (422, {}, "INVALID_REQUEST_UNKNOWN"),
    Answer.ERROR_429: (429, {}, "RATE_LIMIT_REACHED"),
    Answer.ERROR_429_RETRY_AFTER: (429, {"Retry-After": "7"}, "RATE_LIMIT_REACHED"),
    Answer.ERROR_429_QUOTA: (429, {}, "PUBLIC_API_BILLING_LIMIT_EXCEEDED"),
    Answer.ERROR_500: (500, {}, "SERVER_ERROR"),
    Answer.ERROR_502: (502, {}, "BAD_GATEWAY"),
    Answer.ERROR_503: (503, {}, "SERVICE_UNAVAILABLE"),
    Answer.ERROR_503_RETRY_AFTER: (503, {"Retry-After": "3"}, "SERVICE_UNAVAILABLE"),
}
_GARBAGE = Response(200, b"<html>Please sign in to this network</html>")
_EMPTY = Response(200)


class RequestHandler(Protocol):
    """Sees every request as it reaches a service."""

    def handle(
        self,
        sender: str,
        request: Request,
        announced: Collection[str],
        deadline: datetime | None,
    ) -> Response:
        """Hand it on and return the answer; its sender's journal has `announced` these keys, and
        says by when a write that is on its way has been applied."""


class Network:
    """Carries requests; a write is applied by `deadline` or never, whatever its client does."""

    def __init__(
        self, app: SandboxApp, handler: RequestHandler, weather: Weather, watch: RateWatch | None
    ) -> None:
        self._app, self._handler, self._weather = app, handler, weather
        self._watch = watch
        self.hears: Callable[[], None] = lambda: None
        """Told of each write to a row that was or will be applied, and whose sender cannot know."""

    def carry(
        self,
        process: Process,
        request: requests.PreparedRequest,
        deadline: datetime | None,
        announced: Collection[str],
        turn_at: float,
    ) -> Response | None:
        """The answer, None for one that is cut off; raises requests' own exceptions."""
        wire, watch = _wire(request), self._watch
        random, scheduler = process.host.random, process.host.scheduler
        to_airtable = wire.path.startswith(_AIRTABLE)
        fault = self._weather.draw(random, to_airtable=to_airtable)
        answers: list[Response] = []
        is_punctual = RateWatch.is_punctual(fault, scheduler.seconds() - turn_at)

        def arrive() -> None:
            answer = self._handler.handle(process.name, wire, announced, deadline)
            answers.append(answer)
            if watch and to_airtable:
                told = process.name, answer.status
                watch.arrived(*told, turn_at=turn_at, is_punctual=is_punctual)

        there, back = self._seconds(process, fault), self._seconds(process, FINE)
        if fault.arrival in {Arrival.NOW, Arrival.TWICE}:
            scheduler.at(there, arrive)
        if fault.arrival is Arrival.TWICE and f"/{STRATAGEMS}" in wire.path:
            scheduler.at(there, arrive)
        elif fault.arrival is Arrival.LATE and deadline is not None:
            left = (deadline - scheduler.now()).total_seconds()
            late = max(0.0, left) * random.random() ** 0.5
            process.tell(f"  ({label(request)} will be applied in {late:.1f} s)")
            scheduler.at(late, arrive)
        if fault != FINE:
            process.host.chronicle.faults += 1
        is_lost = fault.arrival is not Arrival.NEVER and fault.answer is not Answer.TRUE
        if is_lost and request.method == "PATCH" and STRATAGEMS in wire.path:
            self.hears()
        waits = READ_TIMEOUT_SECONDS if fault.answer is Answer.TIMEOUT else there + back
        self._wait(process, waits, f"awaiting {label(request)}")
        process.tell(f"{label(request)} -> {_told(fault, answers)}")
        if watch and to_airtable and fault.answer is Answer.TRUE:
            watch.heard(answers[0].status)
        return self._answer(fault, answers, request)

    def _seconds(self, process: Process, fault: Fault) -> float:
        longest = _SLOWEST_SECONDS if fault.is_slow else _LONGEST_SECONDS
        seconds = process.host.random.uniform(_SHORTEST_SECONDS, longest)
        return _mostly_quick(seconds) if self._watch and not fault.is_slow else seconds

    def _wait(self, process: Process, seconds: float, what: str) -> None:
        """Until the answer is there, unless killed before or just after."""
        host = process.host
        if host.random.random() < host.misfortune.kill:
            host.scheduler.pause(seconds * host.random.random())
            process.die(what)
        host.scheduler.pause(seconds)
        host.chronicle.operations += 1

    def _answer(
        self, fault: Fault, answers: list[Response], request: requests.PreparedRequest
    ) -> Response | None:
        if fault.answer is Answer.TRUE:
            return answers[0]
        if fault.answer in _ERRORS:
            status, headers, kind = _ERRORS[fault.answer]
            error = {"type": kind, "message": "simulated"}
            return json_response(status, {"error": error}, headers)
        if fault.answer is Answer.CUT_OFF:
            return None
        if fault.answer is Answer.GARBAGE:
            return _GARBAGE
        return _EMPTY if fault.answer is Answer.EMPTY else _raise(fault.answer, request)


def _mostly_quick(seconds: float) -> float:
    """Most take about as long as the quickest, and a few are held up for as long as any: so the
    time that an answer took tells how late its request may have arrived."""
    span = _LONGEST_SECONDS - _SHORTEST_SECONDS
    return _SHORTEST_SECONDS + span * ((seconds - _SHORTEST_SECONDS) / span) ** _QUICKER


def _raise(answer: Answer, request: requests.PreparedRequest) -> NoReturn:
    """What requests makes of what urllib3 raises."""
    if answer is Answer.TIMEOUT:
        raise requests.ReadTimeout(f"read timeout={READ_TIMEOUT_SECONDS}", request=request)
    if answer is Answer.RESET:
        reset = ProtocolError("Connection aborted.", ConnectionResetError(104, "reset by peer"))
        raise requests.ConnectionError(reset, request=request)
    refused = NewConnectionError(HTTPConnection("simulated"), "Connection refused")
    pool = HTTPConnectionPool("simulated")
    raise requests.ConnectionError(MaxRetryError(pool, "/", refused), request=request)


def _wire(request: requests.PreparedRequest) -> Request:
    url = urlsplit(str(request.url))
    body = request.body or b""
    return Request(
        method=str(request.method),
        path=url.path,
        query=url.query,
        headers={name.lower(): str(value) for name, value in request.headers.items()},
        body=body.encode() if isinstance(body, str) else body,
    )


def _told(fault: Fault, answers: list[Response]) -> str:
    if fault.answer is Answer.TRUE:
        how = " (slow)" if fault.is_slow else " TWICE" if fault.arrival is Arrival.TWICE else ""
        return f"{answers[0].status}{how}"
    arrival = {
        Arrival.NEVER: "not applied",
        Arrival.NOW: "APPLIED",
        Arrival.TWICE: "APPLIED TWICE",
        Arrival.LATE: "APPLIED LATE",
    }
    return f"{fault.answer.name.lower()}, {arrival[fault.arrival]}"


def label(request: requests.PreparedRequest) -> str:
    """A request in a few words: `PATCH STRATAGEMS active`."""
    path = urlsplit(str(request.url)).path
    return f"{request.method} {path.rpartition('/')[2]}{_content(request)}"


def _content(request: requests.PreparedRequest) -> str:
    if request.method not in {"POST", "PATCH"} or not request.body:
        return ""
    try:
        document: Any = json.loads(request.body)
    except ValueError:
        return ""
    fields = [record["fields"] for record in document.get("records", [])]
    words = [
        f"{f.get('StratagemId', '')} {f.get('Status', '')}".strip() or ",".join(f) for f in fields
    ]
    return f" [{'; '.join(words)}]"
