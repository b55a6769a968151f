"""A simulated operating-system process: it can be killed or held up between any two operations."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from tests.simulation.killing import Killed
from tests.simulation.scheduler import Scheduler

MOST_OPERATIONS = 20_000
# From and to, in seconds: short; longer than a claim's lease; and so long that meanwhile another
# may have finished the matter and the engine run.
_A_MOMENT, _LEASE_LOST, _OVERTAKEN = (1, 30), (600, 1300), (600, 2400)


@dataclass
class Misfortune:
    """How likely each operation is to be the last, or to be followed by a standstill.

    `oversleep` is how likely a write that the journal announced is held up for so long that others
    may have taken the matter over. `step_seconds` is the longest that an ordinary operation takes
    by itself.
    """

    kill: float = 0.0
    standstill: float = 0.0
    oversleep: float = 0.0
    step_seconds: float = 0.02

    def end(self) -> None:
        """From now on processes live in peace."""
        self.kill = self.standstill = self.oversleep = 0.0


@dataclass
class Chronicle:
    """What happened, line by line, and how often."""

    lines: list[tuple[datetime, str, str]] = field(default_factory=list)
    operations: int = 0
    faults: int = 0
    crashes: int = 0

    def tell(self, at: datetime, who: str, what: str) -> None:
        """Add a line."""
        self.lines.append((at, who, what))

    def counts(self) -> dict[str, int]:
        """How often, by what."""
        return {"operations": self.operations, "faults": self.faults, "crashes": self.crashes}

    def text(self) -> str:
        """All of it, for people."""
        return "\n".join(
            f"{at:%d %H:%M:%S.%f}"[:-3] + f"  {who:<12} {what}" for at, who, what in self.lines
        )


class Host:
    """The machine on which all processes run."""

    name = "simulated"

    def __init__(
        self, scheduler: Scheduler, random: Random, misfortune: Misfortune, chronicle: Chronicle
    ) -> None:
        self.scheduler, self.random = scheduler, random
        self.misfortune, self.chronicle = misfortune, chronicle
        self._living: set[int] = set()
        self._last_pid = 100

    def is_alive(self, host: str, pid: int) -> bool | None:
        """As the journal asks it."""
        return pid in self._living if host == self.name else None

    def start(self, name: str, body: Callable[[Process], None], ended: Callable[[], None]) -> None:
        """Run `body` in a process of its own; `ended` hears of its end, however it ended."""
        self._last_pid += 1
        process = Process(self, name, self._last_pid)
        self._living.add(process.pid)

        def live() -> None:
            HERE.set(process)
            try:
                body(process)
            finally:
                self.bury(process)
                self.scheduler.at(0, ended)

        self.scheduler.spawn(name, live)

    def bury(self, process: Process) -> None:
        """It lives no more, whatever of it is still to be cleared away."""
        process.has_ended = True
        self._living.discard(process.pid)


class Process:
    """One run of a command: time, sleep, and the moments at which it may be killed."""

    def __init__(self, host: Host, name: str, pid: int) -> None:
        self.host, self.name, self.pid = host, name, pid
        self.is_dead = self.has_ended = self.stands_still = False

    def tell(self, what: str) -> None:
        """Note what the process does."""
        if not self.is_dead:
            self.host.chronicle.tell(self.host.scheduler.now(), self.name, what)

    def sleep(self, seconds: float) -> None:
        """Instead of time.sleep."""
        self.check()
        self.host.scheduler.pause(seconds)
        self._perhaps_die()

    def step(self, what: str) -> None:
        """Between two operations: others go on, and this process may never see the next one."""
        self.check()
        host = self.host
        host.chronicle.operations += 1
        if host.chronicle.operations > MOST_OPERATIONS:
            raise RuntimeError("this history has no end")
        host.scheduler.pause(host.random.random() * host.misfortune.step_seconds)
        self._perhaps_die(what)
        if host.random.random() < host.misfortune.standstill:
            long = host.random.random() < 0.3
            self._stand_still(host.random.uniform(*_LEASE_LOST if long else _A_MOMENT))

    def oversleep(self) -> None:
        """Between the announcement of a write and its sending: perhaps too long."""
        if self.host.random.random() < self.host.misfortune.oversleep:
            self._stand_still(self.host.random.uniform(*_OVERTAKEN))

    def _stand_still(self, seconds: float) -> None:
        self.tell(f"stands still for {seconds:.0f} s")
        self.host.chronicle.faults += 1
        self.stands_still = True
        self.host.scheduler.pause(seconds)
        self.stands_still = False

    def _perhaps_die(self, what: str = "asleep") -> None:
        if self.host.random.random() < self.host.misfortune.kill:
            self.die(what)

    def die(self, what: str) -> None:
        """Be killed here; raises Killed, and again on everything tried afterwards."""
        self.tell(f"KILLED ({what})")
        self.host.chronicle.crashes += 1
        self.is_dead = True
        self.host.bury(self)
        self.check()

    def check(self) -> None:
        """Raises Killed in one that is dead."""
        if self.is_dead:
            raise Killed


HERE: ContextVar[Process] = ContextVar("process")
"""The process to which the running thread belongs."""
