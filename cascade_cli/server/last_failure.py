"""What goes wrong while the server runs, kept for `doctor --bundle` like a command's error."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# The same failure repeats during an outage, and strangers can cause some.
_SAME_SECONDS, _ANY_SECONDS = 60.0, 1.0


class LastFailure:
    """`keep` writes a failure down, in a thread of its own: no request waits for the disk."""

    def __init__(
        self, keep: Callable[[Exception], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._keep, self._clock, self._lock = keep, clock, threading.Lock()
        self._told: tuple[type[Exception], str] | None = None
        self._at = 0.0

    def hear(self, error: Exception) -> None:
        """Keep this one, unless the same was kept within the last minute."""
        if self._is_news((type(error), str(error))):
            threading.Thread(target=self._keep, args=[error], name="last failure").start()

    def _is_news(self, told: tuple[type[Exception], str]) -> bool:
        with self._lock:
            now = self._clock()
            quiet_seconds = _SAME_SECONDS if told == self._told else _ANY_SECONDS
            if self._told and now - self._at < quiet_seconds:
                return False
            self._told, self._at = told, now
            return True
