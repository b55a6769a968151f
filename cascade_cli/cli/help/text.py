"""A topic on a terminal: rendered, and through the pager."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement, TableElement
from rich.text import Text

from cascade_cli.cli.help.topics import Topic, spelled_out
from cascade_cli.cli.terminal.console import paged
from cascade_cli.cli.terminal.session import Session

# Longer lines are hard to read.
_WIDEST = 100
_INDENT = "    "


class _Heading(Heading):
    """At the left, where the eye looks for it; Rich would centre it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by Rich."""
        yield Text(self.text.plain, "bold" if self.tag == "h3" else "bold cyan")


class _Code(CodeBlock):
    """Text to copy: no colours, no background, and no broken lines."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by Rich."""
        lines = self.text.plain.rstrip().splitlines()
        longest, width = max(map(len, lines)), options.max_width
        indent = "" if longest <= width < longest + len(_INDENT) else _INDENT
        text = "\n".join(f"{indent}{line}" for line in lines)
        yield Text(text, no_wrap=True, overflow="ignore")


class _Table(TableElement):
    """Breaks a long word, where Rich would cut it off."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by Rich."""
        for table in super().__rich_console__(console, options):
            for column in getattr(table, "columns", ()):
                column.overflow = "fold"
            yield table


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
        "table_open": _Table,
    }


def show(session: Session, topic: Topic) -> None:
    """Uses a console of its own: a session's would round ducats, among other things."""
    console = Console(highlight=False, emoji=False, no_color=session.no_color or None)
    text = spelled_out(topic.text, lambda name: f"`cascade help {name}`")
    with paged(console, wanted=session.pages):
        page = _Page(text, hyperlinks=False)
        console.print(page, width=min(console.width, _WIDEST), crop=False)
