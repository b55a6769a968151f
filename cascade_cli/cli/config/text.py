"""Settings for people: what is set first, then what stands at its default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.console import LIVE
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.settings.sources import Place

if TYPE_CHECKING:
    from cascade_cli.cli.config.run import Shop, Shown

# On narrower screens the place stands below the value.
_NARROW = 100
_NAME_WIDTH = 31


def show_settings(console: Console, shop: Shop, shown: Sequence[Shown]) -> None:
    """Which shop it is, what is set, and the defaults."""
    for line in _head(shop):
        console.print(line)
    given = [one for one in shown if one.source.place is not Place.DEFAULT]
    default = [one for one in shown if one.source.place is Place.DEFAULT]
    if given:
        console.print(Text("\nSet", "bold"))
        console.print(_table(console, given))
    console.print(Text("\nBy default", "bold"))
    console.print(_table(console, default))


def _head(shop: Shop) -> Iterator[Text]:
    name = f"Profile {shop.profile}" if shop.profile else "No profile"
    mode = Text(shop.mode, LIVE if shop.mode == "live" else "bold")
    yield Text(name, "bold").append(", " if shop.mode else "").append_text(mode)
    how = {"this folder": "in this folder", "default": "the default profile"}
    chosen = how.get(shop.chosen_by, f"by {shop.chosen_by}")
    yield Text(
        f"  settings  {escape(shop.file)} ({chosen})" if shop.file else "  settings  no file"
    )
    yield Text(f"  state     {escape(shop.state_folder)}")


def _table(console: Console, shown: Sequence[Shown]) -> Table:
    is_narrow = console.width < _NARROW
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=_NAME_WIDTH, overflow="fold")
    table.add_column(ratio=1, overflow="fold")
    if not is_narrow:
        table.add_column(ratio=1, overflow="fold")
    for one in shown:
        value, where = _value(one), Text(escape(one.where), "dim")
        if is_narrow and where:
            value.append("\n").append_text(where)
        table.add_row(f"  {one.setting.name}", value, *(() if is_narrow else (where,)))
    return table


def _value(shown: Shown) -> Text:
    if shown.source.problem:
        return Text(escape(shown.source.problem.message), "bold red")
    if shown.value is None:
        return Text("not set", "dim")
    return Text(escape(shown.value), "" if shown.is_fetched else "italic")
