"""Where settings are read from, and where cascade keeps its own files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.values import Setting

DEFAULT_FILE = ".env"
STATE_DIR = Setting(
    "CASCADE_STATE_DIR", "", "where journal and sandbox live; default: the user's state folder"
)


def settings_file(environ: Mapping[str, str], env_file: Path | None) -> str:
    """The path of the .env file that is read, shortened with `~`; empty if there is none."""
    file, home = (env_file or Path(DEFAULT_FILE)).absolute(), environ.get("HOME", "")
    if not file.is_file():
        return ""
    is_at_home = home not in {"", "/"} and file.is_relative_to(home)
    return f"~/{file.relative_to(home)}" if is_at_home else str(file)


def state_folder(environ: Mapping[str, str]) -> Path:
    """The folder of the journal and the sandbox. Raises SettingsError if there can be none."""
    from platformdirs import user_state_path  # noqa: PLC0415 - not for --help

    chosen = environ.get(STATE_DIR.name)
    try:
        if chosen:
            # No shell has expanded a ~ that comes from a file.
            return Path(chosen).expanduser() if chosen.startswith("~/") else Path(chosen)
        usual = user_state_path("cascade")
    except RuntimeError as error:
        raise _homeless() from error
    if not usual.is_absolute():
        raise _homeless()
    return usual


def _homeless() -> SettingsError:
    return SettingsError(
        f"There is no place for the journal: uid {os.getuid()} has no name and no home folder on "
        "this machine. Nothing was read or written.",
        f"Set {STATE_DIR.name} to a folder that this user may write, or set HOME.",
    )
