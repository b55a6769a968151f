"""Wait for a turn to send a request to a service, by a pace that is kept in this process, or in a
file that all processes of a machine share."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cascade_cli.adapters.http.pace import Departure, Pace, Step, Turn, new_name

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

    def wait(self, *, is_watched: bool = False, is_held: bool = False) -> Departure:
        """Return when it is this caller's turn. For a watched departure, call `answered` later.

        A held departure is a turn to use a little later: then call `mark_sent`, or
        `mark_dropped` to give it up.
        """
        turn = replace(self._turn, is_watched=is_watched, is_held=is_held)
        name = f"{turn.owner} {next(self._numbers)}"
        try:
            while isinstance(found := self._ask(name, turn), float):
                self._tell_long(found)
                self._sleep(found)
        except BaseException:
            self._change(lambda pace, _now: pace.withdraw(name))
            raise
        return found

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


_MOST_WAIT_SECONDS = 2.0
_KNOCK_SECONDS = 0.002
_MOST_BYTES = 100_000
_OWNER_ONLY = 0o600


ChangePace = Callable[[Step], Any]
"""Applies a step to a pace, one caller at a time, and returns what the step returns. Raises OSError
if the pace cannot be stored."""


class OwnPace:
    """A pace for the threads of this process alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._lock, self._pace = clock, threading.Lock(), Pace()

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        with self._lock:
            return step(self._pace, self._clock())


class PaceFile:
    """A pace for all processes that can open the file, by the machine's own clock since its boot.

    The operating system keeps the lock, and releases it when a process dies. Nothing is synced to
    disk: after a power cut the pace is void anyway.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._clock = path, clock

    def change(self, step: Step) -> Any:
        """A ChangePace."""
        with self._locked() as handle:
            now = self._clock()
            pace = Pace.of(_document(os.pread(handle, _MOST_BYTES, 0)), now)
            result = step(pace, now)
            pace.at = now
            text = json.dumps(pace.document()).encode()
            os.pwrite(handle, text, 0)
            os.ftruncate(handle, len(text))
        return result

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        # Opened each time: threads that share a handle would share its lock.
        handle = os.open(self._path, flags, _OWNER_ONLY)
        try:
            _lock(handle)
            yield handle
        finally:
            os.close(handle)


def _lock(handle: int) -> None:
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock  # noqa: PLC0415 - not on every system
    except ImportError as error:
        raise OSError("this system does not release the file lock of a dead process") from error

    until = time.monotonic() + _MOST_WAIT_SECONDS
    while True:
        try:
            return flock(handle, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            # The holder needs less than a millisecond, unless its process was stopped meanwhile.
            if time.monotonic() > until:
                raise
        time.sleep(_KNOCK_SECONDS)


def _document(content: bytes) -> dict[str, Any]:
    """The file's JSON object; empty if no process has written one, or one died while writing."""
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
