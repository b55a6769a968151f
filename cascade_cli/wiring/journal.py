"""Where the journal of this invocation is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cascade_cli.cli.terminal.session import Session
from cascade_cli.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL

JOURNAL = "journal.sqlite3"
SANDBOX_JOURNAL = "sandbox-journal.sqlite3"


def journal_url(session: Session, chosen: str) -> URL:
    """CASCADE_JOURNAL_URL if it is set, else a file: the sandbox has one of its own."""
    # Costs 0.2 s to import, and few commands need it.
    from cascade_cli.adapters.journal.database import file_url, parse_url  # noqa: PLC0415

    return parse_url(chosen) if chosen else file_url(default_file(session))


def default_file(session: Session) -> Path:
    """The journal where CASCADE_JOURNAL_URL is not set."""
    return session.folder / (SANDBOX_JOURNAL if session.sandbox else JOURNAL)


def journal_file(session: Session, chosen: str) -> Path | None:
    """The journal's own file; None where it is in a server's database. Raises SettingsError."""
    if not chosen:
        return default_file(session)
    url = journal_url(session, chosen)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def has_no_journal(session: Session, settings: Settings) -> bool:
    """Whether its file is not there yet; a server's database is asked when it is opened."""
    file = journal_file(session, chosen_url(settings))
    return file is not None and not file.exists()


def chosen_url(settings: Settings) -> str:
    """CASCADE_JOURNAL_URL, empty where it is not set."""
    return settings.journal_url.reveal() if settings.journal_url else ""
