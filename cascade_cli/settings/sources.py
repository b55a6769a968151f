"""Where each setting's value comes from.

The environment comes first, then a credential of systemd, then the settings file (a profile, the
file of --env-file, or `.env`), then the default. In place of a secret, environment and settings
file may name a file, a command or an entry of the keyring. A `.env` that merely lies in the folder
must not decide where live keys are sent (`stray_addresses`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from cascade_cli.errors import SettingsError, UsageError
from cascade_cli.settings.locations import DEFAULT_FILE, PROFILE
from cascade_cli.settings.profiles import default_profile
from cascade_cli.settings.secret_sources import KEYRING
from cascade_cli.settings.settings_file import (
    Place,
    SettingsFile,
    dot_env,
    named_file,
    read_profile,
)
from cascade_cli.settings.values import Setting

CREDENTIALS = "CREDENTIALS_DIRECTORY"
_TEST = ("sk_test_", "rk_test_")
# A list of forms rather than a parser: an address that two parsers read differently fits no form.
_LOOPBACK = re.compile(r"https?://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?(/\S*)?", re.I)


class Form(StrEnum):
    """How the value is written in its place."""

    VALUE = "value"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"


FORMS = {"_FILE": Form.FILE, "_COMMAND": Form.COMMAND}
"""The ending of a secret's name, and the form that it announces."""


@dataclass(frozen=True)
class Source:
    """Where the value of one setting comes from.

    `name` is the name under which it is written there. `written` is the text after the name: the
    value, or for a secret perhaps the place of the value.
    """

    place: Place
    name: str
    form: Form = Form.VALUE
    written: str = field(default="", repr=False)
    file: SettingsFile | None = None
    problem: SettingsError | None = None
    over: SettingsFile | None = None
    """The file whose value this one overrides."""

    @property
    def where(self) -> str:
        """`the environment`, `profile live`, `~/shop/.env`."""
        if self.file:
            return str(self.file)
        return {Place.CREDENTIAL: "systemd's credentials"}.get(self.place, f"the {self.place}")

    def __str__(self) -> str:
        return f"{self.name} in {self.where}"


def names_of(setting: Setting) -> tuple[str, ...]:
    """All names under which the setting's value may be given."""
    return (setting.name, *(setting.name + end for end in FORMS if setting.secret))


def source_of(
    setting: Setting, environ: Mapping[str, str], file: SettingsFile | None
) -> Source | None:
    """The first place that has a value for the setting; None if there is none."""
    in_file = _source_in(setting, file.written, file.place, file) if file else None
    first = _source_in(setting, environ, Place.ENVIRONMENT) or _credential(setting, environ)
    if first is None or in_file is None or file is None:
        return first or in_file
    is_said_twice = bool(in_file.written.strip()) and first.place is Place.ENVIRONMENT
    if file.profile and setting.belongs_to_shop and is_said_twice:
        return _profile_or_problem(first, in_file)
    return replace(first, over=file)


def _source_in(
    setting: Setting, names: Mapping[str, str], place: Place, file: SettingsFile | None = None
) -> Source | None:
    given = [name for name in names_of(setting) if names.get(name, "").strip()]
    if not given:
        is_empty = setting.name in names
        return Source(place, setting.name, file=file) if is_empty else None
    name, written = given[0], names[given[0]]
    form = FORMS.get(name.removeprefix(setting.name), Form.VALUE)
    if form is Form.VALUE and setting.secret and written.strip().startswith(KEYRING):
        form, written = Form.KEYRING, written.strip()
    found = Source(place, name, form, written.strip() if form is not Form.VALUE else written, file)
    return replace(found, problem=_given_twice(found, given) or _refused_in_dot_env(found))


def _given_twice(source: Source, given: Sequence[str]) -> SettingsError | None:
    if len(given) == 1:
        return None
    return SettingsError(
        f"{' and '.join(given)} are set in {source.where}, and only one may be. None of them was "
        "read.",
        "Keep one of them.",
    )


def _refused_in_dot_env(source: Source) -> SettingsError | None:
    """The error for a `.env` that would make cascade run or read something. Somebody else may have
    left that file in the folder."""
    if source.place is not Place.DOT_ENV or source.form is Form.VALUE or source.file is None:
        return None
    done = {Form.COMMAND: "was not run", Form.FILE: "was not read", Form.KEYRING: "was not asked"}
    what = {Form.COMMAND: "command", Form.FILE: "file", Form.KEYRING: "keyring"}
    file = source.file.path.absolute()
    return SettingsError(
        f"{source.name} in {file}: the {what[source.form]} {done[source.form]}. A .env that nobody "
        "has named must not cause that.",
        f"If you want it, name the file with --env-file {file}, or put the line into a profile.",
    )


def _profile_or_problem(first: Source, other: Source) -> Source:
    """Refuse a setting that tells which shop it is, if environment and profile differ about it."""
    if not first.written.strip() or (first.form, first.written) == (other.form, other.written):
        return other
    problem = SettingsError(
        f"{first} and {other} differ: two shops would be mixed. Nothing was read or written.",
        f"Keep only the profile's (unset {first.name}), or name another profile.",
    )
    return replace(first, problem=problem, over=other.file)


def _credential(setting: Setting, environ: Mapping[str, str]) -> Source | None:
    """The credential that systemd passes to the service: LoadCredential=NAME:FILE."""
    folder = environ.get(CREDENTIALS, "")
    if not (folder and setting.secret):
        return None
    path = Path(folder) / setting.name
    is_there = path.is_file()
    return Source(Place.CREDENTIAL, setting.name, Form.FILE, str(path)) if is_there else None


def choose_file(
    environ: Mapping[str, str],
    env_file: Path | None,
    profile: str | None,
    naming_a_shop: Sequence[Setting],
    *,
    sandbox: bool,
) -> SettingsFile | None:
    """The one settings file that is read. Raises SettingsError, or UsageError if two are named.

    The default profile does not count if something else names a shop, nor in the sandbox. So
    scripts from before profiles still work.
    """
    if env_file is not None:
        if profile:
            raise UsageError("--profile and --env-file exclude each other.", "Name one of them.")
        return named_file(env_file)
    if named := profile or environ.get(PROFILE.name, "").strip():
        return read_profile(named)
    here = dot_env()
    # A .env of another program in the same folder says nothing about a shop.
    if here and any(name.startswith(_OURS) for name in here.written):
        return here
    if not (sandbox or _names_a_shop(environ, naming_a_shop)) and (usual := default_profile()):
        return read_profile(usual)
    return here


_OURS = ("CASCADE_", "STRIPE_", "AIRTABLE_", "VENICE_")


def _names_a_shop(environ: Mapping[str, str], naming: Sequence[Setting]) -> bool:
    places = (
        (_source_in(one, environ, Place.ENVIRONMENT), _credential(one, environ)) for one in naming
    )
    found = (source for both in places for source in both)
    return any(source and source.written.strip() for source in found)


class Keyed(NamedTuple):
    """An address, and the key that is sent there."""

    address: Setting
    key: Setting


def stray_addresses(
    values: Mapping[str, str], chosen: Container[str], keyed: tuple[Keyed, ...], stripe_key: Setting
) -> Iterator[tuple[Setting, SettingsError]]:
    """The addresses in `.env` that would send live keys to another host, with the error for each.

    `chosen` contains the names that come from the environment, or from a file that somebody named.
    """
    for address, key in keyed:
        value = values.get(address.name, "").strip()
        if not value or address.name in chosen or _is_harmless(value, address):
            continue
        if _is_live(values, chosen, key, stripe_key):
            yield address, _refusal(address)


def _is_harmless(value: str, address: Setting) -> bool:
    host = re.escape(str(urlsplit(address.default).hostname))
    own = re.fullmatch(rf"https://{host}(:443)?(/\S*)?", value, re.I)
    return bool(own or _LOOPBACK.fullmatch(value))


def _is_live(
    values: Mapping[str, str], chosen: Container[str], key: Setting, stripe_key: Setting
) -> bool:
    """A token does not say whether it is live, but the Stripe key beside it does. If somebody chose
    only the token, the file's Stripe key proves nothing."""
    if not values.get(stripe_key.name, "").strip().startswith(_TEST):
        return True
    return key.name in chosen and stripe_key.name not in chosen


def _refusal(address: Setting) -> SettingsError:
    file = Path(DEFAULT_FILE).absolute()
    return SettingsError(
        f"{address.name} in {file} leads to another host, or does not use https: no key was sent, "
        "and nothing was read or written.",
        f"If you mean it, name the file with --env-file {file}, or set {address.name} in the "
        "environment. If not, remove it from the file.",
    )
