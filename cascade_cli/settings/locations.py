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
PROFILE = Setting(
    "CASCADE_PROFILE", "", "the profile to use, like --profile; only the environment may set it"
)


def short(path: Path) -> str:
    """The path, shortened with `~` for the home folder."""
    path, home = path.absolute(), os.environ.get("HOME", "")
    is_at_home = home not in {"", "/"} and path.is_relative_to(home)
    return f"~/{path.relative_to(home)}" if is_at_home else str(path)


def config_folder() -> Path | None:
    """The folder of the profiles; None for a user without a home folder."""
    from platformdirs import user_config_path  # noqa: PLC0415 - not for --help

    try:
        usual = user_config_path("cascade")
    except RuntimeError:
        return None
    return usual if usual.is_absolute() else None


def state_folder(values: Mapping[str, str]) -> Path:
    """The folder of the journal and the sandbox. Raises SettingsError if there can be none."""
    from platformdirs import user_state_path  # noqa: PLC0415 - not for --help

    chosen = values.get(STATE_DIR.name)
    try:
        if chosen:
            # No shell has expanded a ~ that comes from a file.
            return Path(chosen).expanduser() if chosen.startswith("~/") else Path(chosen)
        usual = user_state_path("cascade")
    except RuntimeError as error:
        raise _no_home() from error
    if not usual.is_absolute():
        raise _no_home()
    return usual


def _no_home() -> SettingsError:
    return SettingsError(
        f"There is no place for the journal: uid {os.getuid()} has no name and no home folder on "
        "this machine. Nothing was read or written.",
        f"Set {STATE_DIR.name} to a folder that this user may write, or set HOME.",
    )
