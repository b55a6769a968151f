"""The thread that credits: it takes accepted events until told to stop, whatever happens. If
several `cascade serve` run on one base, one credits and the others stand by."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cascade_cli.adapters.journal.locks import ClaimLostError, RunLock
from cascade_cli.domain.records.stripe_events import EventState, Settlement
from cascade_cli.errors import CascadeError, JournalError, LockedError
from cascade_cli.services.events.intake import SHORT_OF_DUCATS, Intake

POLL_SECONDS = 1.0
STANDBY_SECONDS = 3.0
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


@dataclass(frozen=True)
class Pause:
    """Nothing is being credited: since when, why, and when it is tried again."""

    since: datetime
    kind: str
    why: str
    failures: int
    until: datetime


class EventWorker:
    """Runs an Intake in a thread, as a context manager, while this process has the leadership.

    `connect` makes the Intake, and may fail any number of times. After a failure it makes a new
    one, because the base's schema may have changed. `settled` is called for every batch and
    `failed` for every failure; `tell` writes a line for people.
    """

    def __init__(
        self,
        connect: Callable[[], Intake],
        leadership: Leadership,
        *,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
        settled: Callable[[Sequence[Settlement]], None],
        failed: Callable[[Exception], None],
        patience_seconds: float,
    ) -> None:
        self._connect, self._now, self._tell = connect, now, tell
        self._leadership, self._stands_by = leadership, False
        self._settled, self._failed = settled, failed
        self._patience_seconds = patience_seconds
        self._intake: Intake | None = None
        self._stopping, self._wake_up = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self.pause: Pause | None = None

    def __enter__(self) -> EventWorker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Finish the batch in hand; one that takes too long is finished after the next start."""
        self._stopping.set()
        self._wake_up.set()
        self._thread.join(self._patience_seconds)
        if self._thread.is_alive():
            self._tell("stopped in the middle of a batch; the next start goes on with it")

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def leads(self) -> bool:
        """Whether this process credits, and not another one on the same journal."""
        return self._leadership.is_held

    def wake(self) -> None:
        """There is something to do."""
        self._wake_up.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake_up.clear()
            try:
                leads = self._take_turn()
                self._intake = intake = (self._intake or self._connect()) if leads else None
                settled = intake.work() if intake else []
                if settled:
                    self._settled(settled)
                    self._report(settled)
                # After the credits, and a little at a time.
                told = intake.tell_arrivals() if intake else False
            except ClaimLostError:
                continue  # The process that is the worker now first checks what was done.
            except Exception as error:  # noqa: BLE001 - a dead worker would credit nobody
                self._begin_pause(error)
            else:
                if self.pause:
                    self._tell("crediting goes on")
                self.pause = None
                if self._stands_by:
                    # Another process credits what is accepted here, and finds it by polling.
                    self._stopping.wait(STANDBY_SECONDS)
                elif not (settled or told):
                    self._wake_up.wait(POLL_SECONDS)
        self._leadership.leave()

    def _take_turn(self) -> bool:
        """Whether this process is the worker."""
        stood_by, self._stands_by = self._stands_by, not self._leadership.take()
        if self._stands_by and not stood_by:
            self._tell("another cascade serve credits; this one goes on when that one is gone")
        elif stood_by and not self._stands_by:
            self._tell("this cascade serve credits now")
        return not self._stands_by

    def _report(self, settled: Sequence[Settlement]) -> None:
        counts = Counter(settlement.state.value for settlement in settled)
        self._tell("events: " + ", ".join(f"{n} {state}" for state, n in sorted(counts.items())))
        for settlement in settled:
            if settlement.state is EventState.ATTENTION:
                self._tell(f"{settlement.event_id} needs attention: {settlement.note}")
            elif settlement.note == SHORT_OF_DUCATS:
                self._tell(f"{settlement.event_id} waits: {settlement.note}")

    def _begin_pause(self, error: Exception) -> None:
        self._intake = None
        if not isinstance(error, JournalError):
            # Another process may not have this trouble.
            self._leadership.leave()
        known = isinstance(error, CascadeError)
        kind = kind_of(error)
        why = error.message if isinstance(error, CascadeError) else type(error).__name__
        failures = self.pause.failures + 1 if self.pause else 1
        seconds = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, 10), LONGEST_PAUSE_SECONDS)
        now = self._now()
        since = self.pause.since if self.pause else now
        self.pause = Pause(since, kind, why, failures, now + timedelta(seconds=seconds))
        self._failed(error)
        self._tell(f"crediting pauses for {seconds:.0f} s: {'' if known else 'unforeseen '}{why}")
        self._stopping.wait(seconds)


def kind_of(error: Exception) -> str:
    """Our own errors have a kind; any other is a bug."""
    return error.kind if isinstance(error, CascadeError) else "bug"


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
        """Prolong the hold before a write. Raises ClaimLostError if another process has it now."""
        if self._lock is not None:
            self._lock.renew()

    def leave(self) -> None:
        """Let another process be the worker at once."""
        lock, self._lock = self._lock, None
        if lock is not None:
            # If the journal cannot be written, the lock expires by itself.
            with suppress(JournalError):
                lock.__exit__(None, None, None)
