"""Where the journal of this invocation is."""

from __future__ import annotations

from cascade_cli.cli.session import Session

JOURNAL = "journal.sqlite3"
SANDBOX_JOURNAL = "sandbox-journal.sqlite3"


def journal_url(session: Session, chosen: str) -> str:
    """CASCADE_JOURNAL_URL if it is set, else a file: the sandbox has one of its own."""
    if chosen:
        return chosen
    name = SANDBOX_JOURNAL if session.sandbox else JOURNAL
    return f"sqlite:///{session.folder / name}"
