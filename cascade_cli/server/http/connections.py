"""The connections of `serve`: how many there may be, and which is closed when one too many comes.

Most of the files that the process may open are for connections. The rest are for the journal and
for requests to Stripe and Airtable. A connection that waits for its client may be closed at any
time, the longest waiting first: a real client sends its request at once, so it does not wait long.
A connection whose request is in hand is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable

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
