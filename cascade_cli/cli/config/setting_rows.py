"""What `cascade config show` shows of each setting and of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cascade_cli.settings.settings_file import Place
from cascade_cli.settings.sources import Source
from cascade_cli.settings.values import Setting


@dataclass(frozen=True)
class SettingRow:
    """One setting as it is shown. `value` is None if it is not set and has no default."""

    setting: Setting
    value: str | None
    source: Source

    @property
    def where(self) -> str:
        """Where it comes from, for people; empty for a default."""
        return "" if self.source.place is Place.DEFAULT else self.source.where

    @property
    def document(self) -> dict[str, Any]:
        """As JSON."""
        source = self.source
        return {
            "name": self.setting.name,
            "value": self.value,
            "secret": self.setting.secret,
            "from": source.place.value,
            "form": source.form.value,
            "under": source.name if source.place is not Place.DEFAULT else None,
            "overrides": str(source.over) if source.over else None,
            "problem": source.problem.message if source.problem else None,
        }


@dataclass(frozen=True)
class Shop:
    """Which settings are used, and how they were chosen."""

    profile: str
    mode: str
    file: str
    chosen_by: str
    state_folder: str
