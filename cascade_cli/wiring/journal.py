"""The journal of this invocation: where it is, and how it is opened.

Importing the journal itself costs 0.2 s, and many commands only need to know where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from cascade_cli.settings import JOURNAL_URL, Settings
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.state_folder import check_state_folder

if TYPE_CHECKING:
    from sqlalchemy import URL

    from cascade_cli.adapters.journal import Database, Journal
    from cascade_cli.adapters.journal.inbox import Inbox
    from cascade_cli.adapters.journal.restoring import Restoring
    from cascade_cli.domain.records.journal_entries import Worker

JOURNAL = "journal.sqlite3"
SANDBOX_JOURNAL = "sandbox-journal.sqlite3"


def journal_url(invocation: Invocation, chosen: str) -> URL:
    """CASCADE_JOURNAL_URL if it is set, else a file. The sandbox has a file of its own."""
    from cascade_cli.adapters.journal.database import file_url, parse_url  # noqa: PLC0415

    return parse_url(chosen) if chosen else file_url(default_file(invocation, invocation.folder))


def default_file(invocation: Invocation, folder: Path) -> Path:
    """The journal's file if CASCADE_JOURNAL_URL is not set."""
    return folder / (SANDBOX_JOURNAL if invocation.sandbox else JOURNAL)


def journal_file(invocation: Invocation, chosen: str) -> Path | None:
    """The journal's own file; None if it is in a server's database. Raises SettingsError."""
    if not chosen:
        return default_file(invocation, invocation.folder)
    url = journal_url(invocation, chosen)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def chosen_url(settings: Settings) -> str:
    """CASCADE_JOURNAL_URL, empty if it is not set."""
    return settings.journal_url.reveal() if settings.journal_url else ""


class ShopJournal:
    """The journal of the live base, or the sandbox's own, as the shop of these settings uses it.

    Several shops may share it. It is opened on first use, once for all callers; after `close`, the
    next use opens it again.
    """

    def __init__(self, invocation: Invocation, settings: Settings) -> None:
        self._invocation, self._settings = invocation, settings
        self._database: Database | None = None
        self._to_read: Journal | None = None
        self._lock = Lock()

    def to_read(self) -> Journal | None:
        """The journal, for callers that only read; None if its file does not exist. A server's
        database is not asked whether it has one."""
        if self._to_read is None:
            file = journal_file(self._invocation, chosen_url(self._settings))
            if file is None or file.exists():
                self._to_read = self.used_by(this_worker("reconcile"))
        return self._to_read

    @property
    def database(self) -> Database:
        """Where it is kept."""
        from cascade_cli.adapters.journal import Database  # noqa: PLC0415

        with self._lock:
            if self._database is None:
                url = journal_url(self._invocation, chosen_url(self._settings))
                self._database = Database(url)
            return self._database

    def used_by(self, worker: Worker, now: Callable[[], datetime] | None = None) -> Journal:
        """The journal with entries in the worker's name. `now` dates them: by default this
        machine's clock."""
        from cascade_cli.adapters.journal import Journal  # noqa: PLC0415

        worker = replace(worker, base=self._settings.airtable_base)
        secrets = self._invocation.secrets
        return Journal(self.database, worker, now=now or self._invocation.now, secrets=secrets)

    def archive(self, now: Callable[[], datetime]) -> Archive | None:
        """The journal, whose time is `now`, and the inbox, to read; None if there is no journal.
        Makes none. Raises JournalError."""
        from cascade_cli.adapters.journal.inbox import Inbox  # noqa: PLC0415

        if not self.database.exists():
            return None
        worker = this_worker("journal", self._settings.airtable_base)
        inbox = Inbox(self.database, worker, now=self._invocation.now)
        return Archive(self.used_by(worker, now), inbox)

    def close(self) -> None:
        """Close the connections. The next use looks for the journal again: its file may be another
        one by then."""
        with self._lock:
            self._to_read = None
            if self._database:
                self._database.close()


@contextmanager
def existing_journal(invocation: Invocation) -> Iterator[Journal | None]:
    """The journal of all shops, to read; None if there is none. Needs no other setting."""
    from cascade_cli.adapters.journal import Journal  # noqa: PLC0415

    database = journal_database(invocation)
    if not database.exists():
        yield None
        return
    with closing(Journal(database, this_worker("journal"), now=invocation.now)) as journal:
        yield journal


def journal_database(invocation: Invocation) -> Database:
    """Where the journal of all shops is, or would be made. No other setting is needed."""
    from cascade_cli.adapters.journal import Database  # noqa: PLC0415

    values = invocation.found
    invocation.enter_sandbox(values)
    # The sandbox has a journal of its own, whatever CASCADE_JOURNAL_URL says.
    chosen = "" if invocation.sandbox else values.get(JOURNAL_URL.name, "").strip()
    if not chosen:
        check_state_folder(invocation.folder)
    return Database(journal_url(invocation, chosen))


@contextmanager
def restoring(invocation: Invocation, backup: Path) -> Iterator[Restoring]:
    """A copy of the backup, on its way to the journal's place. No other setting is needed. Raises
    UsageError for what is no backup, SettingsError, JournalError."""
    from cascade_cli.adapters.journal import backups  # noqa: PLC0415
    from cascade_cli.adapters.journal.restoring import Restoring, draft_for  # noqa: PLC0415

    database = journal_database(invocation)
    backups.check(backup, database)
    with draft_for(database, invocation.folder) as draft:
        backups.take_copy(backup, draft)
        worker = this_worker("journal restore")
        with closing(Restoring(database, draft, worker, invocation.now)) as work:
            yield work


@dataclass(frozen=True)
class Archive:
    """The journal and the webhook's inbox, over one database."""

    journal: Journal
    inbox: Inbox
