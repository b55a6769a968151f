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
    """Runs an Intake in a thread, as a context manager, while this process holds the worker's lock.

    `connect` makes the Intake, and may fail any number of times. After a failure it makes a new
    one, because the base's schema may have changed. `new_lock` makes a lock to enter. `settled` is
    called for every batch and `failed` for every failure; `tell` writes a line for people.
    """

    def __init__(
        self,
        connect: Callable[[], Intake],
        new_lock: Callable[[], RunLock],
        *,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
        settled: Callable[[Sequence[Settlement]], None],
        failed: Callable[[Exception], None],
        patience_seconds: float,
    ) -> None:
        self._connect, self._now, self._tell = connect, now, tell
        self._new_lock, self._stands_by = new_lock, False
        self._lock: RunLock | None = None
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
            self._tell("stopped in the middle of a batch; the next start finishes it")

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def leads(self) -> bool:
        """Whether this process credits, and not another one on the same journal, as far as it
        knows."""
        # Health checks ask from other threads, while the worker may let the lock go.
        lock = self._lock
        return lock is not None and not lock.is_lost

    def wake(self) -> None:
        """There is something to do."""
        self._wake_up.set()

    def check_leads(self) -> None:
        """Prolong the hold before a write. Raises ClaimLostError if another process leads now."""
        if self._lock is not None:
            self._lock.renew()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake_up.clear()
            try:
                leads = self._take_lead()
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
                    self._tell("crediting has resumed")
                self.pause = None
                if self._stands_by:
                    # Another process credits what is accepted here, and finds it by polling.
                    self._stopping.wait(STANDBY_SECONDS)
                elif not (settled or told):
                    self._wake_up.wait(POLL_SECONDS)
        self._release_lead()

    def _take_lead(self) -> bool:
        """Become or stay the process that credits. Returns whether this one is. Raises
        JournalError."""
        if not self.leads:
            self._release_lead()
            lock = self._new_lock()
            try:
                lock.__enter__()
            except LockedError:
                if not self._stands_by:
                    self._tell(
                        "another cascade serve is crediting; this one takes over when that stops"
                    )
                self._stands_by = True
                return False
            self._lock = lock
        if self._stands_by:
            self._tell("this cascade serve credits now")
        self._stands_by = False
        return True

    def _release_lead(self) -> None:
        """Let another process credit at once."""
        lock, self._lock = self._lock, None
        if lock is not None:
            # If the journal cannot be written, the lock expires by itself.
            with suppress(JournalError):
                lock.__exit__(None, None, None)

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
            self._release_lead()
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
