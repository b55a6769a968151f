"""Find the value of a setting, and parse it or refuse it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cascade_cli.errors import SettingsError

T = TypeVar("T")


class Secret:
    """A key that no print, log, repr or traceback can show."""

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class Setting:
    """One setting as the manual and .env.example describe it; a secret never reaches any output."""

    name: str
    default: str
    meaning: str
    secret: bool = False
    belongs_to_shop: bool = False
    """It belongs to one shop, so environment and profile must agree about it."""


HOW_TO_SET = "Run cascade init, set it in the environment or in .env"


class TracedValues(Mapping[str, str]):
    """Values of settings, each with where it comes from."""

    @abstractmethod
    def named(self, name: str) -> str:
        """The setting as an error names it."""

    @property
    @abstractmethod
    def how_to_set(self) -> str:
        """What the user can do about a missing one, without a full stop."""


class ChangedValues(TracedValues):
    """Replaced values. An error about one still says where the original value comes from."""

    def __init__(self, values: Mapping[str, str], given: TracedValues) -> None:
        self._values, self._given = values, given

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def named(self, name: str) -> str:
        """As the original values name it."""
        return self._given.named(name)

    @property
    def how_to_set(self) -> str:
        """As the original values say."""
        return self._given.how_to_set


def named(values: Mapping[str, str], setting: Setting) -> str:
    """The setting as an error names it, with where its value comes from if that is known."""
    return values.named(setting.name) if isinstance(values, TracedValues) else setting.name


def text(values: Mapping[str, str], setting: Setting) -> str:
    """The value, or else the default. Raises SettingsError if there is neither."""
    value = values.get(setting.name, "").strip() or setting.default
    if value:
        return value
    state = "is empty" if setting.name in values else "is not set"
    how = values.how_to_set if isinstance(values, TracedValues) else HOW_TO_SET
    raise SettingsError(
        f"{named(values, setting)} {state}: {setting.meaning}.",
        f"{how}, or try --sandbox.",
    )


def secret(values: Mapping[str, str], setting: Setting) -> Secret:
    """A key or token. Raises SettingsError if it cannot be one."""
    value = text(values, setting)
    # An exception would show a value that cannot be sent in a header.
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise SettingsError(
            f"{named(values, setting)} holds a space or a character that no key has.",
            "Copy the key again; it is one word of letters, digits, dots and underscores.",
        )
    return Secret(value)


def optional_secret(values: Mapping[str, str], setting: Setting) -> Secret | None:
    """Like `secret`, but None if the setting is not set."""
    return secret(values, setting) if values.get(setting.name, "").strip() else None


def matching(values: Mapping[str, str], setting: Setting, pattern: str, form: str) -> str:
    """A value that matches `pattern`. Raises SettingsError, which describes it as `form`."""
    value = text(values, setting)
    if re.fullmatch(pattern, value):
        return value
    raise SettingsError(
        f"{named(values, setting)} is {value!r}, which does not have the form {form}.",
        setting.meaning,
    )


def url(values: Mapping[str, str], setting: Setting) -> str:
    """An address without the slash at its end."""
    return page(values, setting).rstrip("/")


def page(values: Mapping[str, str], setting: Setting) -> str:
    """An address."""
    return matching(values, setting, r"https?://[^\s/]+[^\s]*", setting.default)


def parsed(values: Mapping[str, str], setting: Setting, parse: Callable[[str], T]) -> T:
    """What `parse` makes of the value; its ValueError becomes a SettingsError."""
    value = text(values, setting)
    try:
        return parse(value)
    except ValueError as error:
        raise SettingsError(
            f"{named(values, setting)}: {error}.", f"The default is {setting.default}."
        ) from None


def file(values: Mapping[str, str], setting: Setting) -> Path | None:
    """The file that the setting names, if any. Nothing checks yet whether it can be read.

    Raises SettingsError if its path begins with a home folder that nobody knows.
    """
    name = values.get(setting.name, "").strip()
    try:
        return Path(name).expanduser() if name else None
    except RuntimeError as error:
        raise SettingsError(
            f"{named(values, setting)}: this user has no home folder.", "Write the full path."
        ) from error


def request_rate(value: str) -> float:
    """Requests a second, 0 for no limit. Raises ValueError."""
    rate = float(value)
    if not 0 <= rate < float("inf"):
        raise ValueError(f"{value!r} is not a number of requests a second")
    return rate
