"""Where the journal of this invocation is."""

from __future__ import annotations

from cascade_cli.cli.session import Session
from cascade_cli.settings import state_folder


def journal_url(session: Session, chosen: str) -> str:
    """CASCADE_JOURNAL_URL if it is set, else a file: the sandbox has one of its own."""
    if chosen:
        return chosen
    name = "sandbox-journal.sqlite3" if session.sandbox else "journal.sqlite3"
    return f"sqlite:///{state_folder(session.environ) / name}"
