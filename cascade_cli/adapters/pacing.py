"""How fast requests may follow each other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

# Services count the requests of any one second; five of Airtable's are a second.
_COUNTED = 5
_SLOWER, _QUIET_REQUESTS = 1.25, 50


class Pacer:
    """Lets requests through evenly, first come first served over all threads.

    `rate_per_second` 0 means as fast as they come. Whoever wakes late goes at once, and the fifth
    after it waits accordingly: of what has really left, no six come closer together than they
    should, however busy the machine.
    """

    def __init__(
        self,
        rate_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.rate_per_second = rate_per_second
        self._fastest_gap_seconds = 1 / rate_per_second if rate_per_second else 0.0
        self._gap_seconds = self._fastest_gap_seconds
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._tickets = self._gone = 0
        # Ticket number `_first` goes at `_first_at`, and each later one a gap after the one before.
        self._first, self._first_at = 0, clock()
        self._departures: deque[float] = deque(maxlen=_COUNTED)
        self._quiet_until, self._quiet_requests = clock(), 0

    def wait(self) -> None:
        """Return when this caller's turn has come."""
        ticket = self._take_ticket()
        while (seconds := self._seconds_left(ticket)) > 0:
            self._sleep(seconds)

    def hold(self, seconds: float) -> None:
        """Let nobody through for a while, and go slower then: the service has asked for quiet.

        What asks for the same quiet again, as all requests under way will, slows down only once.
        """
        with self._lock:
            now = self._clock()
            if now >= self._quiet_until:
                self._gap_seconds *= _SLOWER
            self._quiet_requests = 0
            self._quiet_until = max(self._quiet_until, now + seconds)
            if self._quiet_until > self._turn(self._gone):
                self._first, self._first_at = self._gone, self._quiet_until

    def _take_ticket(self) -> int:
        with self._lock:
            ticket = self._tickets
            self._tickets += 1
            if self._turn(ticket) < (now := self._clock()):
                # A pause is not made up for by a burst.
                self._first, self._first_at = ticket, now
            return ticket

    def _turn(self, ticket: int) -> float:
        return self._first_at + (ticket - self._first) * self._gap_seconds

    def _seconds_left(self, ticket: int) -> float:
        """0 if it may go, which is written down."""
        with self._lock:
            now, due = self._clock(), self._turn(ticket)
            if len(self._departures) == _COUNTED:
                due = max(due, self._departures[0] + _COUNTED * self._gap_seconds)
            if due > now:
                return due - now
            self._departures.append(now)
            self._gone += 1
            self._recover()
            return 0.0

    def _recover(self) -> None:
        self._quiet_requests += 1
        if self._quiet_requests % _QUIET_REQUESTS == 0:
            self._gap_seconds = max(self._fastest_gap_seconds, self._gap_seconds / _SLOWER)
