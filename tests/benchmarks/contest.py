"""Several ways to do the same, timed in turns, so that a busy machine is unfair to none."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any


class Contest:
    """The wall seconds of each contestant, round by round.

    The ratio of two is the median of their ratios within a round: what else the machine does
    changes from round to round, and strikes the whole of one.
    """

    def __init__(self, contestants: Mapping[str, Callable[[], Any]], rounds: int) -> None:
        self._contestants = contestants
        self._seconds: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(rounds):
            for name in contestants:
                self._seconds[name].append(_wall_seconds(contestants[name]))

    def seconds(self, name: str) -> float:
        """The median of the contestant's runs."""
        return median(self._seconds[name])

    def ratio(self, one: str, other: str) -> float:
        """How many times as long `one` takes as `other`."""
        pairs = zip(self._seconds[one], self._seconds[other], strict=True)
        return median(first / second for first, second in pairs)


def _wall_seconds(contestant: Callable[[], Any]) -> float:
    gc.collect()
    began = time.perf_counter()
    result = contestant()
    seconds = time.perf_counter() - began
    # Freed only now: taking a result apart is no part of making it.
    del result
    return seconds


def in_words(seconds: float) -> str:
    """With the unit that fits: `1.23 s`, `45.6 ms`, `7.8 µs`."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
