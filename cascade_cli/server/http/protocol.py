"""The connections of `serve`: how much one may send before its request is complete, and how many
there may be.

On a busy machine, uvicorn with httptools answered 15,600 posts of 2 kB a second, granian 7,200,
uvicorn with h11 4,300 and hypercorn 2,300. Only hypercorn still served a new client beside 1,004
idle ones. So we use the first, and add here what it lacks: it took 250 MB of headers into memory,
and waited for headers without end.

Most of the files that the process may open are for connections. The rest are for the journal and
for requests to Stripe and Airtable. If one connection too many comes, the one that has waited
longest for its client is closed: a real client sends its request at once, so it does not wait long.
A connection whose request is in hand is left alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from cascade_cli.server.api.problems import problem

HEAD_BYTES = 32 * 1024
HEAD_SECONDS = 10.0
# How long a client may leave an answer unread.
DEAF_SECONDS = 10.0
MOST_PIPELINED = 4
# The framing around one byte of a body that comes in the smallest chunks.
_CHUNK_BYTES = 8
_BAD, _TOO_LONG = 400, 431
_KINDS = {_BAD: "bad_request", _TOO_LONG: "head_too_large"}
_MESSAGES = {
    _BAD: "This is no HTTP request.",
    _TOO_LONG: f"A request's head has at most {HEAD_BYTES} bytes here.",
}


class TooLongError(Exception):
    """The request's head, or the framing around its body, is longer than allowed."""


class TooManyError(Exception):
    """The client sent more requests ahead than are kept."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose head is too long or too late, or whose client does not read."""

    register: ClassVar[ConnectionRegister]

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._head_bytes = 0
        # Bytes received since the last complete request, without those of a body.
        self._loose_bytes = 0
        self._is_head_due, self._is_body_due = True, False
        self._head_timer: asyncio.TimerHandle | None = None
        self._deaf_timer: asyncio.TimerHandle | None = None
        self._status = _BAD

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected. It has HEAD_SECONDS to send its first request's head."""
        super().connection_made(transport)
        self._expect_head()
        self.register.arrive(self, self.drop)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, whoever closed it."""
        self.register.leave(self)
        for timer in (self._head_timer, self._deaf_timer):
            if timer:
                timer.cancel()
        self._head_timer = self._deaf_timer = None
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def drop(self) -> None:
        """Close now, without waiting until the client has read everything."""
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse the data. Refuse the request if too much outside a body has arrived."""
        if self.transport.is_closing():
            return
        self._loose_bytes += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._loose_bytes > HEAD_BYTES:
            self._status = _TOO_LONG
            self.send_400_response("")
        elif self._is_head_due and self._loose_bytes and not self._head_timer:
            self._expect_head()

    def on_message_begin(self) -> None:
        """A request's first byte."""
        super().on_message_begin()
        self._head_bytes, self._loose_bytes = 0, 1
        self.register.wait(self)

    def on_url(self, url: bytes) -> None:
        """A piece of the request's path."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a trailer after the body."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete. From here on the application limits time and size."""
        if len(self.pipeline) >= MOST_PIPELINED:
            raise TooManyError
        self._is_head_due, self._is_body_due = False, True
        self._loose_bytes = 0
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body, which the application counts."""
        self._loose_bytes = max(self._loose_bytes - _CHUNK_BYTES * len(body), 0)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete, and in hand."""
        self._is_head_due, self._is_body_due = True, False
        self._loose_bytes = 0
        self.register.work(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The request is answered: the connection waits for its client again."""
        super().on_response_complete()
        if self._is_body_due or not self._is_in_hand():
            self.register.wait(self)
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self._expect_reading()

    def pause_writing(self) -> None:
        """The client does not read, so the connection waits for its client."""
        super().pause_writing()
        self.register.wait(self)
        self._expect_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._is_in_hand():
            self.register.work(self)
        if self._deaf_timer:
            self._deaf_timer.cancel()
            self._deaf_timer = None

    def timeout_keep_alive_handler(self) -> None:
        """No request came for long. Abort, because `close` would wait for a client to read."""
        self.transport.abort()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - not a word of ours
        """Refuse what could not be parsed. While a request is in hand, only close: the client would
        take the refusal for its answer."""
        if self.transport.is_closing():
            return
        if self._is_in_hand():
            self.register.close(self, _KINDS[self._status])
            return
        self.register.closed(_KINDS[self._status])
        self.transport.write(_refusal(self._status))
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._expect_reading()

    def _count(self, length: int) -> None:
        self._head_bytes += length + len(": \r\n")
        if self._head_bytes > HEAD_BYTES:
            self._status = _TOO_LONG
            raise TooLongError

    def _is_in_hand(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self._is_in_hand():
            self._expect_head()
        else:
            self.register.close(self, "slow_head")

    def _expect_reading(self) -> None:
        if self._deaf_timer is None:
            self._deaf_timer = self.loop.call_later(DEAF_SECONDS, self._is_deaf)

    def _is_deaf(self) -> None:
        self._deaf_timer = None
        self.register.close(self, "deaf")


def _refusal(status: int) -> bytes:
    answer = problem(status, _KINDS[status], _MESSAGES[status])
    answer.headers["Connection"] = "close"
    head = b"".join(name + b": " + value + b"\r\n" for name, value in answer.raw_headers)
    return STATUS_LINE[status] + head + b"\r\n" + bytes(answer.body)


try:
    import resource
except ImportError:  # Windows, which has no such limit
    resource = None  # type: ignore[assignment]

MOST_CONNECTIONS = 1000
# The journal and its side files; connections to two services, of eight requests and the worker.
RESERVED_FILES = 128


def most_connections() -> int:
    """As many as the process's limit of open files leaves room for."""
    if resource is None:
        return MOST_CONNECTIONS
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(files - RESERVED_FILES, files // 2))


class ConnectionRegister:
    """At most `most` connections at once. At most three quarters of them may be of clients that
    never sent a complete request.

    `closed` is called with the reason when we close one.
    """

    def __init__(
        self,
        most: int,
        closed: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._most_new = most, max(most * 3 // 4, 1)
        self.closed, self._clock = closed, clock
        self._open = dict[object, Callable[[], None]]()
        # When each began to wait for its client, the earliest first.
        self._new, self._idle = dict[object, float](), dict[object, float]()

    def __len__(self) -> int:
        return len(self._open)

    def arrive(self, connection: object, drop: Callable[[], None]) -> None:
        """Add a connection. If that is one too many, close the one that has waited longest: this
        one, if all others are at work.

        `drop` closes it at once, and loses what is unsent.
        """
        self._open[connection] = drop
        self._new[connection] = self._clock()
        if len(self._new) > self._most_new:
            self.close(next(iter(self._new)), "half_open")
        elif len(self._open) > self._most:
            self.close(self._longest_waiting(), "crowded")

    def work(self, connection: object) -> None:
        """The connection has a request in hand."""
        self._new.pop(connection, None)
        self._idle.pop(connection, None)

    def wait(self, connection: object) -> None:
        """The connection waits for its client from now on."""
        if connection in self._open and connection not in self._new:
            self._idle.pop(connection, None)
            self._idle[connection] = self._clock()

    def close(self, connection: object, why: str) -> None:
        """Close it, for one of a short fixed list of reasons."""
        if drop := self._open.get(connection):
            self.leave(connection)
            self.closed(why)
            drop()

    def leave(self, connection: object) -> None:
        """The connection is gone."""
        self._open.pop(connection, None)
        self.work(connection)

    def _longest_waiting(self) -> object:
        firsts = [next(iter(kind.items())) for kind in (self._new, self._idle) if kind]
        return min(firsts, key=lambda first: first[1])[0]
