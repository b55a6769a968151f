"""Reads a settings file: a profile, the file of --env-file, or `.env`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.locations import DEFAULT_FILE, PROFILE, short
from cascade_cli.settings.profiles import existing_profile


class Place(StrEnum):
    """Where a value comes from."""

    ENVIRONMENT = "environment"
    CREDENTIAL = "systemd"
    PROFILE = "profile"
    ENV_FILE = "env-file"
    DOT_ENV = ".env"
    DEFAULT = "default"


@dataclass(frozen=True)
class SettingsFile:
    """The one settings file that is read."""

    path: Path
    place: Place
    written: Mapping[str, str] = field(repr=False)
    profile: str = ""

    def __str__(self) -> str:
        return f"profile {self.profile}" if self.profile else short(self.path)


def read_profile(name: str) -> SettingsFile:
    """The profile's file. Raises SettingsError."""
    path = existing_profile(name)
    return _checked(SettingsFile(path, Place.PROFILE, _lines(path), name))


def named_file(path: Path) -> SettingsFile:
    """The file that --env-file names. Raises SettingsError."""
    if not path.is_file():
        raise SettingsError(f"There is no file {str(path)!r}.", "Check --env-file.")
    return _checked(SettingsFile(path, Place.ENV_FILE, _lines(path)))


def dot_env() -> SettingsFile | None:
    """The `.env` of this folder, if there is one. Raises SettingsError."""
    path = Path(DEFAULT_FILE)
    return _checked(SettingsFile(path, Place.DOT_ENV, _lines(path))) if path.is_file() else None


def _lines(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # noqa: PLC0415 - paid for only where there is a file

    try:
        # Without interpolation: a `$` in a key is a `$`.
        return {n: value or "" for n, value in dotenv_values(path, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        # The exception's own message could repeat the file's content.
        raise SettingsError(
            f"{path} cannot be read: {type(error).__name__}", "Check the file."
        ) from None


def _checked(file: SettingsFile) -> SettingsFile:
    if file.written.get(PROFILE.name, "").strip():
        raise SettingsError(
            f"{PROFILE.name} in {file} was not read: no settings file may choose another one.",
            "Set it in the environment, or use --profile.",
        )
    return file
