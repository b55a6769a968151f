"""The state folder. If it cannot be used, the error comes before anything is read or written."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.locations import STATE_DIR
from cascade_cli.wiring import operator


def make_state_folder(folder: Path) -> Path:
    """Make sure that the folder exists and can be written. Raises SettingsError."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return _writable(folder)
    except (OSError, ValueError) as error:
        raise _refusal(folder, error) from error


def check_state_folder(folder: Path) -> Path:
    """Check that the folder can be written or made; leaves nothing behind. Raises SettingsError."""
    try:
        if folder.exists():
            return _writable(folder)
        # Making a folder is the only proof that one can be made.
        probe = _nearest(folder) / f".cascade-{secrets.token_hex(8)}"
        probe.mkdir(mode=0o700)
        probe.rmdir()
    except (OSError, ValueError) as error:
        raise _refusal(folder, error) from error
    return folder


def _writable(folder: Path) -> Path:
    if not folder.is_dir():
        raise NotADirectoryError(None, "it is not a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(None, "you may not write there")
    return folder


def _nearest(folder: Path) -> Path:
    """The deepest part of the path that exists."""
    for place in (folder, *folder.absolute().parents):
        try:
            place.lstat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return place
    return Path("/")


def _refusal(folder: Path, error: OSError | ValueError) -> SettingsError:
    why = (isinstance(error, OSError) and error.strerror) or "no file system takes such a name"
    me = operator()
    return SettingsError(
        f"The state folder {str(folder)!r} cannot be used: {why}. {_owned(folder)}; this is {me}. "
        "Nothing was read or written.",
        f"Set {STATE_DIR.name} to a folder that {me} may write (in a container: a volume of its "
        "own), or give this one to that user.",
    )


def _owned(folder: Path) -> str:
    """Who owns the deepest part of the path that we may look at."""
    for place in (folder, *folder.absolute().parents):
        try:
            found = place.stat()
        except (OSError, ValueError):
            continue
        mode = stat.S_IMODE(found.st_mode)
        return f"{str(place)!r} belongs to {_name_of(found.st_uid)}, mode {mode:04o}"
    return "No part of its path can be read"


def _name_of(uid: int) -> str:
    """An owner's name, or the uid if the system knows no name."""
    try:
        from pwd import getpwuid  # noqa: PLC0415 - not on every system

        return getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"uid {uid}"
