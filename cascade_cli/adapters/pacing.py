"""How fast requests may follow each other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pacer:
    """Spaces requests evenly, over all threads; `rate_per_second` 0 means as fast as they come."""

    def __init__(
        self,
        rate_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap_seconds = 1 / rate_per_second if rate_per_second else 0.0
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._free_at = clock()

    def wait(self) -> None:
        """Return when this caller's turn has come."""
        with self._lock:
            turn = max(self._free_at, self._clock())
            self._free_at = turn + self._gap_seconds
        if (seconds := turn - self._clock()) > 0:
            self._sleep(seconds)

    def hold(self, seconds: float) -> None:
        """Let nobody through for a while: the service has asked for quiet."""
        with self._lock:
            self._free_at = max(self._free_at, self._clock() + seconds)
