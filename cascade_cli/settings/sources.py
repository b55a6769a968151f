"""Where each setting's value comes from.

The environment comes first, then a credential of systemd, then one file of settings (a profile, the
file of --env-file, or `.env`), then the default. A secret may also stand in a file of its own, be
printed by a command, or lie in the keyring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from cascade_cli.errors import SettingsError, UsageError
from cascade_cli.settings.locations import PROFILE
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


class Form(StrEnum):
    """How it is written there."""

    VALUE = "value"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"


FORMS = {"_FILE": Form.FILE, "_COMMAND": Form.COMMAND}
"""By what follows a secret's name."""


@dataclass(frozen=True)
class Source:
    """Where the value of one setting stands. `name` is what it is called there, `written` what
    stands behind it: of a secret the value itself, or where it is."""

    place: Place
    name: str
    form: Form = Form.VALUE
    written: str = field(default="", repr=False)
    file: SettingsFile | None = None
    problem: SettingsError | None = None
    over: SettingsFile | None = None
    """The file that has another value, which does not count."""

    @property
    def where(self) -> str:
        """`the environment`, `profile live`, `~/shop/.env`."""
        if self.file:
            return str(self.file)
        return {Place.CREDENTIAL: "systemd's credentials"}.get(self.place, f"the {self.place}")

    def __str__(self) -> str:
        return f"{self.name} in {self.where}"


def names_of(setting: Setting) -> tuple[str, ...]:
    """All names under which its value may stand."""
    return (setting.name, *(setting.name + end for end in FORMS if setting.secret))


def source_of(
    setting: Setting, environ: Mapping[str, str], file: SettingsFile | None
) -> Source | None:
    """The first place that has it."""
    in_file = _written(setting, file.written, file.place, file) if file else None
    first = _written(setting, environ, Place.ENVIRONMENT) or _credential(setting, environ)
    if first is None or in_file is None or file is None:
        return first or in_file
    is_said_twice = bool(in_file.written.strip()) and first.place is Place.ENVIRONMENT
    if file.profile and setting.unmixed and is_said_twice:
        return _unmixed(first, in_file)
    return replace(first, over=file)


def _written(
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
    return replace(found, problem=_twice(found, given) or _not_from_here(found))


def _twice(source: Source, given: Sequence[str]) -> SettingsError | None:
    if len(given) == 1:
        return None
    return SettingsError(
        f"{' and '.join(given)} are both set in {source.where}, so nobody knows which counts. "
        "Neither was read.",
        "Remove one of them.",
    )


def _not_from_here(source: Source) -> SettingsError | None:
    """A `.env` that somebody left in the folder must not make cascade run or read anything."""
    if source.place is not Place.DOT_ENV or source.form is Form.VALUE or source.file is None:
        return None
    done = {Form.COMMAND: "was not run", Form.FILE: "was not read", Form.KEYRING: "was not asked"}
    what = {Form.COMMAND: "command", Form.FILE: "file", Form.KEYRING: "keyring"}
    file = source.file.path.absolute()
    return SettingsError(
        f"{source.name} in {file}: the {what[source.form]} {done[source.form]}. A .env that merely "
        "lies in the folder may not cause that.",
        f"If you mean it, name the file with --env-file {file}, or put the line into a profile.",
    )


def _unmixed(first: Source, other: Source) -> Source:
    """What says which shop it is must not come from two places that differ."""
    if not first.written.strip() or (first.form, first.written) == (other.form, other.written):
        return other
    problem = SettingsError(
        f"{first} and {other} differ: two shops would be mixed. Nothing was read or written.",
        f"Leave the profile's alone (unset {first.name}), or name another profile.",
    )
    return replace(first, problem=problem, over=other.file)


def _credential(setting: Setting, environ: Mapping[str, str]) -> Source | None:
    """What systemd gives to its service alone: LoadCredential=NAME:FILE."""
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
    """The one file of settings that counts. Raises SettingsError, or UsageError for two of them.

    The default profile stands back where something else names a shop, and in the sandbox: scripts
    that know nothing of profiles go on as before.
    """
    if env_file is not None:
        if profile:
            raise UsageError("--profile and --env-file exclude each other.", "Name one of them.")
        return named_file(env_file)
    if named := profile or environ.get(PROFILE.name, "").strip():
        return read_profile(named)
    here = dot_env()
    if here and any(name.startswith(_OURS) for name in here.written):
        return here
    if not (sandbox or _names_a_shop(environ, naming_a_shop)) and (usual := default_profile()):
        return read_profile(usual)
    return here


_OURS = ("CASCADE_", "STRIPE_", "AIRTABLE_", "VENICE_")


def _names_a_shop(environ: Mapping[str, str], naming: Sequence[Setting]) -> bool:
    places = (
        (_written(one, environ, Place.ENVIRONMENT), _credential(one, environ)) for one in naming
    )
    found = (source for both in places for source in both)
    return any(source and source.written.strip() for source in found)
