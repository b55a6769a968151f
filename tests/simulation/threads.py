"""Several threads of one simulated process: tasks of the scheduler in their place."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

from tests.simulation.process import HERE

T = TypeVar("T")

_LOOKS_EVERY_SECONDS = 0.25


def _pause() -> None:
    HERE.get().host.scheduler.pause(_LOOKS_EVERY_SECONDS)


class VirtualThread:
    """As much of threading.Thread as cascade_cli.concurrency uses."""

    def __init__(self, *, target: Callable[..., None], args: tuple[Any, ...], daemon: bool) -> None:
        assert daemon
        self._target, self._args = target, args
        self._is_alive = False

    def start(self) -> None:
        """Begin a task now, as one of the caller's process."""
        process = HERE.get()

        def live() -> None:
            HERE.set(process)
            self._target(*self._args)
            self._is_alive = False

        self._is_alive = True
        process.host.scheduler.spawn(f"{process.name}/thread", live)

    def is_alive(self) -> bool:
        """Whether it has begun, and not ended."""
        return self._is_alive

    def join(self, _timeout: float) -> None:
        """Wait until it has ended, however long that takes: no history may go on beside it."""
        while self._is_alive:
            _pause()


class VirtualQueue(SimpleQueue[T]):
    """Whoever waits for an item lets others go on."""

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        while self.empty():
            _pause()
        return super().get(block, timeout)
