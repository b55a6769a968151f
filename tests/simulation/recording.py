"""The real journal, with a chance to be killed on either side of every operation."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from cascade_cli.adapters.journal import Database, Journal
from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND
from cascade_cli.domain.records.journal_entries import Attempt, Claim, Entry, Fate, Intent, Worker
from cascade_cli.errors import JournalError
from cascade_cli.wiring.writing import LOCK_LEASE
from tests.simulation.pooler import Drops, PooledDatabase
from tests.simulation.process import Process
from tests.simulation.running import RUN_LOCK, Gate

T = TypeVar("T")

# A write is never applied at the very last moment: clocks are not that exact.
_MARGIN = timedelta(milliseconds=10)
_BOUND = FATE_BOUND - _MARGIN


class Recording:
    """One process's journal. `deadline` is when the write that its thread last announced is applied
    at the latest; `keys` are those that it was announced for."""

    def __init__(self, process: Process, database: Database, failing: float, gate: Gate) -> None:
        run = f"{process.name}-{process.pid}"
        worker = Worker(run, process.host.name, process.pid, "simulation", process.name)
        self._process, self._failing, self._gate = process, failing, gate
        self.worker = worker
        self._journal = Journal(
            database, worker, now=process.host.scheduler.now, is_alive=process.host.is_alive
        )
        self._announced = threading.local()

    @property
    def deadline(self) -> datetime | None:
        """None before the first announcement."""
        return getattr(self._announced, "deadline", None)

    @property
    def keys(self) -> frozenset[str]:
        """Of the announcement that was last."""
        return getattr(self._announced, "keys", frozenset())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """The run lock."""
        lock = self._journal.lock(RUN_LOCK, lease=LOCK_LEASE)
        self.do("take the run lock", lambda: self._gate.enter(self._process, lock))
        try:
            yield
        finally:
            self.do("leave the run lock", lambda: self._gate.leave(self._process, lock))

    def claim(
        self, intents: Sequence[Intent], *, lease: timedelta, day_limit_ducats: Decimal | None
    ) -> dict[str, Claim]:
        """As Journal has it."""
        claims = self.do(
            f"claim {_names([intent.key for intent in intents])}",
            lambda: self._journal.claim(intents, lease=lease, day_limit_ducats=day_limit_ducats),
        )
        self._process.tell("  " + ", ".join(f"{c.state} {_last(c)}" for c in claims.values()))
        return claims

    def attempt(
        self, keys: Collection[str], action: str, body: Any = None, *, lease: timedelta
    ) -> datetime:
        """As Journal has it."""
        return self.do(
            f"attempt {action} {_names(keys)}",
            lambda: self._announce(keys, action, body, lease),
        )

    def _announce(
        self, keys: Collection[str], action: str, body: Any, lease: timedelta
    ) -> datetime:
        at = self._journal.attempt(keys, action, body, lease=lease)
        self._announced.deadline, self._announced.keys = at + _BOUND, frozenset(keys)
        return at

    def outcome(
        self,
        keys: Collection[str],
        action: str,
        fate: Fate,
        body: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """As Journal has it."""
        self.do(f"outcome {action} {fate}", lambda: self._journal.outcome(keys, action, fate, body))

    def attempt_once(
        self, keys: Collection[str], action: str, body: Mapping[str, Any]
    ) -> tuple[datetime, list[str]]:
        """As Journal has it."""
        return self.do(
            f"attempt {action} {_names(keys)}", lambda: self._announce_once(keys, action, body)
        )

    def _announce_once(
        self, keys: Collection[str], action: str, body: Mapping[str, Any]
    ) -> tuple[datetime, list[str]]:
        at, first = self._journal.attempt_once(keys, action, body)
        self._announced.deadline, self._announced.keys = at + _BOUND, frozenset(first)
        return at, first

    def unannounced_transfers(self, since: datetime) -> dict[str, datetime]:
        """As Journal has it."""
        return self.do(
            "read who was told nothing yet", lambda: self._journal.unannounced_transfers(since)
        )

    def promises(self, keys: Collection[str]) -> list[Intent]:
        """As Journal has it."""
        return self.do("read promises", lambda: self._journal.promises(keys))

    def release(self, keys: Collection[str]) -> None:
        """As Journal has it."""
        self.do("release", lambda: self._journal.release(keys))

    def known(self, keys: Collection[str]) -> set[str]:
        """As Journal has it."""
        return self.do("read what was promised", lambda: self._journal.known(keys))

    def attempts(self, keys: Collection[str]) -> dict[str, Attempt]:
        """As Journal has it, without a step of its own."""
        return self._journal.attempts(keys)

    def keys_in_progress(self, keys: Collection[str], since: datetime) -> set[str]:
        """As Journal has it."""
        return self.do("read who is at work", lambda: self._journal.keys_in_progress(keys, since))

    def refunds(self) -> dict[str, dict[str, Any]]:
        """As Journal has it."""
        return self.do("read what was decided about refunds", self._journal.refunds)

    def keep_refunds(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """As Journal has it."""
        self.do(f"keep {', '.join(bodies)}", lambda: self._journal.keep_refunds(bodies))

    def decisions(self) -> dict[str, dict[str, Any]]:
        """As Journal has it, without a step of its own."""
        return self._journal.decisions()

    def rulings(self) -> dict[str, dict[str, Any]]:
        """As Journal has it, without a step of its own."""
        return self._journal.rulings()

    def keep_decision(
        self,
        matched: str,
        body: Mapping[str, Any],
        rulings: Mapping[str, Mapping[str, Any]],
        *,
        seen: Mapping[str, Any] | None,
    ) -> None:
        """As Journal has it."""
        keep = self._journal.keep_decision
        self.do(f"decide {body['how']} {matched}", lambda: keep(matched, body, rulings, seen=seen))

    def ducats_today(self) -> Decimal:
        """As Journal has it."""
        return self.do("read the day's ducats", self._journal.ducats_today)

    def sent_since(self, moment: datetime) -> list[Intent]:
        """As Journal has it, without a step of its own."""
        return self._journal.sent_since(moment)

    def ducats_promised_since(self, moment: datetime) -> Decimal:
        """As Journal has it."""
        promised = self._journal.ducats_promised_since
        return self.do("read what was promised since", lambda: promised(moment))

    def mark(self, name: str) -> dict[str, Any] | None:
        """As Journal has it."""
        return self.do("read a mark", lambda: self._journal.mark(name))

    def set_mark(self, name: str, body: Mapping[str, Any]) -> None:
        """As Journal has it."""
        self.do("set a mark", lambda: self._journal.set_mark(name, body))

    def marks(self, prefix: str) -> dict[str, dict[str, Any]]:
        """As Journal has it, without a step of its own."""
        return self._journal.marks(prefix)

    def mode_of(self, base_id: str) -> bool | None:
        """As Journal has it, without a step of its own."""
        return self._journal.mode_of(base_id)

    def bind_mode(self, base_id: str, livemode: bool) -> None:
        """As Journal has it, without a step of its own."""
        self._journal.bind_mode(base_id, livemode)

    def entries(self, *, limit: int | None = None) -> list[Entry]:
        """As Journal has it, without a step of its own."""
        return list(self._journal.entries(limit=limit))

    def run_event(self, body: Mapping[str, Any]) -> None:
        """As Journal has it."""
        self.do(f"note {dict(body)}", lambda: self._journal.run_event(body))

    def do(self, what: str, operation: Callable[[], T]) -> T:
        """One operation; raises JournalError instead where the journal fails."""
        self._process.step(f"before {what}")
        if self._process.host.random.random() < self._failing:
            self._process.tell(f"{what} -> the journal cannot be written")
            self._process.host.chronicle.faults += 1
            raise JournalError("simulated: the journal cannot be written")
        self._process.tell(what)
        result = operation()
        self._process.step(f"after {what}")
        return result


def _names(keys: Collection[str]) -> str:
    return ", ".join(key.removeprefix("cascade_") for key in keys)


def _last(claim: Claim) -> str:
    last = claim.last_attempt
    return f"(last: {last.action} {last.fate} {last.at:%H:%M:%S})" if last else claim.other


class JournalFile:
    """One SQLite file for history after history: each begins with a journal just made.

    The world and its judge reach it by `database`, and processes by `pooled`.
    """

    def __init__(self, folder: Path) -> None:
        self._template = sqlite3.connect(":memory:")
        self._path = folder / f"journal-{os.getpid()}.sqlite3"
        self.database = Database(f"sqlite:///{self._path}")
        self.pooled = PooledDatabase(f"sqlite:///{self._path}")
        self._make()

    def _make(self) -> None:
        worker = Worker("template", "", 0, "", "")
        Journal(self.database, worker, now=datetime.now).verify()
        with sqlite3.connect(self._path) as made:
            made.backup(self._template)

    def begin(self, drops: Drops) -> None:
        """Empty it, and let the pooler before it drop sessions."""
        self.pooled.drops = drops
        with sqlite3.connect(self._path) as file:
            self._template.backup(file)

    def close(self) -> None:
        """Let go of the file."""
        self.database.close()
        self.pooled.close()
