"""Of several `cascade serve` on one base one credits, and the others wait for its place.

That nobody is credited twice rests on claims; this saves the others from asking for the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from cascade_cli.adapters.journal.locks import RunLock
from cascade_cli.errors import JournalError, LockedError


class Leadership:
    """One process's hold on the worker's lock; `new_lock` makes one to enter."""

    def __init__(self, new_lock: Callable[[], RunLock]) -> None:
        self._new_lock = new_lock
        self._lock: RunLock | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process is the worker, as far as it knows."""
        return self._lock is not None and not self._lock.is_lost

    def take(self) -> bool:
        """Become the worker, or stay it; whether that succeeded. Raises JournalError."""
        if self.is_held:
            return True
        self.leave()
        lock = self._new_lock()
        try:
            lock.__enter__()
        except LockedError:
            return False
        self._lock = lock
        return True

    def check(self) -> None:
        """Before a write: prolong the hold. Raises ClaimLostError if another is the worker now."""
        if self._lock is not None:
            self._lock.renew()

    def leave(self) -> None:
        """Let another be the worker at once."""
        lock, self._lock = self._lock, None
        if lock is not None:
            # Without the journal it ends by itself.
            with suppress(JournalError):
                lock.__exit__(None, None, None)
