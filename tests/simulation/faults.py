"""What can befall a request: whether and when it is applied, and what the client hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from random import Random


class Arrival(Enum):
    """When the service acts on a request."""

    NEVER = auto()
    NOW = auto()
    TWICE = auto()
    """Something on the way repeats it; only the first answer comes back."""
    LATE = auto()
    """At some time before the longest that a lost write can take, whatever the client does."""


class Answer(Enum):
    """What the client gets to hear."""

    TRUE = auto()
    UNCONNECTED = auto()
    TIMEOUT = auto()
    RESET = auto()
    CUT_OFF = auto()
    GARBAGE = auto()
    EMPTY = auto()
    ERROR_408 = auto()
    ERROR_422 = auto()
    ERROR_429 = auto()
    ERROR_429_RETRY_AFTER = auto()
    ERROR_429_QUOTA = auto()
    ERROR_500 = auto()
    ERROR_502 = auto()
    ERROR_503 = auto()
    ERROR_503_RETRY_AFTER = auto()


@dataclass(frozen=True)
class Fault:
    """One request's fate."""

    arrival: Arrival
    answer: Answer
    is_slow: bool = False


FINE = Fault(Arrival.NOW, Answer.TRUE)
SLOW = Fault(Arrival.NOW, Answer.TRUE, is_slow=True)
QUOTA_GONE = Fault(Arrival.NEVER, Answer.ERROR_429_QUOTA)

# These tell for certain that nothing was or will be applied.
_CERTAIN = (
    Answer.UNCONNECTED,
    Answer.ERROR_422,
    Answer.ERROR_429,
    Answer.ERROR_429_RETRY_AFTER,
)
_AMBIGUOUS = tuple(
    answer for answer in Answer if answer not in {*_CERTAIN, Answer.TRUE, Answer.ERROR_429_QUOTA}
)
_FAULTS = (
    [SLOW] * 3
    + [Fault(Arrival.TWICE, Answer.TRUE)] * 8
    + [Fault(Arrival.NEVER, answer) for answer in _CERTAIN] * 2
    + [Fault(arrival, answer) for arrival in Arrival for answer in _AMBIGUOUS]
    # What hurts most is worth trying most.
    + [Fault(arrival, Answer.TIMEOUT) for arrival in (Arrival.NOW, Arrival.LATE)] * 3
)


@dataclass
class Weather:
    """How likely a fault is; `quota_gone` shuts Airtable for the rest of the month."""

    fault: float = 0.0
    quota_gone: bool = False

    def draw(self, random: Random, *, to_airtable: bool) -> Fault:
        """The fate of the next request."""
        if to_airtable and self.quota_gone:
            return QUOTA_GONE
        if random.random() >= self.fault:
            return FINE
        return random.choice(_FAULTS)

    def clear_up(self) -> None:
        """No more faults."""
        self.fault, self.quota_gone = 0.0, False
