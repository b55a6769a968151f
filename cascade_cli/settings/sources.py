"""Where each setting's value comes from, and the value itself once somebody needs it.

The environment comes first, then a credential of systemd, then one file of settings (a profile, the
file of --env-file, or `.env`), then the default. A secret may also stand in a file of its own, be
printed by a command, or lie in the keyring: it is fetched when it is needed, and once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from cascade_cli.errors import SettingsError, UsageError
from cascade_cli.settings.locations import DEFAULT_FILE, PROFILE, STATE_DIR, short, state_folder
from cascade_cli.settings.profiles import default_profile, existing_profile
from cascade_cli.settings.secret_sources import KEYRING, ask_keyring, read_file, run_command
from cascade_cli.settings.values import Setting, TracedValues

CREDENTIALS = "CREDENTIALS_DIRECTORY"
PROFILES_FOLDER = "profiles"


class Place(StrEnum):
    """Where a value stands."""

    ENVIRONMENT = "environment"
    CREDENTIAL = "systemd"
    PROFILE = "profile"
    ENV_FILE = "env-file"
    DOT_ENV = ".env"
    DEFAULT = "default"


class Form(StrEnum):
    """How it is written there."""

    VALUE = "value"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"


FORMS = {"_FILE": Form.FILE, "_COMMAND": Form.COMMAND}
"""By what follows a secret's name."""


@dataclass(frozen=True)
class SettingsFile:
    """The one file of settings that is read."""

    path: Path
    place: Place
    written: Mapping[str, str] = field(repr=False)
    profile: str = ""

    def __str__(self) -> str:
        return f"profile {self.profile}" if self.profile else short(self.path)


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


class FoundValues(TracedValues):
    """Every setting that was given a value. A secret is fetched when it is first looked at.

    Looking at one raises SettingsError where it cannot be fetched, or may not be. `hide` hears of
    each secret before anybody else does.
    """

    def __init__(
        self,
        settings: Sequence[Setting],
        environ: Mapping[str, str],
        file: SettingsFile | None,
        hide: Callable[[str], None] = lambda _secret: None,
    ) -> None:
        self.file, self.environ, self._hide = file, environ, hide
        self._secret = {setting.name for setting in settings if setting.secret}
        found = {setting.name: _source(setting, environ, file) for setting in settings}
        self._sources = {name: source for name, source in found.items() if source}
        self._known: dict[str, str | SettingsError] = {}
        self._lock = threading.RLock()
        for name, source in self._sources.items():
            if name in self._secret and source.form is Form.VALUE and source.written.strip():
                hide(source.written.strip())

    @property
    def profile(self) -> str:
        """The profile that is in use; empty if none is."""
        return self.file.profile if self.file else ""

    @property
    def root(self) -> Path:
        """The folder above the state folders of all profiles, or the state folder itself.

        Raises SettingsError.
        """
        if self._has_own_folder:
            return state_folder(self)
        return state_folder(self.environ if self.profile else self)

    @property
    def _has_own_folder(self) -> bool:
        written = self.file.written if self.file else {}
        return bool(self.profile and written.get(STATE_DIR.name, "").strip())

    def __getitem__(self, name: str) -> str:
        if name == STATE_DIR.name and self.profile:
            return self._state_of_profile()
        with self._lock:
            if name not in self._known:
                self._known[name] = self._fetched(name)
            known = self._known[name]
        if isinstance(known, SettingsError):
            raise known
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._sources or (name == STATE_DIR.name and bool(self.profile))

    def __iter__(self) -> Iterator[str]:
        yield from self._sources
        if self.profile and STATE_DIR.name not in self._sources:
            yield STATE_DIR.name

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def source(self, name: str) -> Source:
        """Where its value comes from."""
        if name == STATE_DIR.name and self.profile:
            own = self._has_own_folder
            return Source(Place.PROFILE if own else Place.DEFAULT, name, file=self.file)
        return self._sources.get(name) or Source(Place.DEFAULT, name)

    def named(self, name: str) -> str:
        """The setting as an error calls it: with where it stands, if not in the environment."""
        source = self.source(name)
        plain = source.form is Form.VALUE
        if source.place is Place.DEFAULT or (source.place is Place.ENVIRONMENT and plain):
            return name
        return f"{name} (in {source.where})" if plain else f"{name} (by {source})"

    @property
    def where_to_set(self) -> str:
        """For an error about a setting that is missing."""
        if self.profile and self.file:
            return f"profile {self.profile} ({short(self.file.path)})"
        return "the environment or in .env (see .env.example)"

    def is_stray(self, name: str) -> bool:
        """Whether it stands in a `.env` that nobody named."""
        return self.source(name).place is Place.DOT_ENV

    def fetched(self) -> tuple[dict[str, str], dict[str, SettingsError]]:
        """All values, and why the others could not be fetched."""
        values, problems = {}, {}
        for name in self:
            try:
                values[name] = self[name]
            except SettingsError as error:
                problems[name] = error
        return values, problems

    def secret_files(self) -> Iterator[tuple[str, Path]]:
        """The files of single secrets, by NAME_FILE: the setting and the file."""
        for name, source in self._sources.items():
            named_by_hand = source.form is Form.FILE and source.place is not Place.CREDENTIAL
            if named_by_hand and not source.problem:
                yield name, self._path(source)

    def _path(self, source: Source) -> Path:
        return Path(os.path.normpath(self._folder(source) / _expanded(source.written)))

    def _folder(self, source: Source) -> Path:
        """What the paths in it are relative to."""
        return source.file.path.absolute().parent if source.file else Path.cwd()

    def _fetched(self, name: str) -> str | SettingsError:
        source = self._sources.get(name)
        if source is None:
            raise KeyError(name)
        try:
            value = self._value(source)
        except SettingsError as error:
            return error
        if name in self._secret and value.strip():
            self._hide(value.strip())
        return value

    def _value(self, source: Source) -> str:
        if source.problem:
            raise source.problem
        folder = self._folder(source)
        match source.form:
            case Form.FILE:
                return read_file(self._path(source), str(source))
            case Form.COMMAND:
                # Whoever fetches one key needs no other.
                keys = {s + end for s in self._secret for end in ("", *FORMS)}
                given = {n: value for n, value in self.environ.items() if n not in keys}
                return run_command(source.written, folder, given, str(source))
            case Form.KEYRING:
                return ask_keyring(source.written, str(source))
        return source.written

    def _state_of_profile(self) -> str:
        if self._has_own_folder and self.file:
            return self.file.written[STATE_DIR.name].strip()
        return str(state_folder(self.environ) / PROFILES_FOLDER / self.profile)


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _source(
    setting: Setting, environ: Mapping[str, str], file: SettingsFile | None
) -> Source | None:
    """The first place that has it."""
    in_file = _written(setting, file.written, file.place, file) if file else None
    first = _written(setting, environ, Place.ENVIRONMENT) or _credential(setting, environ)
    if first is None or in_file is None or file is None:
        return first or in_file
    if file.profile and setting.unmixed and first.place is Place.ENVIRONMENT:
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
        return _named_file(env_file)
    if named := profile or environ.get(PROFILE.name, "").strip():
        return read_profile(named)
    here = _dot_env()
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


def read_profile(name: str) -> SettingsFile:
    """Raises SettingsError."""
    path = existing_profile(name)
    return _checked(SettingsFile(path, Place.PROFILE, _lines(path), name))


def _named_file(path: Path) -> SettingsFile:
    if not path.is_file():
        raise SettingsError(f"There is no file {str(path)!r}.", "Check --env-file.")
    return _checked(SettingsFile(path, Place.ENV_FILE, _lines(path)))


def _dot_env() -> SettingsFile | None:
    path = Path(DEFAULT_FILE)
    return _checked(SettingsFile(path, Place.DOT_ENV, _lines(path))) if path.is_file() else None


def _lines(path: Path) -> dict[str, str]:
    from dotenv import dotenv_values  # noqa: PLC0415 - paid for only where there is a file

    try:
        # Without interpolation: a `$` in a key is a `$`.
        return {n: value or "" for n, value in dotenv_values(path, interpolate=False).items()}
    except (OSError, UnicodeDecodeError) as error:
        # The error's own words would repeat what stands in the file.
        raise SettingsError(
            f"{path} cannot be read: {type(error).__name__}", "Check the file."
        ) from None


def _checked(file: SettingsFile) -> SettingsFile:
    if file.written.get(PROFILE.name, "").strip():
        raise SettingsError(
            f"{PROFILE.name} in {file} is not read: no file of settings may choose another one.",
            "Set it in the environment, or use --profile.",
        )
    return file
