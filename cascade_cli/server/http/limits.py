"""The outermost layer: it bounds bodies (each one, and all together), times every request, and
answers whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cascade_cli.server.api.problems import problem

WEBHOOK_PATH = "/api/payments/webhook"
# An invoice shows ten lines. Each line, and the customer, has up to 27,000 characters of metadata.
WEBHOOK_BYTES = 1024 * 1024
# An allocation to a thousand citizens fits.
OTHER_BYTES = 256 * 1024
BODY_SECONDS = 10.0
_TOO_LARGE, _TOO_SLOW, _BUG, _CROWDED = 413, 408, 500, 503


class TooLargeError(Exception):
    """The body is longer than allowed; the rest of it was not read."""


class CrowdedError(Exception):
    """Other bodies needed room, and this one had been arriving the longest."""


class LimitsMiddleware:
    """Reads the body before the app sees the request, and stops if it is too long or too slow.

    `answered` gets each request's route, status and seconds; `crashed` gets an exception
    that nothing else caught.
    """

    def __init__(
        self,
        app: ASGIApp,
        answered: Callable[[str, int, float], None],
        crashed: Callable[[Exception], None],
    ) -> None:
        self._app, self._answered, self._crashed = app, answered, crashed
        self._large = LargeBodies()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, statuses = time.perf_counter(), list[int]()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
            await send(message)

        try:
            await self._serve(scope, receive, noting)
        except Exception as error:  # noqa: BLE001 - the last line of defence
            self._crashed(error)
            if not statuses:
                await problem(_BUG, "bug", "This was not foreseen.")(scope, receive, noting)
        finally:
            # A client that hung up got no answer. 499 is nginx's number for that.
            status = statuses[0] if statuses else 499
            # The route's pattern, never the path: a metric's labels must be few and tell nothing.
            route = str(getattr(scope.get("route"), "path", "other"))
            self._answered(route, status, time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = WEBHOOK_BYTES if scope["path"] == WEBHOOK_PATH else OTHER_BYTES
        try:
            body = await self._body(scope, receive, limit)
        except CrowdedError:
            answer = problem(_CROWDED, "overloaded", "Too many large bodies are arriving.")
        except TooLargeError:
            answer = problem(_TOO_LARGE, "too_large", f"A body has at most {limit} bytes here.")
        except TimeoutError:
            answer = problem(_TOO_SLOW, "too_slow", "The body did not arrive in time.")
        else:
            if body is not None:
                await self._app(scope, _replaying(body, receive), send)
            return
        # The unread rest of the body would be taken for the connection's next request.
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)

    async def _body(self, scope: Scope, receive: Receive, limit: int) -> bytes | None:
        """The whole body; None if the client hung up. Raises CrowdedError, TooLargeError and
        TimeoutError."""
        told = dict(scope["headers"]).get(b"content-length", b"0")
        announced = int(told) if told.isdigit() and len(told) < len("1000000000000") else 0
        if announced > limit:
            raise TooLargeError
        reading = asyncio.create_task(
            _read(receive, limit, lambda n: self._large.take(reading.cancel, n))
        )
        self._large.take(reading.cancel, announced)
        try:
            await asyncio.wait({reading}, timeout=BODY_SECONDS)
        finally:
            self._large.done(reading.cancel)
            is_late = reading.cancel()
        if is_late:
            raise TimeoutError
        if reading.cancelled():
            raise CrowdedError
        return reading.result()


async def _read(receive: Receive, limit: int, grown: Callable[[int], None]) -> bytes | None:
    """The body, as `_body` returns it; calls `grown` with the length so far."""
    pieces, length = list[bytes](), 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        length += len(pieces[-1])
        if length > limit:
            raise TooLargeError
        grown(length)
        if not message.get("more_body", False):
            return b"".join(pieces)


def _replaying(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


# A usual event is far shorter. What a body has beyond this counts against a limit for all bodies.
SMALL_BYTES = 64 * 1024
SHARED_BYTES = 32 * 1024 * 1024

Stop = Callable[[], object]
"""Ends the task that reads one body; it also identifies the body."""


class LargeBodies:
    """Limits large bodies together. The one that has been arriving the longest makes room: an
    honest sender's body arrives within moments."""

    def __init__(self, most: int = SHARED_BYTES) -> None:
        self._left = most
        self._taken = dict[Stop, int]()

    def take(self, stop: Stop, length: int) -> None:
        """Make room for a body that has, or will have, this length."""
        more = max(length - SMALL_BYTES, 0) - self._taken.get(stop, 0)
        if more <= 0:
            return
        while more > self._left and self._taken:
            self._stop(next(iter(self._taken)))
        self._taken[stop] = self._taken.get(stop, 0) + more
        self._left -= more

    def done(self, stop: Stop) -> None:
        """The body is read no more: free its room."""
        self._left += self._taken.pop(stop, 0)

    def _stop(self, stop: Stop) -> None:
        self.done(stop)
        stop()
