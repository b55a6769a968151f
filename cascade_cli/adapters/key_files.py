"""The settings file on disk: who may read it, what it contains, and what git says about it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from cascade_cli.domain.doctor.machine import KeyFile

_GIT_SECONDS = 10
_YES, _NO = 0, 1


def read_names(path: Path) -> dict[str, str]:
    """Every name in the file with its value. Raises OSError or UnicodeDecodeError."""
    from dotenv import dotenv_values  # noqa: PLC0415 - as in settings

    return {name: value or "" for name, value in dotenv_values(path, interpolate=False).items()}


def inspect_file(path: Path, secrets: Collection[str]) -> KeyFile:
    """Inspect the file without changing it. `secrets` are the names of the secrets in it."""
    mode = path.stat().st_mode & 0o7777
    folder = path.absolute().parent
    in_repository = any((above / ".git").exists() for above in (folder, *folder.parents))
    if not in_repository:
        return KeyFile(str(path), tuple(sorted(secrets)), mode)
    return KeyFile(
        path=str(path),
        secrets=tuple(sorted(secrets)),
        mode=mode,
        in_repository=True,
        is_tracked=_git(folder, "ls-files", "--error-unmatch", "--", path.name),
        is_ignored=_git(folder, "check-ignore", "--quiet", "--", path.name),
    )


def _git(folder: Path, *arguments: str) -> bool | None:
    """Whether git says yes (0) or no (1); None for anything else, such as no git at all."""
    git = shutil.which("git")
    if git is None:
        return None
    # If cascade runs in a git hook, git's variables would point to another repository.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment = {**kept, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        code = subprocess.run(  # noqa: S603 - fixed words, and a file's name behind `--`
            # A repository's settings may name a program that git runs as its file monitor. Git
            # itself refuses another user's repository; in our own we never want that program.
            [git, "-c", "core.fsmonitor=false", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            check=False,
            timeout=_GIT_SECONDS,
        ).returncode
    except (OSError, subprocess.TimeoutExpired):
        return None
    return {_YES: True, _NO: False}.get(code)
