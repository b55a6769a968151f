"""How fast all processes together may send requests to one service.

The service sets the limit, and it counts everybody's requests: Airtable counts everything that
reaches a base, and locks everybody out. So there is one `Pace` per service, stored where all
processes can reach it, and one function, `Pace.ask`, decides who may send. This module only
computes. Its times are seconds of one clock, which comes with the storage (see `pacing`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

# After a lock-out everybody goes slower by this factor, until this many requests were sent.
_SLOWER, _QUIET_REQUESTS = 1.25, 50
_MOST_LATE_SECONDS = 2.0
# The quickest of this many recent answers tells how long an undelayed answer takes. Older answers
# do not count, because a service may be slower by day, or become slower.
_ANSWERS_COMPARED = 40
# A write is recorded in the journal between its turn and its departure. One that is given up never
# departs, so nobody waits longer than this for it.
_MOST_HELD_SECONDS = 2.0
# The rest of a wait can be shorter than the clock's tick. To sleep for that would loop for ever.
_CLOCK_TICK_SECONDS = 1e-6
# A waiter that does not ask again this long after its turn is taken for dead, and loses its place.
_PATIENCE_SECONDS = 1.0
# A request in a hurry goes before all requests that began to wait at most this long before it.
_HURRY_SECONDS = 3.0
# No wait is longer, even if a file that another program or an earlier boot left behind says so.
_LONGEST_SECONDS = 300.0


@dataclass
class Departure:
    """A request that was sent. If it `is_watched`, `Pace.answered` will be called for it.

    One that `is_held` has had its turn but was not sent yet.
    """

    number: int
    at: float
    is_watched: bool = False
    is_held: bool = False
    answered_at: float | None = None

    def late_seconds(self, quickest: float, now: float) -> float:
        """By how much later than the quickest request it may have arrived at the service."""
        if self.is_held:
            return min(now - self.at, _MOST_HELD_SECONDS)
        if not self.is_watched:
            return 0.0
        seconds = (self.answered_at or now) - self.at
        return min(max(0.0, seconds - quickest), _MOST_LATE_SECONDS)


@dataclass
class QueuePlace:
    """A request's place in the queue. It is kept until `until`; `owner` is the process."""

    owner: str
    rank: float
    since: float
    until: float


@dataclass(frozen=True)
class Turn:
    """What a process (the `owner`) asks for: at most `rate_per_second`, in a hurry or not, and
    whether the departure is to be watched or held."""

    owner: str
    rate_per_second: float
    in_hurry: bool = False
    is_watched: bool = False
    is_held: bool = False


@dataclass
class Pace:
    """How much of one service's limit is used. `at` is the last use; a reboot makes it void.

    A service counts the requests that arrive within any one second. So we count real departures and
    allow for late arrival: a request that left late, or whose answer took longer than the quickest
    recent one, may have arrived late. Then the second starts at its latest possible arrival.
    """

    at: float = 0.0
    next_at: float = 0.0
    quiet_until: float = 0.0
    slowed: float = 1.0
    quiet_requests: int = 0
    number: int = 0
    waiting: dict[str, QueuePlace] = field(default_factory=dict)
    departures: list[Departure] = field(default_factory=list)
    answers_seconds: list[float] = field(default_factory=list)

    def ask(self, name: str, turn: Turn, now: float) -> Departure | float:
        """The departure if `name` may send now; otherwise how many seconds it has to wait."""
        rate = turn.rate_per_second
        gap = self.slowed / rate if rate else 0.0
        place = self._place_of(name, turn, gap, now)
        ahead = sum(other.rank < place.rank for other in self.waiting.values())
        due = max(self.next_at, self.quiet_until, self._room_at(ceil(rate), gap, now))
        due = max(due, now if ahead else due) + ahead * gap
        if due - now > _CLOCK_TICK_SECONDS:
            place.until = due + _PATIENCE_SECONDS
            return due - now
        del self.waiting[name]
        # A waiter that overslept a little does not delay the others. A pause is not made up for.
        self.next_at = max(due, place.since, now - gap) + gap
        return self._depart(turn, now)

    def withdraw(self, name: str) -> None:
        """Remove `name` from the queue: it will not send after all."""
        self.waiting.pop(name, None)

    def mark_sent(self, number: int, now: float) -> None:
        """The held request is sent now."""
        for departure in self._numbered(number):
            departure.at, departure.is_held = now, False

    def mark_dropped(self, number: int) -> None:
        """The held request will never be sent."""
        for departure in self._numbered(number):
            departure.is_held = departure.is_watched = False

    def answered(self, number: int, now: float) -> None:
        """The answer has arrived, or never will."""
        for departure in self._numbered(number):
            departure.answered_at = now
            seconds = now - departure.at
            if 0 <= seconds <= _LONGEST_SECONDS:
                self.answers_seconds = [*self.answers_seconds, seconds][-_ANSWERS_COMPARED:]

    def pause(self, seconds: float, now: float) -> None:
        """Let nobody send for `seconds`, and go slower after that: the service asked for a pause.

        All requests under way will get the same answer. Together they slow the pace only once.
        """
        if now >= self.quiet_until:
            self.slowed *= _SLOWER
        self.quiet_requests = 0
        self.quiet_until = max(self.quiet_until, now + seconds)

    def _place_of(self, name: str, turn: Turn, gap: float, now: float) -> QueuePlace:
        """The place of `name` in the queue, new if it has none. Dead waiters lose theirs.

        The places of one owner are a gap apart, however many it asks for at once. So an owner with
        few requests gets in between them.
        """
        self.waiting = {n: p for n, p in self.waiting.items() if now <= p.until or n == name}
        if name not in self.waiting:
            rank = now - (_HURRY_SECONDS if turn.in_hurry else 0.0)
            own = [place.rank + gap for place in self.waiting.values() if place.owner == turn.owner]
            until = now + _PATIENCE_SECONDS
            self.waiting[name] = QueuePlace(turn.owner, max([rank, *own]), now, until)
        return self.waiting[name]

    def _room_at(self, counted: int, gap: float, now: float) -> float:
        """From when the service counts fewer requests than it allows. The reserve in `gap` stays,
        however late the first of them arrived."""
        if not counted or len(self.departures) < counted:
            return 0.0
        first = self.departures[-counted]
        return first.at + counted * gap + first.late_seconds(self._quickest_seconds, now)

    @property
    def _quickest_seconds(self) -> float:
        """How long an undelayed answer takes. If there are only a few answers, all of them may have
        been delayed, so the quickest is trusted in proportion to their number."""
        share = len(self.answers_seconds) / _ANSWERS_COMPARED
        return min(self.answers_seconds, default=0.0) * share

    def _depart(self, turn: Turn, now: float) -> Departure:
        self.quiet_requests += 1
        if self.slowed > 1 and self.quiet_requests % _QUIET_REQUESTS == 0:
            self.slowed = max(1.0, self.slowed / _SLOWER)
        self.number += 1
        departure = Departure(self.number, now, turn.is_watched, turn.is_held)
        # Twice as many as this turn needs: during the engine's run, turns ask for half the rate.
        kept = 2 * max(1, ceil(turn.rate_per_second))
        self.departures = [*self.departures, departure][-kept:]
        return departure

    def _numbered(self, number: int) -> list[Departure]:
        return [departure for departure in self.departures if departure.number == number]

    def document(self) -> dict[str, Any]:
        """The pace as a JSON object, for storage."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any], now: float) -> Pace:
        """Read a stored pace. Returns a new one if an earlier boot or another program stored it."""
        try:
            waiting = {
                name: QueuePlace(**place) for name, place in document.get("waiting", {}).items()
            }
            departures = [Departure(**one) for one in document.get("departures", ())]
            pace = cls(**{**document, "waiting": waiting, "departures": departures})
            latest = max(pace.next_at, pace.quiet_until)
            is_ours = pace.at <= now and latest - now <= _LONGEST_SECONDS
        except (TypeError, AttributeError):
            return cls()
        return pace if is_ours else cls()


Step = Callable[[Pace, float], Any]
"""Changes the pace at a given moment, and returns its result."""


def new_name() -> str:
    """A random name, unique in a queue that several processes share."""
    return secrets.token_hex(8)
