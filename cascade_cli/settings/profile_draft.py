"""A draft of a profile: its lines, the settings that it takes over, and writing its file."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cascade_cli.errors import OutputError, SettingsError
from cascade_cli.settings import PRICES, RATES_FILE, SANDBOX, SETTINGS
from cascade_cli.settings.found_values import FoundValues
from cascade_cli.settings.locations import PROFILE, STATE_DIR, short
from cascade_cli.settings.profiles import profile_file, profile_names
from cascade_cli.settings.settings_file import Place, SettingsFile, read_profile
from cascade_cli.settings.sources import CREDENTIALS, Form, Source, names_of, source_of
from cascade_cli.settings.values import Setting

_OWNER_ONLY = 0o600
_NEEDS_NO_QUOTES = re.compile(r"[\w./:@%+,=~-]+", re.ASCII)
_FILES = {PRICES.name, RATES_FILE.name, STATE_DIR.name}
# They choose between shops, or are about all of them.
_OF_THE_ENVIRONMENT = {SANDBOX.name, PROFILE.name, STATE_DIR.name}
_OF_ALL_NAMES = {name for setting in SETTINGS for name in names_of(setting)}


@dataclass
class Draft:
    """The lines that a profile is to have. Nothing is written before `write`."""

    name: str
    is_new: bool
    lines: dict[str, str] = field(default_factory=dict, repr=False)
    before: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def file(self) -> Path:
        """Where it stands, or will."""
        return profile_file(self.name)

    @property
    def changed(self) -> list[str]:
        """The names of the lines that differ from what the file holds."""
        names = dict.fromkeys((*self.before, *self.lines))
        return [name for name in names if self.before.get(name) != self.lines.get(name)]

    def put(self, setting: Setting, value: str, name: str = "") -> None:
        """One setting, instead of whatever form it had. An empty value takes it out."""
        for known in names_of(setting):
            self.lines.pop(known, None)
        if value:
            self.lines[name or setting.name] = value

    def take(self, environ: Mapping[str, str], file: SettingsFile | None) -> list[Source]:
        """Take over every setting that the environment or the file has; returns where each was.

        Raises SettingsError for one that is given twice, or that its file may not give.
        """
        given = {name: value for name, value in environ.items() if name != CREDENTIALS}
        taken = []
        for setting in SETTINGS:
            of_environ = setting.name not in _OF_THE_ENVIRONMENT
            source = source_of(setting, given if of_environ else {}, None)
            source = source or source_of(setting, {}, file)
            if source is None or setting.name == SANDBOX.name or not source.written.strip():
                continue
            if source.problem:
                raise source.problem
            self.put(setting, _wherever_it_is_read(setting, source), source.name)
            taken.append(source)
        return taken

    def values(self, environ: Mapping[str, str], hide: Callable[[str], None]) -> FoundValues:
        """What a command with this profile would find, if it had the profile alone."""
        file = SettingsFile(self.file, Place.PROFILE, dict(self.lines), self.name)
        alone = _OF_ALL_NAMES - {STATE_DIR.name} | {CREDENTIALS}
        others = {name: value for name, value in environ.items() if name not in alone}
        return FoundValues(SETTINGS, others, file, hide)

    def write(self) -> None:
        """Put it in its place, in one step; only its owner may read it.

        Raises OutputError, and SettingsError for a value that is not UTF-8.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            text = self.file.read_text(encoding="utf-8") if self.file.exists() else _HEAD
            # It is readable for nobody else from its first byte.
            handle, draft = tempfile.mkstemp(prefix=f".{self.name}.", dir=self.file.parent)
            try:
                os.fchmod(handle, _OWNER_ONLY)
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(rewritten(text, self.lines, self.changed))
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).replace(self.file)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
        except UnicodeEncodeError:
            # The error's own words would repeat the value.
            raise SettingsError(
                f"Profile {self.name} could not be written: one of its values is not UTF-8.",
                "Nothing was changed. Look at what the environment sets.",
            ) from None
        except OSError as error:
            raise OutputError(
                f"Profile {self.name} could not be written: {error.strerror}.",
                f"Nothing was changed. Look at {short(self.file.parent)}.",
            ) from error


def draft_of(name: str) -> Draft:
    """The profile as it stands, or an empty one. Raises SettingsError if it cannot be read."""
    if not profile_file(name).exists():
        return Draft(name, is_new=True)
    written = read_profile(name).written
    return Draft(name, is_new=False, lines=dict(written), before=written)


def profiles_of_base(base: str, setting: Setting, other_than: str) -> list[SettingsFile]:
    """The other profiles whose file names this base. Those that cannot be read are passed over."""
    found = []
    for name in profile_names():
        try:
            file = read_profile(name)
        except SettingsError:
            continue
        if name != other_than and file.written.get(setting.name, "").strip() == base:
            found.append(file)
    return found


def rewritten(text: str, lines: Mapping[str, str], changed: list[str]) -> str:
    """The file's text with these lines changed; all else, also comments, stays as it is."""
    from dotenv.parser import parse_stream  # noqa: PLC0415 - only for a file that is written

    pieces, done = [], set()
    for binding in parse_stream(io.StringIO(text)):
        if binding.key not in changed:
            pieces.append(binding.original.string)
        elif binding.key in lines and binding.key not in done:
            pieces.append(_line(binding.key, lines[binding.key]))
            done.add(binding.key)
    kept = "".join(pieces)
    kept += "\n" if kept and not kept.endswith("\n") else ""
    added = [name for name in changed if name in lines and name not in done]
    return kept + "".join(_line(name, lines[name]) for name in added)


def _line(name: str, value: str) -> str:
    if _NEEDS_NO_QUOTES.fullmatch(value):
        return f"{name}={value}\n"
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{escaped}'\n"


def _wherever_it_is_read(setting: Setting, source: Source) -> str:
    """The setting's text for the profile. Relative paths become absolute, because the profile lies
    in another folder."""
    if source.form is Form.FILE:
        folder = source.file.path.absolute().parent if source.file else Path.cwd()
        return str(folder / Path(source.written).expanduser())
    written = source.written.strip()
    is_relative = setting.name in _FILES and not written.startswith(("/", "~"))
    return str(Path(written).absolute()) if is_relative else written


_HEAD = """\
# Settings of one shop, by cascade init. They hold keys: only you may read this file.
"""
