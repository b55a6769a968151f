"""One case on a screen: its line, its state, the command for it, and its gift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.items.kinds import kind_name
from cascade_cli.cli.terminal.console import completed, to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.discrepancies.evidence import describe_gift
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.reconcile.overview import OpenCases
from cascade_cli.domain.records.gifts import JOINERS, Gift
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.times import format_span

# The columns' widths. The citizen gets the space that is left, within these bounds.
KIND_WIDTH, CITIZEN_WIDTH, DUCATS_WIDTH, AGE_WIDTH, GAP = 15, (12, 32), 16, 11, 1


@dataclass(frozen=True)
class Block:
    """Something to print. A command to type is never folded."""

    content: RenderableType
    is_typed: bool = False

    def rows(self, console: Console) -> int:
        """How many rows it takes on the screen. A terminal breaks a long command at any
        character."""
        if isinstance(self.content, Text) and self.is_typed:
            # Rounded up: the last row may be only partly filled.
            return -(-self.content.cell_len // console.width)
        return len(console.render_lines(self.content, pad=False))

    def put(self, console: Console) -> None:
        """Print it."""
        console.print(self.content, soft_wrap=self.is_typed)


def typed(console: Console, command: str) -> Block:
    """A command for people to type next."""
    return Block(to_type(console, command), is_typed=True)


def verdict(found: OpenCases) -> Text:
    """What is open, as the first line about a run."""
    return Text(f"{found.described}.", "bold red" if found.number else "bold green")


def row(console: Console, item: Item, now: datetime, *, whole: bool = False) -> Table:
    """A case in one line. Unless `whole`, a long name is cut off."""
    fixed = KIND_WIDTH + DUCATS_WIDTH + AGE_WIDTH + 3 * GAP
    table = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
    table.add_column(width=KIND_WIDTH)
    least, most = CITIZEN_WIDTH
    width = min(max(console.width - fixed, least), most)
    table.add_column(width=width, no_wrap=not whole, overflow="fold" if whole else "ellipsis")
    table.add_column(width=DUCATS_WIDTH, justify="right", overflow="fold")
    table.add_column(width=AGE_WIDTH, justify="right")
    ducats = "?" if item.ducats is None else rounded(item.ducats)
    table.add_row(
        kind_name(item.kind, item.severity),
        Text(escape(item.citizen or "–")),
        Text(f"{ducats} ducats"),
        Text(f"{format_span(now - item.occurred_at)} ago"),
    )
    return table


def item_blocks(console: Console, item: Item, now: datetime) -> Iterator[Block]:
    """Everything that a list shows about a case."""
    yield Block(row(console, item, now, whole=True))
    paid = f"paid {item.charge.own_money}" if item.charge else ""
    if told := "; ".join(filter(None, (paid, escape(completed(console, item.verdict))))):
        yield _indented(told, "dim")
    if item.decision:
        since = f"; since then {item.reopened}" if item.reopened else ""
        yield _indented(escape(f"decided: {item.decision.described}{since}"), "magenta")
    if item.repair:
        yield typed(console, item.repair.command)


def _indented(told: str, style: str) -> Block:
    return Block(Padding(Text(told, style), (0, 0, 0, 2)))


def show_gift(console: Console, gift: Gift | None) -> None:
    """Who gave it, and the giver's message as plain text."""
    if gift:
        console.print(Text(escape(describe_gift(gift))))
    if gift and gift.message:
        console.print(Text(f"“{escape(gift.message, keep=JOINERS)}”"))
