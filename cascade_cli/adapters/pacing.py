"""How fast requests may follow each other."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil, inf

_SLOWER, _QUIET_REQUESTS = 1.25, 50
_MOST_LATE_SECONDS = 2.0
# Of so many answers the quickest tells how long one takes that nothing has held up: a service may
# be slower by day, or become so.
_ANSWERS_COMPARED = 40
# A write is journaled between its turn and its leaving; one that is given up never leaves.
_MOST_HELD_SECONDS = 2.0
# What is left of a wait may be less than a clock shows: whoever slept for that would never end.
_CLOCK_TICK_SECONDS = 1e-6


@dataclass(eq=False)
class Departure:
    """A request that has left; `is_watched` if its answer will be told of.

    One that `is_held` has had its turn, and has still to leave.
    """

    at: float
    is_watched: bool = False
    is_held: bool = False
    answered_at: float | None = None


class Pacer:
    """Lets requests through evenly, first come first served over all threads.

    `rate_per_second` 0 means as fast as they come. Services count what arrives within any one
    second. So it goes by what has really left: after a request that left late, or whose answer
    took longer than the quickest of late and which may thus have arrived late, a second passes
    before one more arrives than the service allows.
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
        self._counted = max(1, ceil(rate_per_second))
        self._departures: deque[Departure] = deque(maxlen=self._counted)
        self._answers_seconds: deque[float] = deque(maxlen=_ANSWERS_COMPARED)
        self._quiet_until, self._quiet_requests = clock(), 0

    def wait(self) -> Departure:
        """Return when this caller's turn has come."""
        ticket = self._take_ticket()
        while isinstance(turn := self._go(ticket), float):
            self._sleep(turn)
        return turn

    def hand_out(self) -> Departure:
        """A turn that is used a little later: `leave` tells when."""
        departure = self.wait()
        departure.is_held = True
        return departure

    def leave(self, departure: Departure) -> None:
        """What was held leaves now, or never will."""
        with self._lock:
            departure.at, departure.is_held = self._clock(), False

    def answered(self, departure: Departure) -> None:
        """The answer is there, or will never be."""
        with self._lock:
            departure.answered_at = self._clock()
            self._answers_seconds.append(departure.answered_at - departure.at)

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

    def _go(self, ticket: int) -> Departure | float:
        """The departure if it may go now, else for how many seconds it has to wait."""
        with self._lock:
            now, due = self._clock(), self._turn(ticket)
            if self._gap_seconds and len(self._departures) == self._counted:
                due = max(due, self._room_at(now))
            if due - now > _CLOCK_TICK_SECONDS:
                return due - now
            self._gone += 1
            self._recover(now)
            self._departures.append(departure := Departure(now))
            return departure

    def _room_at(self, now: float) -> float:
        first = self._departures[0]
        # The gap's reserve stays, however late the first one arrived.
        return first.at + self._counted * self._gap_seconds + self._late_seconds(first, now)

    def _late_seconds(self, departure: Departure, now: float) -> float:
        """How much later than the quickest request it may have arrived."""
        if departure.is_held:
            return min(now - departure.at, _MOST_HELD_SECONDS)
        if not departure.is_watched:
            return 0.0
        seconds = (departure.answered_at or now) - departure.at
        quickest = min(self._answers_seconds, default=inf)
        return min(max(0.0, seconds - quickest), _MOST_LATE_SECONDS)

    def _recover(self, now: float) -> None:
        """Faster again after a while of quiet; turns given out already are counted from now on."""
        self._quiet_requests += 1
        is_slow = self._gap_seconds > self._fastest_gap_seconds
        if is_slow and self._quiet_requests % _QUIET_REQUESTS == 0:
            self._gap_seconds = max(self._fastest_gap_seconds, self._gap_seconds / _SLOWER)
            self._first, self._first_at = self._gone, now + self._gap_seconds


class Pacers:
    """One Pacer for all in this process who ask the same service: its limit is theirs together."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[Hashable, float], Pacer] = {}

    def of(self, service: Hashable, rate_per_second: float) -> Pacer:
        """The same one for the same service and rate."""
        with self._lock:
            key = service, rate_per_second
            return self._kept.setdefault(key, Pacer(rate_per_second))
