"""How fast requests to one service may follow each other, whoever sends them.

The allowance is the service's, not the process's: Airtable counts what reaches a base from
everybody, and locks everybody out. So there is one `Pace` for a service, kept where all of them can
reach it, and one function, `Pace.ask`, that says who may go. It computes only: the moments are
seconds of one clock, which whoever keeps the pace brings.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

# After a lock-out everybody goes slower by this factor, until so many requests were answered well.
_SLOWER, _QUIET_REQUESTS = 1.25, 50
_MOST_LATE_SECONDS = 2.0
# Of so many answers the quickest tells how long one takes that nothing has held up: a service may
# be slower by day, or become so.
_ANSWERS_COMPARED = 40
# A write is journaled between its turn and its leaving; one that is given up never leaves.
_MOST_HELD_SECONDS = 2.0
# What is left of a wait may be less than a clock shows: whoever slept for that would never end.
_CLOCK_TICK_SECONDS = 1e-6
# Whoever does not come back so long after its turn is taken for dead, and its place is given away.
_PATIENCE_SECONDS = 1.0
# Whoever asks in a hurry goes before all who began to wait at most so long before it.
_HURRY_SECONDS = 3.0
# No wait is longer, whatever a file says that another program or an earlier boot left behind.
_LONGEST_SECONDS = 300.0


@dataclass
class Departure:
    """A request that has left; `is_watched` if its answer will be told of.

    One that `is_held` has had its turn, and has still to leave.
    """

    number: int
    at: float
    is_watched: bool = False
    is_held: bool = False
    answered_at: float | None = None

    def late_seconds(self, quickest: float, now: float) -> float:
        """How much later than the quickest request it may have arrived."""
        if self.is_held:
            return min(now - self.at, _MOST_HELD_SECONDS)
        if not self.is_watched:
            return 0.0
        seconds = (self.answered_at or now) - self.at
        return min(max(0.0, seconds - quickest), _MOST_LATE_SECONDS)


@dataclass
class QueuePlace:
    """A request's place in the queue, which is kept `until` then; `owner` is its process."""

    owner: str
    rank: float
    since: float
    until: float


@dataclass(frozen=True)
class Turn:
    """What a process, the `owner`, asks for: at most `rate_per_second`, in a hurry or not, to be
    watched or held."""

    owner: str
    rate_per_second: float
    in_hurry: bool = False
    is_watched: bool = False
    is_held: bool = False


@dataclass
class Pace:
    """One service's allowance. Nothing of it outlives a reboot: `at` is when it was last used.

    Services count what arrives within any one second. So it goes by what has really left: after a
    request that left late, or whose answer took longer than the quickest of late and which may thus
    have arrived late, a second passes before one more arrives than the service allows.
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
        """The departure if `name` may go now, else for how many seconds it has to wait."""
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
        # Whoever overslept a little has not moved the others; a pause is not made up for.
        self.next_at = max(due, place.since, now - gap) + gap
        return self._depart(turn, now)

    def withdraw(self, name: str) -> None:
        """Who waited does not want to go any more."""
        self.waiting.pop(name, None)

    def leave(self, number: int, now: float) -> None:
        """What was held leaves now."""
        for departure in self._numbered(number):
            departure.at, departure.is_held = now, False

    def forgo(self, number: int) -> None:
        """What was held will never leave."""
        for departure in self._numbered(number):
            departure.is_held = departure.is_watched = False

    def answered(self, number: int, now: float) -> None:
        """The answer is there, or will never be."""
        for departure in self._numbered(number):
            departure.answered_at = now
            seconds = now - departure.at
            if 0 <= seconds <= _LONGEST_SECONDS:
                self.answers_seconds = [*self.answers_seconds, seconds][-_ANSWERS_COMPARED:]

    def hold(self, seconds: float, now: float) -> None:
        """Let nobody through for a while, and go slower then: the service has asked for quiet.

        What asks for the same quiet again, as all requests under way will, slows down only once.
        """
        if now >= self.quiet_until:
            self.slowed *= _SLOWER
        self.quiet_requests = 0
        self.quiet_until = max(self.quiet_until, now + seconds)

    def _place_of(self, name: str, turn: Turn, gap: float, now: float) -> QueuePlace:
        """Whoever waits has one; the dead lose theirs.

        Each owner gets places a gap apart, however much it asks for at once: who asks for little
        stands between them.
        """
        self.waiting = {n: p for n, p in self.waiting.items() if now <= p.until or n == name}
        if name not in self.waiting:
            rank = now - (_HURRY_SECONDS if turn.in_hurry else 0.0)
            own = [place.rank + gap for place in self.waiting.values() if place.owner == turn.owner]
            until = now + _PATIENCE_SECONDS
            self.waiting[name] = QueuePlace(turn.owner, max([rank, *own]), now, until)
        return self.waiting[name]

    def _room_at(self, counted: int, gap: float, now: float) -> float:
        """When the service counts less than its allowance; the gap's reserve stays, however late
        the first of them arrived."""
        if not counted or len(self.departures) < counted:
            return 0.0
        first = self.departures[-counted]
        return first.at + counted * gap + first.late_seconds(self._quickest_seconds, now)

    @property
    def _quickest_seconds(self) -> float:
        """What an answer takes that nothing holds up. Few answers may all have been held up, so the
        quickest of them is believed in proportion to their number."""
        share = len(self.answers_seconds) / _ANSWERS_COMPARED
        return min(self.answers_seconds, default=0.0) * share

    def _depart(self, turn: Turn, now: float) -> Departure:
        self.quiet_requests += 1
        if self.slowed > 1 and self.quiet_requests % _QUIET_REQUESTS == 0:
            self.slowed = max(1.0, self.slowed / _SLOWER)
        self.number += 1
        departure = Departure(self.number, now, turn.is_watched, turn.is_held)
        # Twice as many as count: whoever asks beside the engine counts fewer.
        kept = 2 * max(1, ceil(turn.rate_per_second))
        self.departures = [*self.departures, departure][-kept:]
        return departure

    def _numbered(self, number: int) -> list[Departure]:
        return [departure for departure in self.departures if departure.number == number]

    def document(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)

    @classmethod
    def of(cls, document: dict[str, Any], now: float) -> Pace:
        """As it was kept. A new one in place of what an earlier boot left, or another program."""
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
"""Changes the pace as of a moment, and returns what was asked for."""


def new_name() -> str:
    """For one that will wait in a queue which others share."""
    return secrets.token_hex(8)
