"""Replace a file in one step: a reader finds either the whole old file or the whole new one."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

_USUAL_MODE = 0o666


def replace_file(path: Path, text: str, *, new_mode: int = _USUAL_MODE) -> None:
    """Write the text to the file, completely or not at all. Raises OSError.

    A new file gets the permissions of `new_mode` that umask allows, so that the operator can let
    others read it. An existing file keeps its permissions. A symbolic link is followed. A link that
    another user made is refused, because it may lead to a file that only this user may write.
    """
    _refuse_strange_link(path)
    target = path.resolve()
    kept = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    draft = target.with_name(f".cascade-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    handle = os.open(draft, flags, new_mode if kept is None else kept)
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


def _refuse_strange_link(path: Path) -> None:
    if path.is_symlink() and path.lstat().st_uid not in {
        0,
        os.geteuid(),
        path.parent.stat().st_uid,
    }:
        raise PermissionError(errno.EPERM, "it is a symbolic link of another user", str(path))
