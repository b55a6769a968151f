"""The journal with the webhook's inbox, to read: reading makes neither."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Database, Journal
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.cli.terminal.session import Session
from cascade_cli.wiring.journal import chosen_url, journal_url
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.worker import this_worker


@dataclass(frozen=True)
class Archive:
    """Both, over one database."""

    journal: Journal
    inbox: Inbox


@contextmanager
def archive_of(session: Session, wiring: Wiring) -> Iterator[Archive | None]:
    """What this invocation's journal holds; None where there is none. Raises JournalError."""
    database = Database(journal_url(session, chosen_url(wiring.settings)))
    if not database.exists():
        yield None
        return
    worker = this_worker("journal", wiring.settings.airtable_base)
    with closing(Journal(database, worker, now=wiring.clock.now)) as journal:
        yield Archive(journal, Inbox(database, worker, now=utc_now))
