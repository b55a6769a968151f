"""Wait for a turn to send a request to a service."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cascade_cli.adapters.http.pace import Departure, Step, Turn, new_name
from cascade_cli.adapters.http.pace_store import ChangePace, OwnPace

_HALF = 0.5
_LONG_SECONDS = 5.0
# Stay just below the limit: requests sent at even intervals may still arrive bunched.
HEADROOM = 0.98


class Pacer:
    """Lets this process's requests through when the service's pace allows.

    `rate_per_second` 0 means no limit. While `is_shared()`, half the rate is left to a program that
    keeps no pace: Venice's engine during its run. `kept` changes the pace that all processes share.
    If that fails, this process goes on with a pace of its own, and says so once through `tell`.
    """

    def __init__(
        self,
        rate_per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        kept: ChangePace | None = None,
        in_hurry: bool = False,
        is_shared: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda _message: None,
    ) -> None:
        self.rate_per_second = rate_per_second
        self._clock, self._sleep, self._tell = clock, sleep, tell
        self._own = OwnPace(clock)
        self._kept = kept
        self._turn = Turn(new_name(), rate_per_second, in_hurry=in_hurry)
        self._is_shared = is_shared
        self._numbers = itertools.count()
        self._told_until = clock()

    def wait(self, *, is_watched: bool = False) -> Departure:
        """Return when it is this caller's turn. For a watched departure, call `answered` later."""
        return self._wait(replace(self._turn, is_watched=is_watched))

    def reserve(self) -> Departure:
        """Take a turn to use a little later. Then call `mark_sent` and, at the end, `answered`; or
        `mark_dropped`."""
        return self._wait(replace(self._turn, is_watched=True, is_held=True))

    def mark_sent(self, departure: Departure) -> None:
        """The held request is sent now."""
        self._change(lambda pace, now: pace.mark_sent(departure.number, now))

    def mark_dropped(self, departure: Departure) -> None:
        """The held request will never be sent."""
        self._change(lambda pace, _now: pace.mark_dropped(departure.number))

    def answered(self, departure: Departure) -> None:
        """The answer has arrived, or never will."""
        self._change(lambda pace, now: pace.answered(departure.number, now))

    def pause(self, seconds: float) -> None:
        """Let nobody send for `seconds`: the service asked for a pause."""
        self._change(lambda pace, now: pace.pause(seconds, now))

    def _wait(self, turn: Turn) -> Departure:
        name = f"{turn.owner} {next(self._numbers)}"
        try:
            while isinstance(found := self._ask(name, turn), float):
                self._tell_long(found)
                self._sleep(found)
        except BaseException:
            self._change(lambda pace, _now: pace.withdraw(name))
            raise
        return found

    def _tell_long(self, seconds: float) -> None:
        """Report a long wait, so that nobody watches a silent screen; once for all waiters."""
        now = self._clock()
        if seconds > _LONG_SECONDS and now >= self._told_until:
            self._told_until = now + seconds
            self._tell(f"it asked for a pause, continuing in {seconds:.0f} s")

    def _ask(self, name: str, turn: Turn) -> Departure | float:
        if self._is_shared():
            turn = replace(turn, rate_per_second=turn.rate_per_second * _HALF)
        found: Departure | float = self._change(lambda pace, now: pace.ask(name, turn, now))
        return found

    def _change(self, step: Step) -> Any:
        try:
            return (self._kept or self._own.change)(step)
        except OSError as error:
            if self._kept is None:
                raise
            self._kept = None
            self._tell(f"the pace cannot be shared with other runs of cascade ({error})")
            return self._own.change(step)


class Pacers:
    """One Pacer per service and rate for the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: dict[tuple[str, float], Pacer] = {}

    def of(self, service: str, rate_per_second: float, make: Callable[[], Pacer]) -> Pacer:
        """The Pacer for this service and rate. The first call makes it with `make`."""
        with self._lock:
            key = service, rate_per_second
            if key not in self._made:
                self._made[key] = make()
            return self._made[key]


@dataclass(frozen=True)
class Pacing:
    """How the requests of one invocation are paced. `kept` finds the shared pace of a service; None
    means that this process paces itself alone."""

    kept: Callable[[str], ChangePace | None] = lambda _service: None
    in_hurry: bool = True
    pacers: Pacers = field(default_factory=Pacers)

    def of(
        self,
        service: str,
        rate_per_second: float,
        tell: Callable[[str], None],
        is_shared: Callable[[], bool] = lambda: False,
    ) -> Pacer:
        """The Pacer of a service that allows `rate_per_second` requests; 0 means no limit."""
        rate = rate_per_second * HEADROOM

        def make() -> Pacer:
            kept = self.kept(service) if rate else None
            return Pacer(rate, kept=kept, in_hurry=self.in_hurry, is_shared=is_shared, tell=tell)

        return self.pacers.of(service, rate, make)
