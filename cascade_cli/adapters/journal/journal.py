"""The journal's interface: every call is one transaction, done completely or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import URL

from cascade_cli.adapters.journal import (
    attempts,
    chain,
    marks,
    verification,
)
from cascade_cli.adapters.journal.chain import Transaction, Which
from cascade_cli.adapters.journal.claims import (
    Claiming,
    attempts_of,
    check,
    ducats_of_day,
    keys_in_progress_of,
    known_of,
    promised_since,
)
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.entry_bodies import Redactor
from cascade_cli.adapters.journal.failures import NOTHING_MOVES
from cascade_cli.adapters.journal.locks import HolderLiveness, IsAlive, RunLock
from cascade_cli.adapters.journal.marks import DECISION, RULING
from cascade_cli.adapters.journal.taking_over import take_over
from cascade_cli.domain.records.journal_entries import (
    RESTORED,
    Attempt,
    Claim,
    Entry,
    EntryKind,
    Fate,
    Head,
    Intent,
    Promised,
    Restored,
    Verification,
    Worker,
)
from cascade_cli.domain.shop.keys import refund_key
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.errors import TamperedError

_UNDECIDED = (
    "What was already sent stays recorded as undecided, so the next run checks before it sends."
)
_REFUND = "refund "
_ALLOCATION = "allocation "
_STILL_CLAIMED = "The work itself is recorded; the claims end with their lease."


class Journal:
    """One worker's view of the journal at `url` (`sqlite:///…` or `postgresql://…`).

    It shows what concerns the worker's base. Only the chain and the modes of bases concern all.

    A run may claim a key again that it holds already. So everything that works at the same time
    needs a Worker with a `run` of its own, and so does each request of a server. Journals of one
    process may share a Database. The journal is opened, and its tables are made, on first use.

    All times come from `now`. Machines that share a journal must agree on the time to well within a
    lease. A simulation gives `is_alive`, which replaces the check of this machine's processes.
    `secrets` are never written. Every method raises JournalError when the journal cannot be read or
    written.
    """

    def __init__(
        self,
        url: str | URL | Database,
        worker: Worker,
        *,
        now: Callable[[], datetime],
        is_alive: IsAlive | None = None,
        lock_wait_seconds: float = 5.0,
        secrets: Sequence[str] = (),
    ) -> None:
        self._database = (
            url if isinstance(url, Database) else Database(url, lock_wait_seconds=lock_wait_seconds)
        )
        self._worker, self._base = worker, worker.base
        self._now = now
        self._liveness = HolderLiveness(worker.host, is_alive)
        self._redactor = Redactor([*secrets, *self._database.secrets])

    @property
    def place(self) -> str:
        """Where the journal is, without the password."""
        return self._database.place

    def __repr__(self) -> str:
        return f"Journal({self._database.place!r}, run={self._worker.run!r})"

    def claim(
        self,
        intents: Sequence[Intent],
        *,
        lease: timedelta,
        day_limit_ducats: Decimal | None,
    ) -> dict[str, Claim]:
        """Claim each intent's key for this run. Returns, by key, the claim or what prevents it.

        A key's first claim is recorded and counts against the limit of its UTC day. Refusals
        change nothing. Raises UsageError for keys that no journal can keep, GuardError while a
        restored journal has not caught up.
        """
        check(intents)
        with self._writing() as transaction:
            marks.refuse_before_catch_up(transaction)
            claiming = Claiming(
                transaction, self._liveness, lease=lease, day_limit_ducats=day_limit_ducats
            )
            return claiming.answer(intents)

    def attempt(
        self,
        keys: Collection[str],
        action: str,
        body: Mapping[str, Any] | None = None,
        *,
        lease: timedelta,
    ) -> datetime:
        """Record that `action` is about to be sent for all `keys`, and renew their lease.

        Returns the time recorded. Raises ClaimLostError, and records nothing, unless this run
        holds every key with a valid lease.
        """
        with self._writing() as transaction:
            return attempts.attempt(transaction, keys, action, body, lease)

    def outcome(
        self,
        keys: Collection[str],
        action: str,
        fate: Fate,
        body: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Record what became of `action`, with a body per key; even if the lease was lost."""
        with self._writing(_UNDECIDED) as transaction:
            attempts.record_outcome(transaction, keys, action, fate, body)

    def attempt_once(
        self, keys: Collection[str], action: str, body: Mapping[str, Any]
    ) -> tuple[datetime, list[str]]:
        """Record that `action` is about to be sent, for those of `keys` for which it never was.

        Needs no claim. Returns the time recorded and those keys: it may be sent for them alone.
        """
        with self._writing() as transaction:
            return transaction.at, attempts.attempt_once(transaction, keys, action, body)

    def unannounced_transfers(self, since: datetime) -> dict[str, datetime]:
        """The keys for which cascade made a row active at `since` or later, with the last moment.

        A key for which a notice of arrival was sent, or was about to be, is left out. Does not
        create a journal.
        """
        if not self._database.exists():
            return {}
        with self._database.reading() as connection:
            return attempts.unannounced_transfers(connection, self._base, since)

    def promises(self, keys: Collection[str]) -> list[Intent]:
        """The newest promise for each of these keys."""
        with self._database.reading() as connection:
            return attempts.promises(connection, self._base, keys)

    def release(self, keys: Collection[str]) -> None:
        """Give up those of `keys` that this run holds, so that others can claim them."""
        with self._writing(_STILL_CLAIMED) as transaction:
            attempts.release(transaction, keys)

    def run_event(self, body: Mapping[str, Any]) -> None:
        """Record that a run began, ended, or did something that does not concern a single key."""
        with self._writing() as transaction:
            transaction.append(EntryKind.RUN, "", body)

    def entries(
        self,
        *,
        key: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Generator[Entry]:
        """The entries of `key` in [since, until), oldest first; with `limit` only the newest."""
        with self._database.reading() as connection:
            yield from chain.entries_in(connection, Which(self._base, key, since, until), limit)

    def count(
        self,
        *,
        key: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> int:
        """How many entries of `key` there are in [since, until)."""
        with self._database.reading() as connection:
            return chain.count_in(connection, Which(self._base, key, since, until))

    def verify(self, against: Head | None = None) -> Verification:
        """Recompute the whole chain and every seal, and check that `against` is part of the chain.

        The result reports tampering; it is not raised.
        """
        try:
            # Others may write meanwhile: a chain read in two states would look broken.
            with self._database.reading_one_state() as connection:
                return verification.verify(connection, against)
        except TamperedError as error:
            return Verification(0, error.message.rstrip("."))

    def head(self) -> Head | None:
        """The newest entry's hash and number; None if there is no journal. Does not create one."""
        if not self._database.exists():
            return None
        with self._database.reading() as connection:
            return chain.head_of(connection)

    def holds(self, head: Head) -> bool:
        """Whether the chain has the head: the entry with its number has its hash."""
        with self._database.reading() as connection:
            return chain.holds(connection, head)

    def lock(
        self, name: str, *, lease: timedelta, heartbeat_seconds: float | None = None
    ) -> RunLock:
        """A lock for a `with` block. Entering it raises LockedError, which names the holder."""
        return RunLock(self._writing, self._liveness, name, lease, heartbeat_seconds)

    def bind_mode(self, base_id: str, livemode: bool) -> None:
        """Bind the base to live or test mode at its first write.

        Raises GuardError if it is bound to the other mode.
        """
        with self._writing() as transaction:
            marks.refuse_before_catch_up(transaction)
            marks.bind_mode(transaction, base_id, livemode)

    def catch_up(self, promises: Sequence[Promised], restored: Restored) -> None:
        """Take over the promises that the backup lacked, and mark the base as caught up. From then
        on it may be written to again."""
        with self._writing() as transaction:
            taken = take_over(transaction, promises)
            document = restored.document()
            transaction.append(EntryKind.RUN, "", {"caught_up": {**document, "promises": taken}})
            marks.set_mark(transaction, RESTORED, document)

    def mode_of(self, base_id: str) -> bool | None:
        """Whether the base takes live payments; None while nothing was written to it."""
        with self._database.reading() as connection:
            bound = marks.mode_of(connection, base_id)
            return bound.livemode if bound else None

    def of_base(self, base_id: str) -> Journal:
        """The journal of another base in the same database."""
        worker = replace(self._worker, base=base_id)
        return Journal(self._database, worker, now=self._now)

    def bases(self) -> set[str]:
        """The bases that were written to."""
        with self._database.reading() as connection:
            return set(marks.modes_of(connection))

    def set_mark(self, name: str, body: Mapping[str, Any]) -> None:
        """Remember `body` under `name`, in place of what was remembered before."""
        with self._writing() as transaction:
            marks.set_mark(transaction, name, self._redactor.body(body))

    def mark(self, name: str) -> dict[str, Any] | None:
        """What is remembered under `name`, if anything. Does not create a journal."""
        if not self._database.exists():
            return None
        with self._database.reading() as connection:
            return marks.mark(connection, self._base, name)

    def keep_refunds(self, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """Record the decisions about these refunds, all or none.

        Each stays on record as an entry, and is remembered as the refund's newest.
        """
        with self._writing() as transaction:
            for refund_id, body in bodies.items():
                kept = self._redactor.body(body)
                transaction.append(EntryKind.RUN, refund_key(refund_id), {"refund": kept})
                marks.set_mark(transaction, _REFUND + refund_id, kept)

    def refunds(self) -> dict[str, dict[str, Any]]:
        """The newest decision about each refund. Does not create a journal."""
        return self.marks(_REFUND)

    def keep_decision(
        self,
        case: str,
        body: Mapping[str, Any],
        rulings: Mapping[str, Mapping[str, Any]],
        *,
        seen: Mapping[str, Any] | None,
    ) -> None:
        """Record what a person decided about a case, and the rulings about single rows with it.

        Raises GuardError, and records nothing, if the newest decision is not the one `seen`.
        """
        with self._writing() as transaction:
            marks.keep_decision(transaction, case, self._redactor.body(body), rulings, seen)

    def decisions(self) -> dict[str, dict[str, Any]]:
        """The newest decision about each case. Does not create a journal."""
        return self.marks(DECISION)

    def rulings(self) -> dict[str, dict[str, Any]]:
        """The newest ruling about each row, by record id. Does not create a journal."""
        return self.marks(RULING)

    def marks(self, prefix: str) -> dict[str, dict[str, Any]]:
        """All that is remembered under names that begin with `prefix`, by the rest of the name.
        Does not create a journal."""
        if not self._database.exists():
            return {}
        with self._database.reading() as connection:
            return marks.marks_of(connection, self._base, prefix)

    def keep_allocation(self, digest: str, body: Mapping[str, Any]) -> None:
        """Record who gets how much of a split payment. `allocation` finds it by its digest."""
        kept = self._redactor.body(body)
        with self._writing() as transaction:
            # The same allocation may be sold again: it is recorded once.
            if marks.mark(transaction.connection, self._base, _ALLOCATION + digest) != kept:
                transaction.append(EntryKind.RUN, "", {"allocation": {"digest": digest, **kept}})
                marks.set_mark(transaction, _ALLOCATION + digest, kept)

    def allocation(self, digest: str) -> dict[str, Any] | None:
        """The allocation recorded under that digest, if any. Does not create a journal."""
        return self.mark(_ALLOCATION + digest)

    def known(self, keys: Collection[str]) -> set[str]:
        """Those of `keys` that were ever claimed. Does not create a journal."""
        if not self._database.exists():
            return set()
        with self._database.reading() as connection:
            return known_of(connection, self._base, keys)

    def attempts(self, keys: Collection[str]) -> dict[str, Attempt]:
        """The last write sent for each of `keys`. Does not create a journal."""
        if not self._database.exists():
            return {}
        with self._database.reading() as connection:
            return attempts_of(connection, self._base, keys)

    def keys_in_progress(self, keys: Collection[str], since: datetime) -> set[str]:
        """Those of `keys` that somebody holds, or for which a write was sent at `since` or later.
        Does not create a journal."""
        if not self._database.exists():
            return set()
        with self._database.reading() as connection:
            return keys_in_progress_of(connection, self._base, keys, since, self._now())

    def ducats_today(self) -> Decimal:
        """The ducats first promised on this UTC day. Does not create a journal."""
        if not self._database.exists():
            return ZERO
        day = self._now().astimezone(UTC).date().isoformat()
        with self._database.reading() as connection:
            return ducats_of_day(connection, self._base, day)

    def sent_since(self, moment: datetime) -> list[Intent]:
        """The newest promise for each key for which a write was sent at that moment or later.
        Does not create a journal."""
        if not self._database.exists():
            return []
        with self._database.reading() as connection:
            return attempts.sent_since(connection, self._base, moment)

    def ducats_promised_since(self, moment: datetime) -> Decimal:
        """The ducats first promised at that moment or later, whatever became of them."""
        with self._database.reading() as connection:
            return promised_since(connection, self._base, moment)

    def close(self) -> None:
        """Close the connections."""
        self._database.close()

    @contextmanager
    def _writing(self, consequence: str = NOTHING_MOVES) -> Iterator[Transaction]:
        with self._database.writing(consequence) as connection:
            transaction = Transaction(connection, self._worker, self._redactor, self._now)
            yield transaction
            # Not after an error: then the database undoes the whole transaction.
            transaction.flush()
