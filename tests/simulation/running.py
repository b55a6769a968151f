"""The run lock as simulated processes hold it, and a watch over who is inside."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from cascade_cli.adapters.journal.locks import ClaimLostError, RunLock
from cascade_cli.errors import JournalError
from cascade_cli.wiring.writing import HEARTBEAT_SECONDS, LOCK_LEASE
from tests.simulation.process import Process

RUN_LOCK = "base simulated"


class Gate:
    """Who is inside the lock until when; `blame` hears of a second one that is let in."""

    def __init__(self, blame: Callable[[str], None]) -> None:
        self._blame = blame
        self._inside: dict[int, datetime] = {}

    def enter(self, process: Process, lock: RunLock) -> None:
        """Take the lock, and renew it for as long as the process lives, moves and stays inside."""
        lock.__enter__()
        now = process.host.scheduler.now()
        for pid, until in self._inside.items():
            if until > now and process.host.is_alive(process.host.name, pid):
                self._blame(f"{process.name} is let in, and process {pid} holds the run lock")
        self._renewed(process)
        self._beat_later(process, lock)

    def leave(self, process: Process, lock: RunLock) -> None:
        """Let others in."""
        self._inside.pop(process.pid, None)
        lock.__exit__(None, None, None)

    def _renewed(self, process: Process) -> None:
        self._inside[process.pid] = process.host.scheduler.now() + LOCK_LEASE

    def _beat_later(self, process: Process, lock: RunLock) -> None:
        process.host.scheduler.at(HEARTBEAT_SECONDS, lambda: self._beat(process, lock))

    def _beat(self, process: Process, lock: RunLock) -> None:
        if process.pid not in self._inside or process.has_ended or lock.is_lost:
            return
        if not process.stands_still:
            with suppress(JournalError, ClaimLostError):
                lock.renew()
                self._renewed(process)
        self._beat_later(process, lock)
