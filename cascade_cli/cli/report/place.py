"""Where the page goes: checked before anything is read, replaced in one step."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from cascade_cli.errors import UsageError

USUAL_MODE = 0o666


def check_place(path: Path) -> None:
    """Raises UsageError where no page could be written later on."""
    try:
        flaw = _flaw(path)
    except OSError as error:
        flaw = f"{str(path)!r} cannot be written: {error.strerror}"
    if flaw:
        raise UsageError(
            f"--report: {flaw}.", "Nothing was read; name a file in a folder that is there."
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


def replace_file(path: Path, text: str) -> None:
    """Put the text there, whole or not at all. Raises OSError.

    A new file gets what umask allows, so that a web server can be let at it; one that was there
    before keeps its permissions. A symbolic link stays one.
    """
    target = path.resolve()
    kept = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    draft = target.with_name(f".cascade-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    handle = os.open(draft, flags, USUAL_MODE if kept is None else kept)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if kept is not None:
            draft.chmod(kept)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
