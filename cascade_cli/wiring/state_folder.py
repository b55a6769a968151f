"""The state folder, or why there can be none, told before anything is read or written; and where
this machine keeps the pace of its requests."""

from __future__ import annotations

import os
import secrets
import stat
from hashlib import sha256
from pathlib import Path

from cascade_cli.adapters.http.pace_store import ChangePace, PaceFile
from cascade_cli.cli.terminal.session import Session
from cascade_cli.cli.terminal.user import name_of, operator
from cascade_cli.errors import SettingsError
from cascade_cli.settings import Settings
from cascade_cli.settings.place import STATE_DIR


def make_state_folder(folder: Path) -> Path:
    """It is there, and ours to write. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _writable(folder)
    except (OSError, ValueError) as error:
        raise _refusal(folder, error) from error


def check_state_folder(folder: Path) -> Path:
    """It is there or could be made; nothing is left behind. Raises SettingsError."""
    try:
        if folder.exists():
            return _writable(folder)
        # Only a folder that was made shows that one can be.
        probe = _nearest(folder) / f".cascade-{secrets.token_hex(8)}"
        probe.mkdir(mode=0o700)
        probe.rmdir()
    except (OSError, ValueError) as error:
        raise _refusal(folder, error) from error
    return folder


def _writable(folder: Path) -> Path:
    if not folder.is_dir():
        raise NotADirectoryError(None, "it is no folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(None, "you may not write there")
    return folder


def _nearest(folder: Path) -> Path:
    """What there is of the way to it."""
    for place in (folder, *folder.absolute().parents):
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return place
    return Path("/")


def _refusal(folder: Path, error: OSError | ValueError) -> SettingsError:
    why = (isinstance(error, OSError) and error.strerror) or "a file system takes no such name"
    me = operator()
    return SettingsError(
        f"The state folder {str(folder)!r} cannot be used: {why}. {_owned(folder)}; this is {me}. "
        "Nothing was read or written.",
        f"Set {STATE_DIR.name} to a folder that {me} may write (in a container: a volume of its "
        "own), or give this one to that user.",
    )


def _owned(folder: Path) -> str:
    """Whose the last folder on the way is, as far as anybody may look."""
    for place in (folder, *folder.absolute().parents):
        try:
            found = place.stat()
        except (OSError, ValueError):
            continue
        mode = stat.S_IMODE(found.st_mode)
        return f"{str(place)!r} belongs to {name_of(found.st_uid)}, mode {mode:04o}"
    return "Nothing of its path can be looked at"


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
