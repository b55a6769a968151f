"""Every setting's value and where it comes from. Values are fetched when they are needed."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cascade_cli.errors import SettingsError
from cascade_cli.settings.locations import STATE_DIR, short, state_folder
from cascade_cli.settings.secret_sources import ask_keyring, output_of_command, read_file
from cascade_cli.settings.settings_file import Place, SettingsFile
from cascade_cli.settings.sources import FORMS, Form, Source, source_of
from cascade_cli.settings.values import HOW_TO_SET, Setting, TracedValues

PROFILES_FOLDER = "profiles"


class FoundValues(TracedValues):
    """Every setting that has a value. A secret is fetched when it is first read.

    Reading one raises SettingsError if it cannot or must not be fetched. `hide` gets each secret
    before the caller does.
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
        found = {setting.name: source_of(setting, environ, file) for setting in settings}
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
                # An error is kept as well, so that a command that fails is run only once.
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
        """The setting as an error names it. If it is not in the environment, the name says where it
        is."""
        source = self.source(name)
        plain = source.form is Form.VALUE
        if source.place is Place.DEFAULT or (source.place is Place.ENVIRONMENT and plain):
            return name
        return f"{name} (in {source.where})" if plain else f"{name} (by {source})"

    @property
    def how_to_set(self) -> str:
        """In which profile the user can set a missing one, or how without a profile."""
        if self.profile and self.file:
            return f"Set it in profile {self.profile} ({short(self.file.path)})"
        return HOW_TO_SET

    def is_stray(self, name: str) -> bool:
        """Whether it comes from a `.env` that nobody named."""
        return self.source(name).place is Place.DOT_ENV

    def fetched(self) -> tuple[dict[str, str], dict[str, SettingsError]]:
        """The values that could be fetched, and for each other one the error."""
        values, problems = {}, {}
        for name in self:
            try:
                values[name] = self[name]
            except SettingsError as error:
                problems[name] = error
        return values, problems

    def secret_files(self) -> Iterator[tuple[str, Path]]:
        """Each setting that is given as NAME_FILE, with that file."""
        for name, source in self._sources.items():
            named_by_hand = source.form is Form.FILE and source.place is not Place.CREDENTIAL
            if named_by_hand and not source.problem:
                yield name, self._path(source)

    def _path(self, source: Source) -> Path:
        return Path(os.path.normpath(self._folder(source) / _expanded(source.written)))

    def _folder(self, source: Source) -> Path:
        """The folder to which paths in this source are relative."""
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
                # The command that fetches one key does not need the others.
                keys = {s + end for s in self._secret for end in ("", *FORMS)}
                given = {n: value for n, value in self.environ.items() if n not in keys}
                return output_of_command(source.written, folder, given, str(source))
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
