"""Who holds a claim or a lock, and whether that process is still alive."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from cascade_cli.domain.records.journal_entries import Holder, Worker
from cascade_cli.domain.shop.times import moment_text

IsAlive = Callable[[str, int], bool | None]
"""Whether process `pid` on `host` is alive; None if that cannot be known from here."""

_PROC = Path("/proc")


def holder_in(row: Row[Any]) -> Holder:
    """The holder that a row of claims or locks records; its `run` is empty if nobody holds it."""
    return Holder(**{name: row._mapping[name] for name in Holder.__dataclass_fields__})


def hold(worker: Worker, birth: str, moment: datetime, lease: timedelta) -> Holder:
    """The holder to record when `worker` takes a row at that moment."""
    return Holder(
        run=worker.run,
        host=worker.host,
        pid=worker.pid,
        birth=birth,
        operator=worker.operator,
        command=worker.command,
        since=moment_text(moment),
        lease_until=moment_text(moment + lease),
    )


class Neighbours:
    """Tells, as far as this machine can, whether the processes that hold something are alive."""

    def __init__(self, host: str, is_alive: IsAlive | None) -> None:
        self._host = host
        self._is_alive = is_alive

    def birth_of(self, pid: int) -> str:
        """The process's birth, or "" if the system does not tell it or a simulation answers."""
        return "" if self._is_alive else birth_of(pid)

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
