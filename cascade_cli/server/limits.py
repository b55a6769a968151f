"""The outermost layer: bounded bodies, every request timed, and an answer whatever happens."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cascade_cli.server.problems import problem

WEBHOOK_PATH = "/api/payments/webhook"
# An invoice shows ten lines, each with up to 27,000 characters of metadata, as the customer has.
WEBHOOK_BYTES = 1024 * 1024
# An allocation to a thousand citizens fits.
OTHER_BYTES = 256 * 1024
# A usual event is far shorter; what a body has beyond this comes out of a share for all.
SMALL_BYTES = 64 * 1024
LARGE_BYTES = 64 * 1024 * 1024
BODY_SECONDS = 10.0
_TOO_LARGE, _TOO_SLOW, _BUG, _CROWDED = 413, 408, 500, 503


class TooLargeError(Exception):
    """The body is longer than allowed; the rest of it was not read."""


class CrowdedError(Exception):
    """The large bodies in hand leave no room for this one."""


class LargeBodies:
    """What all bodies in hand may have beyond SMALL_BYTES each."""

    def __init__(self, most: int = LARGE_BYTES) -> None:
        self._left = most

    @contextmanager
    def share(self) -> Iterator[Callable[[int], None]]:
        """One body's: to be told its length as it grows. Telling raises CrowdedError."""
        taken = 0

        def grown(length: int) -> None:
            nonlocal taken
            more = max(length - SMALL_BYTES, 0) - taken
            if more > self._left:
                raise CrowdedError
            taken, self._left = taken + more, self._left - more

        try:
            yield grown
        finally:
            self._left += taken


class Gatehouse:
    """Reads the body before the app sees the request, and stops where it is too long or too slow.

    `answered` hears of each request's route, status and seconds, `crashed` of what nobody foresaw.
    """

    def __init__(
        self,
        app: ASGIApp,
        answered: Callable[[str, int, float], None],
        crashed: Callable[[str], None],
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
            self._crashed(type(error).__name__)
            if not statuses:
                await problem(_BUG, "bug", "This was not foreseen.")(scope, receive, noting)
        finally:
            # A client that hung up got no answer; nginx has the number for that.
            status = statuses[0] if statuses else 499
            self._answered(_route_of(scope), status, time.perf_counter() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._large.share() as grown:
            await self._serve_within(grown, scope, receive, send)

    async def _serve_within(
        self, grown: Callable[[int], None], scope: Scope, receive: Receive, send: Send
    ) -> None:
        limit = WEBHOOK_BYTES if scope["path"] == WEBHOOK_PATH else OTHER_BYTES
        try:
            body = await asyncio.wait_for(_read(scope, receive, limit, grown), BODY_SECONDS)
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
        # What was not read would be taken for the connection's next request.
        answer.headers["Connection"] = "close"
        await answer(scope, receive, send)


async def _read(
    scope: Scope, receive: Receive, limit: int, grown: Callable[[int], None]
) -> bytes | None:
    """The whole body; None if the client hung up. Raises TooLargeError and CrowdedError."""
    if _announced(scope) > limit:
        raise TooLargeError
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLargeError
        grown(len(body))
        if not message.get("more_body", False):
            return bytes(body)


def _announced(scope: Scope) -> int:
    text = dict(scope["headers"]).get(b"content-length", b"0")
    return int(text) if text.isdigit() and len(text) < len("1000000000000") else 0


def _replaying(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _route_of(scope: Scope) -> str:
    """The route's pattern, never the path: a metric's labels must be few and tell nothing."""
    return str(getattr(scope.get("route"), "path", "other"))
