"""What other processes do with a journal in the tests: claim, die, and run out of disk."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import ClaimState, Fate, Intent, Worker
from cascade_cli.errors import CascadeError

LEASE = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(UTC)


def journal_of(url: str, **options: Any) -> Journal:
    worker = Worker(
        f"run-{os.getpid()}", os.uname().nodename, os.getpid(), "test", "cascade credit"
    )
    return Journal(url, worker, now=now, **{"lock_wait_seconds": 60.0, **options})


def claim_all(url: str, keys: list[str], seed: int, limit: str | None) -> dict[str, ClaimState]:
    """Claim every key in tens, in an order of this process's own."""
    random.Random(seed).shuffle(keys)  # noqa: S311
    journal = journal_of(url)
    states: dict[str, ClaimState] = {}
    for first in range(0, len(keys), 10):
        intents = [Intent(key, "marco", Decimal(10), "event") for key in keys[first : first + 10]]
        day_limit = Decimal(limit) if limit else None
        answers = journal.claim(intents, lease=LEASE, day_limit_ducats=day_limit)
        states |= {key: answer.state for key, answer in answers.items()}
    journal.close()
    return states


class Dagger:
    """Kills the process when it is put into words, which is in the middle of a transaction."""

    def __str__(self) -> str:
        os.kill(os.getpid(), signal.SIGKILL)
        return ""


def die_while_writing(url: str, method: str) -> None:
    """Claim `b`, and be killed after the claims were changed and before the commit."""
    journal = journal_of(url)
    intent = Intent("b", "marco", Decimal(10), "event")
    if method == "claim":
        intent = Intent("b", "marco", Decimal(10), "event", {"reason": Dagger()})
    journal.claim([intent], lease=LEASE, day_limit_ducats=None)
    if method == "attempt":
        journal.attempt(["b"], "create", {"x": Dagger()}, lease=LEASE)
    journal.attempt(["b"], "create", lease=LEASE)
    journal.outcome(["b"], "create", Fate.APPLIED, {"b": {"x": Dagger()}})


def write_for_ever(url: str) -> None:
    """Credit key after key, telling on stdout how many entries are committed."""
    journal = journal_of(url)
    for number in range(1_000_000):
        key = f"{os.getpid()}-{number}"
        intent = Intent(key, "marco", Decimal(1), "event")
        journal.claim([intent], lease=LEASE, day_limit_ducats=None)
        journal.attempt([key], "create", lease=LEASE)
        journal.outcome([key], "create", Fate.APPLIED)
        print(3 * number + 3, flush=True)  # noqa: T201


def hold_for_ever(url: str) -> None:
    """Claim `a` and take the lock, as a process that then hangs."""
    journal = journal_of(url)
    intent = Intent("a", "marco", Decimal(10), "event")
    journal.claim([intent], lease=LEASE, day_limit_ducats=None)
    with journal.lock("appVenice", lease=LEASE):
        print("held", flush=True)  # noqa: T201
        signal.pause()


def fill_the_disk(url: str, bytes_left: int) -> tuple[int, str, str]:
    """Write until no file may grow beyond `bytes_left`; the commits made, and the refusal."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, resource.RLIM_INFINITY))
    return _write_until_refused(url)


def write_without_rights(url: str) -> tuple[int, str, str]:
    """Write as one whom file permissions bind, which root is not."""
    if os.geteuid() == 0:
        _give_up_capabilities()
    return _write_until_refused(url)


def _write_until_refused(url: str) -> tuple[int, str, str]:
    journal = journal_of(url)
    try:
        for number in range(10_000):
            try:
                journal.run_event({"number": number, "padding": "x" * 500})
            except CascadeError as error:
                return number, error.message, error.hint
    finally:
        journal.close()
    return 10_000, "", ""


def _give_up_capabilities() -> None:
    """Linux's capset(2), version 3, with nothing effective: the user id stays."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    if ctypes.CDLL(None, use_errno=True).capset(header, data):
        raise OSError(ctypes.get_errno(), "capset")


if __name__ == "__main__":
    deeds: dict[str, Callable[..., None]] = {
        "die": die_while_writing,
        "write": write_for_ever,
        "hold": hold_for_ever,
    }
    deeds[sys.argv[1]](*sys.argv[2:])
