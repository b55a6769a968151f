"""Settings → adapters → services, for commands, the server and Python callers alike.

`connection` finds the settings and wires the services that read (`reading`). `writing` adds the
services that write, the journal and the run lock. `serving` wires what `cascade serve` calls, and
`doctor` doctor's readers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from cascade_cli.errors import CascadeError, SettingsError

if TYPE_CHECKING:
    from cascade_cli.adapters.http.pacing import Pacers
    from cascade_cli.domain.records.journal_entries import Worker
    from cascade_cli.settings import Settings
    from cascade_cli.settings.found_values import FoundValues
    from cascade_cli.settings.settings_file import SettingsFile


# The command line's Session is one, and `--help` loads it: costly modules are imported late.
@dataclass
class Invocation:
    """One use of cascade, from the command line or from Python: where its settings are found, and
    how it reports to people."""

    sandbox: bool = False
    env_file: Path | None = None
    profile: str | None = None
    """The profile that was asked for; `profile_in_use` also knows the default."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    warnings: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """The keys that were read, never to be shown or kept."""
    pacers: Pacers | None = None
    """Shared by all invocations of a process that work at once."""
    _clock: Callable[[], datetime] | None = field(default=None, repr=False)

    @cached_property
    def found(self) -> FoundValues:
        """The settings as text, the environment over one file of settings, and where each comes
        from; found once. Raises SettingsError."""
        from cascade_cli.settings import find_values  # noqa: PLC0415 - not for --help

        return find_values(
            self.environ,
            self.env_file,
            self.profile,
            sandbox=self.sandbox,
            hide=self.secrets.append,
        )

    @property
    def file_in_use(self) -> SettingsFile | None:
        """The settings file; None if none is, or if it cannot be."""
        try:
            return self.found.file
        except CascadeError:
            return None

    @property
    def profile_in_use(self) -> str:
        """The name of the profile in use; empty if none is."""
        file = self.file_in_use
        return file.profile if file else self.profile or ""

    @property
    def folder(self) -> Path:
        """Where journal and sandbox live. Raises SettingsError."""
        from cascade_cli.settings.locations import state_folder  # noqa: PLC0415 - as above

        return state_folder(self.found)

    def enter_sandbox(self, values: Mapping[str, str]) -> None:
        """Let CASCADE_SANDBOX do what --sandbox does. Raises SettingsError."""
        from cascade_cli.settings import SANDBOX  # noqa: PLC0415 - as above

        switch = values.get(SANDBOX.name, "")
        if not self.sandbox and switch.strip() not in {"", "0", "1"}:
            raise SettingsError(f"CASCADE_SANDBOX is {switch!r}.", "Set it to 1 or 0.")
        self.sandbox = self.sandbox or switch.strip() == "1"
        self._clock = _machine_clock
        if self.sandbox:
            from cascade_cli.settings.locations import state_folder  # noqa: PLC0415 - as above
            from cascade_cli.wiring.connection import sandbox_clock  # noqa: PLC0415 - as above

            self._clock = sandbox_clock(state_folder(values))

    def now(self) -> datetime:
        """The present by this machine's clock, or in the sandbox by the clock of the sandbox.

        Raises SettingsError.
        """
        if self._clock is None:
            self.enter_sandbox(self.found)
        return self._clock() if self._clock else _machine_clock()

    def say(self, message: str) -> None:
        """A line for people, such as why cascade waits. A Python caller shows none."""

    def warn(self, message: str) -> None:
        """Something the operator should know."""
        self.warnings.append(message)

    def connected_to(self, settings: Settings) -> None:
        """Called once it is known which services are used."""


def _machine_clock() -> datetime:
    return datetime.now(UTC)


def this_worker(command: str, base: str = "") -> Worker:
    """Who runs this command, where, and for which shop's base; an empty `base` means all shops."""
    import secrets  # noqa: PLC0415 - not for --help
    import socket  # noqa: PLC0415 - as above

    from cascade_cli.domain.records.journal_entries import Worker  # noqa: PLC0415 - as above

    host, pid = socket.gethostname(), os.getpid()
    return Worker(secrets.token_hex(8), host, pid, operator(), command, base)


def operator() -> str:
    """The user's name, or the uid: in a container, a user may have no name."""
    import getpass  # noqa: PLC0415 - not for --help

    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):
        return f"uid {os.getuid()}"
