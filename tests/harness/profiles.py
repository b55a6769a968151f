"""A user's config folder with profiles in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.harness.commands import Answer, in_this_process

NO_PACE = {"CASCADE_STRIPE_RATE": "0", "CASCADE_AIRTABLE_RATE": "0"}


@dataclass(frozen=True)
class Machine:
    """One user's home: profiles, state, and a folder in which commands are typed."""

    home: Path

    @property
    def profiles(self) -> Path:
        """The folder of the profiles' files."""
        return self.home / "config" / "cascade" / "profiles"

    @property
    def state(self) -> Path:
        """The folder of all state."""
        return self.home / "state" / "cascade"

    @property
    def places(self) -> dict[str, str]:
        """Where a process finds all of it."""
        return {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "COLUMNS": "200",
        }

    def write(self, name: str, settings: Mapping[str, str], mode: int = 0o600) -> Path:
        """A profile of these settings."""
        self.profiles.mkdir(parents=True, exist_ok=True)
        file = self.profiles / f"{name}.env"
        file.write_text("".join(f"{key}='{value}'\n" for key, value in settings.items()))
        file.chmod(mode)
        return file

    def typed(self, *words: str, **settings: str | None) -> Answer:
        """A command line, in this process."""
        return in_this_process(words, {**self.places, **settings})
