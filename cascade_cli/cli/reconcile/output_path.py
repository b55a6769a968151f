"""Where a run is to write: checked before anything is read."""

from __future__ import annotations

import os
from pathlib import Path

from cascade_cli.errors import UsageError


def check_place(option: str, path: Path) -> None:
    """Raises UsageError where no file could be written later on."""
    try:
        flaw = _flaw(path)
    except OSError as error:
        flaw = f"{str(path)!r} cannot be written: {error.strerror}"
    if flaw:
        raise UsageError(
            f"{option}: {flaw}.", "Nothing was read; name a file in a folder that is there."
        )


def _flaw(path: Path) -> str:
    folder = path.resolve().parent
    if not folder.is_dir():
        return f"there is no folder {str(folder)!r}"
    if path.exists() and not path.is_file():
        return f"{str(path)!r} is no ordinary file"
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"you may not write into the folder {str(folder)!r}"
    return ""
