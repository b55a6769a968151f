"""How many charges lie where in time, as far as is known yet: what readers divide their work by."""

from __future__ import annotations

import threading
from collections.abc import Iterator

Span = tuple[float, float, float]
"""From, to (both in seconds since 1970), and rows in each second between."""


class DensityEstimate:
    """Filled by whoever reads Stripe, asked by all threads on both sides; thread-safe.

    It only plans: however wrong it is, no row is lost or read twice. Of times of which nothing
    is known it expects the average of the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = threading.Event()
        self._spans: list[Span] = []
        self._rows, self._seconds = 0, 0.0

    def note(self, since: float, until: float, rows: int) -> None:
        """So many charges were read in [since, until]."""
        seconds = max(1.0, until - since)
        with self._lock:
            self._spans.append((since, since + seconds, rows / seconds))
            self._spans.sort()
            self._rows += rows
            self._seconds += seconds
        self._told.set()

    def close(self) -> None:
        """Nothing more will be told: nobody needs to wait."""
        self._told.set()

    def wait(self, seconds: float) -> None:
        """Return when something is known, or nothing will be, or the time is up."""
        self._told.wait(seconds)

    def rows(self, since: float, until: float) -> float:
        """How many charges to expect in [since, until)."""
        return sum((end - start) * density for start, end, density in self._between(since, until))

    def second_after(self, since: float, until: float, rows: float) -> int:
        """The whole second by which so many charges, counted from `since`, are to be expected."""
        for start, end, density in self._between(since, until):
            expected = (end - start) * density
            if expected >= rows > 0:
                return int(start + rows / density)
            rows -= expected
        return int(until)

    def _between(self, since: float, until: float) -> Iterator[Span]:
        with self._lock:
            spans, average = tuple(self._spans), self._rows / max(1.0, self._seconds)
        at = since
        for start, end, density in spans:
            if end <= at or start >= until:
                continue
            if start > at:
                yield at, start, average
            yield max(at, start), min(end, until), density
            at = min(end, until)
        if at < until:
            yield at, until, average
