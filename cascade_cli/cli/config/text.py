"""What `cascade config show` shows, for people and for scripts: what is set, by where it comes
from, then the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.terminal.console import LIVE
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.settings.settings_file import Place
from cascade_cli.settings.sources import Source
from cascade_cli.settings.values import Setting

_NAME_WIDTH = 31
_HOW = {"this folder": "in this folder", "default": "the default profile"}


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


def show_settings(console: Console, shop: Shop, shown: Sequence[SettingRow]) -> None:
    """Print which shop this is, what is set and where, and the defaults."""
    for line in (*_head(shop), *_places(shown)):
        console.print(line, soft_wrap=True)


def _head(shop: Shop) -> Iterator[Text]:
    name = f"Profile {shop.profile}" if shop.profile else "No profile"
    mode = Text(shop.mode, LIVE if shop.mode == "live" else "bold")
    yield Text(name, "bold").append(", " if shop.mode else "").append_text(mode)
    chosen = _HOW.get(shop.chosen_by, f"by {shop.chosen_by}")
    yield Text(
        f"  settings  {escape(shop.file)} ({chosen})" if shop.file else "  settings  no file"
    )
    yield Text(f"  state     {escape(shop.state_folder)}")


def _places(shown: Sequence[SettingRow]) -> Iterator[Text]:
    order = list(Place)
    by_place = sorted(shown, key=lambda one: order.index(one.source.place))
    for where, listed in groupby(by_place, key=lambda one: one.where):
        yield Text()
        yield Text(f"Set in {escape(where)}" if where else "By default", "bold")
        for one in listed:
            yield Text(f"  {one.setting.name:{_NAME_WIDTH}}").append_text(_value(one))


def _value(shown: SettingRow) -> Text:
    if shown.source.problem:
        return Text(escape(shown.source.problem.message), "bold red")
    if shown.value is None:
        return Text("not set", "dim")
    over = f"  (overrides {shown.source.over})" if shown.source.over else ""
    return Text(escape(shown.value)).append(escape(over), "dim")
