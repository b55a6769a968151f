"""What the bodies that are being read may hold in memory, all together."""

from __future__ import annotations

from collections.abc import Callable

# A usual event is far shorter; what a body has beyond this comes out of a share for all.
SMALL_BYTES = 64 * 1024
SHARED_BYTES = 32 * 1024 * 1024

Stop = Callable[[], object]
"""Ends the task that reads one body; the body is known by it."""


class LargeBodies:
    """The one read longest makes room: an honest sender's body is there within moments."""

    def __init__(self, most: int = SHARED_BYTES) -> None:
        self._left = most
        self._taken = dict[Stop, int]()

    def take(self, stop: Stop, length: int) -> None:
        """The body has, or will have, that length."""
        more = max(length - SMALL_BYTES, 0) - self._taken.get(stop, 0)
        if more <= 0:
            return
        while more > self._left and self._taken:
            self._stop(next(iter(self._taken)))
        self._taken[stop] = self._taken.get(stop, 0) + more
        self._left -= more

    def done(self, stop: Stop) -> None:
        """It is read no more."""
        self._left += self._taken.pop(stop, 0)

    def _stop(self, stop: Stop) -> None:
        self.done(stop)
        stop()
