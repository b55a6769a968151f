"""Inspect the journal without leaving anything behind: no file, no table, no entry."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, select, update

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.failures import NOTHING_MOVES, journal_error
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.journal import Journal
from cascade_cli.adapters.journal.tables import chain, claims, version
from cascade_cli.domain.bundle.parts import Activity
from cascade_cli.domain.doctor.journal import JournalPlace
from cascade_cli.domain.doctor.webhook import Acceptance
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.records.journal_entries import RESTORED, Head, Restored, Verification
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.errors import JournalError

_EVER = datetime.min.replace(tzinfo=UTC)
_MOST_EVENTS = 20


class JournalProbe:
    """The journal at `url`, which may not exist."""

    def __init__(
        self,
        url: URL,
        database: Database,
        journal: Journal,
        inbox: Inbox,
        told: Head | None = None,
    ) -> None:
        self.told = told
        """The newest head that cascade has shown to anybody."""
        self._database, self._journal, self._inbox = database, journal, inbox
        self._file = Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    @property
    def place(self) -> JournalPlace:
        """Where the journal is, and its file's mode; without a file, whether it could be made."""
        if self._file is None:
            return JournalPlace(self._database.place)
        with _as_ours(self._file):
            if self._file.exists():
                return JournalPlace(str(self._file), self._file.stat().st_mode & 0o7777)
            above = next(folder for folder in self._file.absolute().parents if folder.exists())
            can_be_made = above.is_dir() and os.access(above, os.W_OK | os.X_OK)
            return JournalPlace(str(self._file), can_be_made=can_be_made)

    def exists(self) -> bool:
        """Whether the journal exists. Raises JournalError if the file is something else."""
        if self._file is None:
            return self._database.exists()
        with _as_ours(self._file):
            if not self._file.exists():
                return False
            # For an empty file, opening the journal gives a better message.
            if self._file.stat().st_size:
                _check_kind(self._file)
            return True

    def try_to_write(self) -> None:
        """Change the chain's own row, and roll back. Raises JournalError."""
        with self._database.writing(NOTHING_MOVES) as connection:
            # SQLite does not write a row that stays as it is.
            connection.execute(update(chain).values(entries=chain.c.entries + 1))
            connection.rollback()

    def verify(self) -> Verification:
        """Recompute the chain. Raises JournalError."""
        return self._journal.verify()

    def holds(self, head: Head) -> bool:
        """Whether the chain has that entry. Raises JournalError."""
        return self._journal.holds(head)

    def restored(self) -> Restored | None:
        """The mark of the last restore, as this base has it; None if there was none.

        Raises JournalError.
        """
        return Restored.of(self._journal.mark(RESTORED))

    def mode_of(self, base_id: str) -> bool | None:
        """Whether the base is bound to live payments; None if it is not bound to either mode.

        Raises JournalError.
        """
        return self._journal.mode_of(base_id) if self.exists() else None

    def acceptance(self, event_ids: Iterable[str], since: datetime) -> Acceptance:
        """What the inbox holds. `event_ids` are events that Stripe knows. Payments that need a
        person count if they arrived at `since` or later. Raises JournalError."""
        if not self.exists():
            return Acceptance()
        counts = self._inbox.counts()
        received = [kept.accepted.received_at for kept in self._inbox.about(event_ids)]
        return Acceptance(
            last_at=max(received, default=None),
            waiting=counts[EventState.WAITING],
            oldest_waiting=self._inbox.oldest_waiting(),
            attention=len({kept.about for kept in self._inbox.needing_attention(since)}),
        )

    def activity(self, base_id: str, most_entries: int) -> Activity:
        """The newest entries, and what the last complete run over the base left open.

        Raises JournalError.
        """
        document = self._journal.mark(mark_name(base_id))
        memory = Checkpoint.of(document) if document else None
        attention = self._inbox.needing_attention(_EVER)[-_MOST_EVENTS:]
        return Activity(
            entries=list(self._journal.entries(limit=most_entries)),
            total=self._journal.count(),
            events=self._inbox.counts(),
            attention=[(kept.accepted.event.type, kept.note) for kept in attention],
            last_complete=memory.until if memory else None,
            left_open=list(memory.open.values()) if memory else [],
        )

    def citizens(self) -> list[str]:
        """All citizens to whom ducats were ever promised. Raises JournalError."""
        with self._database.reading() as connection:
            return list(connection.scalars(select(claims.c.citizen).distinct()))

    def close(self) -> None:
        """Close the connections."""
        self._database.close()


@contextmanager
def _as_ours(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise journal_error(error, str(file), NOTHING_MOVES, ()) from error


def _check_kind(file: Path) -> None:
    """Refuse another program's database: opening it as a journal would add our tables to it."""
    uri = f"file:{quote(os.fsencode(file.absolute()))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        query = "SELECT count(*) FROM sqlite_master WHERE name = ?"
        (found,) = connection.execute(query, (version.name,)).fetchone()
    if not found:
        raise JournalError(
            f"{file} exists, but is not a journal. {NOTHING_MOVES}",
            "Set CASCADE_JOURNAL_URL to another place, or restore the journal from a backup.",
        )
