"""An estimate of how charges are spread over time. Readers divide their work by it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

Span = tuple[float, float, float]
"""Start, end (both in seconds since 1970), and rows per second between them."""


class DensityEstimate:
    """Filled by the reader of Stripe, and consulted by all threads on both sides; thread-safe.

    It is only for planning: however wrong it is, no row is lost or read twice. For times of which
    nothing is known it assumes the average of the others.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told = threading.Event()
        self._spans: list[Span] = []
        self._rows, self._seconds = 0, 0.0

    def note(self, since: float, until: float, rows: int) -> None:
        """Record that `rows` charges were read in [since, until]."""
        # Stripe dates charges by whole seconds, so a span may be empty.
        seconds = max(1.0, until - since)
        with self._lock:
            self._spans.append((since, since + seconds, rows / seconds))
            self._spans.sort()
            self._rows += rows
            self._seconds += seconds
        self._told.set()

    def close(self) -> None:
        """Nothing more will be recorded, so nobody needs to wait."""
        self._told.set()

    def wait(self, seconds: float) -> None:
        """Return as soon as something is known, the estimate is closed, or the time is up."""
        self._told.wait(seconds)

    def rows(self, since: float, until: float) -> float:
        """How many charges to expect in [since, until)."""
        return sum((end - start) * density for start, end, density in self._between(since, until))

    def second_after(self, since: float, until: float, rows: float) -> int:
        """The whole second by which to expect `rows` charges, counted from `since`."""
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
