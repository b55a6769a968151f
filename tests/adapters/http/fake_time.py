"""Time that passes only by sleeping."""

from __future__ import annotations

import threading


class FakeTime:
    """A clock that only sleeping moves, for each thread its own: all sleep at once."""

    def __init__(self) -> None:
        self._own = threading.local()
        self.woken: list[float] = []

    def now(self) -> float:
        return getattr(self._own, "now", 0.0)

    def sleep(self, seconds: float) -> None:
        self._own.now = self.now() + seconds

    def wake(self) -> None:
        self.woken.append(self.now())
