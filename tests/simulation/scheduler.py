"""Virtual time, and threads of which exactly one runs: a baton goes to whoever is due next."""

from __future__ import annotations

import heapq
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from tests.simulation.killing import Killed

_MICRO = 1_000_000


class Task:
    """A simulated process's thread; it runs only while it holds the baton."""

    def __init__(self, name: str, body: Callable[[], None]) -> None:
        self.name = name
        self.body = body
        self.gate = threading.Lock()
        self.gate.acquire()


class Scheduler:
    """Runs tasks and callbacks in order of virtual time, which passes only between them.

    Ties are broken by the seed, so that whoever is due at the same moment goes in any order, and
    in the same order for the same seed.
    """

    def __init__(self, start: datetime, random: Random) -> None:
        self._start, self._random = start, random
        self._elapsed = 0
        self._count = 0
        self._queue: list[tuple[int, float, int, Task | Callable[[], None]]] = []
        self._current: Task | None = None
        self._main = threading.Lock()
        self._main.acquire()
        self.failure: BaseException | None = None

    def now(self) -> datetime:
        """The virtual present."""
        return self._start + timedelta(microseconds=self._elapsed)

    def seconds(self) -> float:
        """The virtual present as a monotonic clock tells it."""
        return self._elapsed / _MICRO

    def at(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back so many seconds from now; a callback must not pause."""
        self._push(seconds, callback)

    def spawn(self, name: str, body: Callable[[], None]) -> None:
        """Begin a task now."""
        task = Task(name, body)
        threading.Thread(target=self._live, args=(task,), daemon=True).start()
        self._push(0, task)

    def pause(self, seconds: float) -> None:
        """Let the current task wait, and others go on meanwhile."""
        task = self._current
        if task is None:
            raise RuntimeError("only a task can pause")
        self._push(seconds, task)
        self._pass_on(task)

    def run(self) -> None:
        """Until nothing is due any more. Raises what a task or callback raised unforeseen."""
        self._pass_on(None)
        self._main.acquire()
        if self.failure is not None:
            raise self.failure

    def _push(self, seconds: float, due: Task | Callable[[], None]) -> None:
        # Rounded up: a sleep is never shorter than it was asked for.
        moment = self._elapsed + max(0, math.ceil(round(seconds * _MICRO, 3)))
        self._count += 1
        heapq.heappush(self._queue, (moment, self._random.random(), self._count, due))

    def _live(self, task: Task) -> None:
        task.gate.acquire()
        try:
            task.body()
        except Killed:
            pass
        except BaseException as failure:  # noqa: BLE001 - it is raised again by run()
            self._fail(failure)
        self._pass_on(None)

    def _fail(self, failure: BaseException) -> None:
        self.failure = self.failure or failure
        self._queue.clear()

    def _pass_on(self, task: Task | None) -> None:
        """Hand the baton to whoever is due next; return when it comes back to `task`."""
        while self._queue:
            self._elapsed, _, _, due = heapq.heappop(self._queue)
            if due is task:
                return
            if isinstance(due, Task):
                self._current = due
                due.gate.release()
                break
            try:
                due()
            except Exception as failure:  # noqa: BLE001 - it is raised again by run()
                self._fail(failure)
        else:
            self._main.release()
        if task is not None:
            task.gate.acquire()
