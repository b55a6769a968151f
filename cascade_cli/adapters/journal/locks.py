"""Who holds a claim or a lock, whether that process is still alive, and the lock itself: a named
one with a lease, so that only one run works at a time. A dead holder loses it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Row, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.failures import NOTHING_MOVES
from cascade_cli.adapters.journal.tables import locks
from cascade_cli.domain.records.journal_entries import EntryKind, Holder
from cascade_cli.domain.shop.times import moment_text
from cascade_cli.errors import JournalError, LockedError

IsAlive = Callable[[str, int], bool | None]
"""Whether process `pid` on `host` is alive; None if that cannot be known from here."""

Writing = Callable[[str], AbstractContextManager[Transaction]]
"""Opens a transaction. The text says what follows if it fails."""

_PROC = Path("/proc")
_STAYS = "The lock stays until its lease ends."


class ClaimLostError(LockedError):
    """The lease ended or another worker took over; nothing was recorded, nothing may be sent."""

    kind = "claim_lost"


def holder_in(row: Row[Any]) -> Holder:
    """The holder that a row of claims or locks records; its `run` is empty if nobody holds it."""
    return Holder(**{name: row._mapping[name] for name in Holder.__dataclass_fields__})


class HolderLiveness:
    """Records who holds something, and tells, as far as this machine can, whether that process is
    still alive."""

    def __init__(self, host: str, is_alive: IsAlive | None) -> None:
        self._host = host
        self._is_alive = is_alive

    def hold(self, transaction: Transaction, lease: timedelta) -> Holder:
        """The holder to record when the transaction's worker takes a row now."""
        worker = transaction.worker
        return Holder(
            run=worker.run,
            host=worker.host,
            pid=worker.pid,
            # A simulation's processes have no birth.
            birth="" if self._is_alive else birth_of(worker.pid),
            operator=worker.operator,
            command=worker.command,
            since=moment_text(transaction.at),
            lease_until=moment_text(transaction.at + lease),
        )

    def is_dead(self, holder: Holder) -> bool:
        """Whether the holder is certainly dead. Only then may its lease be cut short."""
        if self._is_alive:
            return self._is_alive(holder.host, holder.pid) is False
        if not holder.birth:
            return holder.host == self._host and not _has_process(holder.pid)
        if not _same_machine(holder.birth):
            return False
        # /proc may hide a process of another user that is alive.
        return not _has_process(holder.pid) or birth_of(holder.pid) not in {"", holder.birth}


def birth_of(pid: int) -> str:
    """A process's boot, pid namespace and start, which no other process ever shares.

    "" if the process cannot be seen, or there is no /proc. A process that has ended but was not
    reaped yet gets another birth than before. The host's name and the pid would not do: two
    containers may share a name, and pids are used again.
    """
    with suppress(OSError, IndexError):
        # The second field is the program's name in brackets, and may hold spaces and brackets.
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        start_ticks = "ended" if fields[0] in "ZX" else fields[19]
        return f"{_machine()}/{start_ticks}"
    return ""


def _machine() -> str:
    boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}/{(_PROC / 'self/ns/pid').readlink()}"


def _same_machine(birth: str) -> bool:
    with suppress(OSError):
        return birth.rpartition("/")[0] == _machine()
    return False


def _has_process(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # It is alive and belongs to another user.
    return True


def worker_lock_of(base_id: str) -> str:
    """The name of the lock that is held by the `cascade serve` that credits the base's events."""
    return f"worker {base_id}"


def holder_of(connection: Connection, name: str) -> Holder | None:
    """Who took that lock last and has not released it. The lease may have ended."""
    row = connection.execute(select(locks).where(locks.c.name == name)).one_or_none()
    return holder_in(row) if row is not None else None


class RunLock:
    """Holds the lock `name` inside its `with` block.

    With `heartbeat_seconds`, a thread renews the lease in real time. `is_lost` is true once a
    renewal has found that another run has the lock.
    """

    def __init__(
        self,
        writing: Writing,
        liveness: HolderLiveness,
        name: str,
        lease: timedelta,
        heartbeat_seconds: float | None,
    ) -> None:
        self._writing = writing
        self._liveness = liveness
        self._name = name
        self._lease = lease
        self._heartbeat_seconds = heartbeat_seconds
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.is_lost = False

    def __enter__(self) -> Self:
        with self._writing(NOTHING_MOVES) as transaction:
            self._acquire(transaction)
        if self._heartbeat_seconds:
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        if self._thread:
            self._thread.join()
        try:
            with self._writing(_STAYS) as transaction:
                if (row := self._ours(transaction)) is not None:
                    transaction.delete(locks, row)
        except JournalError:
            # The block's own error matters more than a lock that expires by itself.
            if error is None:
                raise

    def renew(self) -> None:
        """Prolong the lease from now. Raises ClaimLostError when another run took the lock."""
        with self._writing(NOTHING_MOVES) as transaction:
            until = moment_text(transaction.at + self._lease)
            row = self._ours(transaction)
            self.is_lost = row is None
            if row is not None:
                transaction.update(locks, [(row, {"lease_until": until})])
        if self.is_lost:
            raise ClaimLostError(
                f"The lock on {self._name} was lost to another run.",
                "Run the same command again: it first checks what was done meanwhile.",
            )

    def _acquire(self, transaction: Transaction) -> None:
        if (row := self._row(transaction)) is not None:
            self._take_over(transaction, row)
        holder = self._liveness.hold(transaction, self._lease)
        transaction.insert(locks, [{"name": self._name, **holder.columns()}])

    def _row(self, transaction: Transaction) -> Row[Any] | None:
        present = select(locks).where(locks.c.name == self._name)
        return transaction.connection.execute(present).one_or_none()

    def _ours(self, transaction: Transaction) -> Row[Any] | None:
        row = self._row(transaction)
        return row if row is not None and row.run == transaction.worker.run else None

    def _take_over(self, transaction: Transaction, row: Row[Any]) -> None:
        holder = holder_in(row)
        if holder.has_lease(transaction.at) and not self._liveness.is_dead(holder):
            raise LockedError(
                f"Another run holds the lock on {self._name}: {holder}. Nothing was done.",
                f"Wait until it is done. If that run is gone, its lock ends at {holder.ends}.",
            )
        taken = {"lock": self._name, "from": holder.columns()}
        transaction.append(EntryKind.TAKEOVER, "", taken)
        transaction.delete(locks, row)

    def _beat(self) -> None:
        while not (self.is_lost or self._stop.wait(self._heartbeat_seconds)):
            # A journal that cannot be reached now may be back at the next beat.
            with suppress(JournalError, ClaimLostError):
                self.renew()
