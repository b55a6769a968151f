"""A base with a rate: the pace that all processes share, and others who overrun it."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from cascade_cli.adapters.http.pace import Departure, Step
from cascade_cli.adapters.http.pacing import OwnPace, Pacer
from cascade_cli.sandbox.airtable.limits import LOCK_OUT_SECONDS
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.wire import Request
from tests.simulation.faults import Arrival, Fault
from tests.simulation.plan import Plan
from tests.simulation.process import Process
from tests.simulation.scheduler import Scheduler

# Several lock-outs in a row, and a queue behind them.
_LONGEST_WAIT_SECONDS = 600.0
# What leaves later after its turn is not counted as on its way any more.
_MOST_HELD_SECONDS = 2.0
_TOO_MANY = 429
_BULK = ("repair", "replay", "night", "rest", "look", "events")
_KEY = {"authorization": "Bearer patSandbox"}


def with_crowds(plan: Plan, random: Random) -> Plan:
    """On a base with a rate many ask at once, by preference when there is work; and on half of
    those somebody else overruns it meanwhile."""
    if plan.airtable_rate is None:
        return plan
    busy = [*(one.after_seconds for one in plan.payments), *plan.repairs]
    crowds = [random.choice(busy) + random.uniform(0, 10) for _ in range(random.randrange(3))]
    overruns = [
        random.choice((*busy, *crowds)) + random.uniform(0, 20)
        for _ in range(random.choice((0, random.randrange(1, 5))))
    ]
    return replace(plan, crowds=tuple(crowds), overruns=tuple(overruns))


def shared_paces(
    rate: float | None, clock: Callable[[], float]
) -> tuple[OwnPace | None, OwnPace | None]:
    """Stripe's and the base's. Where the base has no rate each process keeps its own: histories
    without one stay what they were."""
    return (OwnPace(clock), OwnPace(clock)) if rate else (None, None)


class PaceOf:
    """A service's pace as one process reaches it: whoever was killed changes it no more."""

    def __init__(self, pace: OwnPace, process: Process) -> None:
        self._pace, self._process = pace, process

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        self._process.check()
        return self._pace.change(step)


class PatientPacer(Pacer):
    """A Pacer of one process; `blame` hears of a turn that does not come."""

    def __init__(
        self, process: Process, rate: float, pace: OwnPace | None, blame: Callable[[str], None]
    ) -> None:
        shared = PaceOf(pace, process) if pace else None
        in_hurry = not process.name.startswith(_BULK)
        super().__init__(
            rate,
            clock=process.host.scheduler.seconds,
            sleep=self._pause,
            kept=shared.change if shared else None,
            in_hurry=in_hurry,
        )
        self._process, self._blame = process, blame
        self._mine = threading.local()

    def used(self) -> float:
        """When this thread had the turn that it uses now; without one it may send nothing."""
        turn: float | None = getattr(self._mine, "turn", None)
        self._mine.turn = None
        if turn is None:
            self._blame(f"{self._process.name} sends without a turn")
            return 0.0
        return turn

    def wait(self, *, is_watched: bool = False, is_held: bool = False) -> Departure:
        """Return when it is this process's turn, and remember the turn."""
        self._mine.since = self._clock()
        departure = super().wait(is_watched=is_watched, is_held=is_held)
        self._mine.turn = self._clock()
        return departure

    def _pause(self, seconds: float) -> None:
        self._process.sleep(seconds)
        if self._clock() - self._mine.since > _LONGEST_WAIT_SECONDS:
            self._blame(f"{self._process.name} waits for its turn for ever")
            self._process.die("waiting for its turn")


@dataclass(frozen=True)
class _Arrived:
    at: float
    is_punctual: bool
    sender: str


class RateWatch:
    """Whether what cascade sends stays within the base's rate, and whether all of it keeps quiet
    once one of its processes has heard of a lock-out."""

    def __init__(self, scheduler: Scheduler, blame: Callable[[str], None]) -> None:
        self._scheduler, self._blame = scheduler, blame
        self._recent = deque[_Arrived](maxlen=20)
        self._locked_until = 0.0
        self._heard_at: float | None = None

    @staticmethod
    def is_punctual(fault: Fault, held_seconds: float) -> bool:
        """Nothing holds the request up or doubles it, as far as cascade can know."""
        on_time = fault.arrival is Arrival.NOW and not fault.is_slow
        return on_time and held_seconds < _MOST_HELD_SECONDS

    def arrived(self, sender: str, status: int, *, turn_at: float, is_punctual: bool) -> None:
        """A request of ours; punctual if nothing held it up since its turn, nor doubled it."""
        now = self._scheduler.seconds()
        self._recent.append(_Arrived(now, is_punctual, sender))
        if status != _TOO_MANY:
            return
        if now >= self._locked_until:
            self._locked(now)
            counted = [one for one in self._recent if one.at > now - 1]
            if all(one.is_punctual for one in counted):
                self._blame(f"OVERRUN by {', '.join(one.sender for one in counted)}")
        elif self._heard_at is not None and turn_at > self._heard_at:
            self._blame(f"{sender} asks {turn_at - self._heard_at:.1f} s after one was told not to")

    def overrun(self, app: SandboxApp, requests: int) -> None:
        """Somebody else asks too often."""
        now = self._scheduler.seconds()
        for _ in range(requests):
            self._recent.append(_Arrived(now, is_punctual=False, sender="somebody"))
            answer = app.handle(Request("GET", "/airtable/v0/meta/whoami", "", _KEY, b""))
            if answer.status == _TOO_MANY and now >= self._locked_until:
                self._locked(now)

    def _locked(self, now: float) -> None:
        self._locked_until, self._heard_at = now + LOCK_OUT_SECONDS, None

    def heard(self, status: int) -> None:
        """One of ours has the answer: perhaps that of a lock-out."""
        if status == _TOO_MANY and self._heard_at is None:
            self._heard_at = self._scheduler.seconds()
