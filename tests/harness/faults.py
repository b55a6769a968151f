"""Requests that go wrong on their way to the sandbox or back, as a test orders it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from cascade_cli.sandbox.wire import Handler, Request, Response, json_response

Which = Callable[[Request], bool]


@dataclass
class Fault:
    """What befalls the next `times` requests that fit; with `applied` the sandbox does them."""

    fits: Which
    answer: Response
    times: int
    applied: bool


@dataclass
class Held:
    """A request that stays on its way until it is let go."""

    fits: Which
    reached: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def meet(self, request: Request) -> None:
        """Keep the first that fits."""
        if self.fits(request) and not self.reached.is_set():
            self.reached.set()
            assert self.let_go.wait(timeout=30), "nobody let it go"


class Network:
    """A handler in front of the sandbox's, with the faults that are still to come."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._faults: list[Fault] = []
        self._held: list[Held] = []

    def hold(self, fits: Which) -> Held:
        """Keep the next request that fits on its way."""
        self._held.append(held := Held(fits))
        return held

    def break_(
        self, fits: Which, answer: Response, *, times: int = 1, applied: bool = False
    ) -> None:
        """From now on, answer so what fits, `times` times."""
        self._faults.append(Fault(fits, answer, times, applied))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def __call__(self, request: Request) -> Response:
        for held in self._held:
            held.meet(request)
        for fault in self._faults:
            if fault.times and fault.fits(request):
                fault.times -= 1
                if fault.applied:
                    self._handler(request)
                return fault.answer
        return self._handler(request)


def is_create(request: Request) -> bool:
    """A new stratagem."""
    return request.method == "POST" and request.path.endswith("/STRATAGEMS")


def is_update(request: Request) -> bool:
    """A change of stratagems."""
    return request.method == "PATCH" and request.path.endswith("/STRATAGEMS")


def is_notification(request: Request) -> bool:
    """A new notification."""
    return request.method == "POST" and request.path.endswith("/NOTIFICATIONS")


def is_write(request: Request) -> bool:
    """Anything that changes the base."""
    reads = request.method == "GET" or request.path.endswith("/listRecords")
    return request.path.startswith("/airtable/") and not reads


def unavailable(retry_after: str | None = None) -> Response:
    """A 503, which leaves open what was done."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return json_response(503, {"error": {"type": "SERVICE_UNAVAILABLE"}}, headers)


def throttled() -> Response:
    """The 429 with its lock-out."""
    return json_response(429, {"errors": [{"error": "RATE_LIMIT_REACHED"}]})
