"""This machine: versions, the files in the state folder, and the key that makes stand-ins."""

from __future__ import annotations

import os
import platform
import re
import secrets
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from cascade_cli import __version__
from cascade_cli.adapters.files import replace_file
from cascade_cli.domain.bundle.parts import StateFile
from cascade_cli.settings.installation import installed_by

KEY_FILE = "stand-ins.key"
_KEY_BYTES, _MODE = 32, 0o600
_KNOWN_FILE = re.compile(
    r"((sandbox-)?journal\.sqlite3(\.version-[0-9]+)?|sandbox\.sqlite3)(-wal|-shm|-journal)?"
    r"|journal-heads\.json|last-error\.json|stand-ins\.key"
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_OTHERS = re.compile(r"""extra == ['"](dev|bench|mutation)""")
_NUMBERS = re.compile(r"[0-9.]+")


def stand_in_key(folder: Path) -> bytes:
    """This machine's key; a new one if none was kept."""
    try:
        kept = bytes.fromhex((folder / KEY_FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        kept = b""
    return kept if len(kept) >= _KEY_BYTES else secrets.token_bytes(_KEY_BYTES)


def keep_key(folder: Path, key: bytes) -> None:
    """Keep the key if the folder exists, so that the next bundle has the same stand-ins.

    Raises OSError.
    """
    if folder.is_dir() and stand_in_key(folder) != key:
        replace_file(folder / KEY_FILE, f"{key.hex()}\n", new_mode=_MODE)


def versions() -> dict[str, Any]:
    """The versions of cascade and of what it runs on. None of them names this machine."""
    release = _NUMBERS.match(platform.release())
    return {
        "cascade": __version__,
        "installed_with": installed_by(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": release[0].rstrip(".") if release else None,
        "machine": platform.machine(),
        "sqlite": sqlite3.sqlite_version,
        "encoding": sys.stdout.encoding,
    }


def libraries() -> dict[str, str]:
    """The versions of the libraries that cascade and its extras require; "-" if not installed."""
    try:
        required = requires("cascade-cli") or []
    except PackageNotFoundError:
        return {}
    used = (each for each in required if not _OTHERS.search(each))
    found = (_NAME.match(requirement) for requirement in used)
    names = {match[0] for match in found if match}
    return {name: _version(name) for name in names}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"


def state_files(folder: Path) -> Iterator[StateFile]:
    """Each file in the folder, but not in folders below it. Raises OSError."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_file():
            name = entry.name if _KNOWN_FILE.fullmatch(entry.name) else ""
            yield _state_file(name, entry.stat())


def one_file(name: str, path: Path) -> StateFile | None:
    """The file, shown under `name`; None if it does not exist. Raises OSError."""
    return _state_file(name, path.stat()) if path.is_file() else None


def free_bytes(folder: Path) -> int:
    """The free bytes of the disk that the folder is on, or would be. Raises OSError."""
    here = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    return shutil.disk_usage(here).free


def _state_file(name: str, found: os.stat_result) -> StateFile:
    return StateFile(name, found.st_size, stat.S_IMODE(found.st_mode))
