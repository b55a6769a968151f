"""Where the pace of this machine's requests is kept."""

from __future__ import annotations

from hashlib import sha256

from cascade_cli.adapters.http.pace_store import ChangePace, PaceFile
from cascade_cli.cli.terminal.session import Session
from cascade_cli.settings import Settings

FOLDER = "pace"


def kept_pace(session: Session, settings: Settings, service: str) -> ChangePace:
    """In the journal's database where several machines share one, else in the state folder."""
    if settings.journal_url and settings.journal_url.reveal().startswith("postgres"):
        from cascade_cli.adapters.journal.pace_row import PaceRow  # noqa: PLC0415 - see connection

        return PaceRow(settings.journal_url.reveal(), _name(service)).change
    return PaceFile(session.folder / FOLDER / f"{_name(service)}.json").change


def _name(service: str) -> str:
    """A file's name, whatever the service's address has in it."""
    return sha256(service.encode()).hexdigest()[:16]
