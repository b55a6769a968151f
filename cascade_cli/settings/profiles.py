"""Profiles: several shops on one machine, each a settings file in the user's config folder."""

from __future__ import annotations

import os
import re
import stat
from difflib import get_close_matches
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.locations import config_folder, short

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_SUFFIX = ".env"
_OTHERS_WRITE = 0o022


def check_name(name: str) -> str:
    """The name, if a profile may have it. Raises SettingsError."""
    if _NAME.fullmatch(name):
        return name
    raise SettingsError(
        f"{name[:60]!r} is not a name for a profile. Nothing was read or written.",
        "Use up to 40 letters, digits, dots, hyphens and underscores, a letter or digit first.",
    )


def profiles_folder() -> Path:
    """The folder of the profiles' files, which need not exist. Raises SettingsError."""
    folder = config_folder()
    if folder is None:
        raise SettingsError(
            f"There is no place for profiles: uid {os.getuid()} has no home folder. Nothing was "
            "read or written.",
            "Set HOME or XDG_CONFIG_HOME, or name a settings file with --env-file.",
        )
    return folder / "profiles"


def profile_file(name: str) -> Path:
    """The file of its settings, which need not be there. Raises SettingsError."""
    return profiles_folder() / f"{check_name(name)}{_SUFFIX}"


def profile_names() -> tuple[str, ...]:
    """The profiles of this user, in alphabetical order."""
    folder = config_folder()
    try:
        files = sorted((folder / "profiles").glob(f"*{_SUFFIX}")) if folder else []
    except OSError:
        return ()
    return tuple(file.stem for file in files if _NAME.fullmatch(file.stem))


def existing_profile(name: str) -> Path:
    """The path of a profile that exists. Raises SettingsError.

    A profile may name commands to run, so one that other users can write is refused.
    """
    path = profile_file(name)
    try:
        found = path.stat()
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            raise _unknown(name, path) from None
        raise SettingsError(
            f"Profile {name} cannot be read: {error.strerror}.", f"Look at {short(path)}."
        ) from error
    is_ours = found.st_uid in {0, os.geteuid()}
    if is_ours and not stat.S_IMODE(found.st_mode) & _OTHERS_WRITE:
        return path
    whose = "other users may write it" if is_ours else "it belongs to another user"
    raise SettingsError(
        f"Profile {name} was not read: {whose} ({short(path)}).",
        f"Check what is in it, then: chmod 600 {short(path)}"
        if is_ours
        else "Make a profile of your own.",
    )


def default_profile() -> str:
    """The profile to use if nothing else chooses one; empty if there is none.

    Raises SettingsError.
    """
    file = _default_file()
    try:
        name = file.read_text(encoding="utf-8").strip() if file else ""
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{short(file)} cannot be read: {type(error).__name__}." if file else "",
            "Remove the file, or name a profile: --profile NAME.",
        ) from None
    return check_name(name) if name else ""


def set_default_profile(name: str) -> None:
    """Make this the default profile; an empty name means none. Raises SettingsError, OSError."""
    file = _default_file()
    if file is None or not name:
        if file:
            file.unlink(missing_ok=True)
        return
    existing_profile(name)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(f"{name}\n", encoding="utf-8")
    # In one step, so that no other process reads half a name.
    draft.replace(file)


def _default_file() -> Path | None:
    folder = config_folder()
    return folder / "default-profile" if folder else None


def _unknown(name: str, path: Path) -> SettingsError:
    names = profile_names()
    near = get_close_matches(name, names, 1)
    known = f"There are: {', '.join(names)}." if names else "There are none yet."
    meant = f"Did you mean --profile {near[0]}? " if near else ""
    return SettingsError(
        f"There is no profile {name!r}. {known} Nothing was read or written.",
        f"{meant}A profile is a settings file, such as {short(path)}: cascade help profiles",
    )
