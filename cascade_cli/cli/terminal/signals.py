"""A wait that no signal is too early for."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Arrivals:
    """The signals that have arrived and were not asked for yet: those that Python handles."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def wait(self, *others: int, seconds: float | None = None) -> set[int]:
        """Wait for a signal, or until one of the file descriptors `others` can be read, but no
        longer than `seconds`. Returns the numbers of the signals.

        Raises KeyboardInterrupt if Ctrl-C is one of them, even if Python has raised it before where
        an exception is lost: while it disposes of objects.
        """
        ready, _, _ = select.select([self._pipe, *others], [], [], seconds)
        numbers = set(os.read(self._pipe, 4096)) if self._pipe in ready else set[int]()
        if signal.SIGINT in numbers:
            raise KeyboardInterrupt
        return numbers

    def sleep(self, seconds: float) -> None:
        """Do nothing for so long, or until a signal arrives."""
        # The moment to wait for may have passed while it was looked up, or the machine slept.
        self.wait(seconds=max(seconds, 0))


@contextmanager
def arrivals() -> Iterator[Arrivals]:
    """Notes each signal that Python handles, while the block lasts. For the main thread.

    Python runs a handler between two lines. One for a signal that arrives just before a wait would
    run only after it: minutes later, or never. A byte in a pipe ends the wait at once.
    """
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    # A full pipe is no matter: it can be read as well.
    before = signal.set_wakeup_fd(theirs, warn_on_full_buffer=False)
    try:
        yield Arrivals(ours)
    finally:
        signal.set_wakeup_fd(before)
        os.close(ours)
        os.close(theirs)
