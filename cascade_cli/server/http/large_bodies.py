"""What the bodies that are being read may hold in memory, all together."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Protocol

# A usual event is far shorter; what a body has beyond this comes out of a share for all.
SMALL_BYTES = 64 * 1024
SHARED_BYTES = 32 * 1024 * 1024


class Reader(Hashable, Protocol):
    """The task that reads one body."""

    def cancel(self) -> bool:
        """Stop it."""


class LargeBodies:
    """Who has read longest makes room: an honest sender's body is there within moments."""

    def __init__(self, most: int = SHARED_BYTES) -> None:
        self._left = most
        self._taken = dict[Reader, int]()

    def take(self, reader: Reader, length: int) -> None:
        """The reader's body has, or will have, that length."""
        more = max(length - SMALL_BYTES, 0) - self._taken.get(reader, 0)
        if more <= 0:
            return
        while more > self._left and self._taken:
            self._stop(next(iter(self._taken)))
        self._taken[reader] = self._taken.get(reader, 0) + more
        self._left -= more

    def done(self, reader: Reader) -> None:
        """It reads no more."""
        self._left += self._taken.pop(reader, 0)

    def _stop(self, reader: Reader) -> None:
        self.done(reader)
        reader.cancel()
