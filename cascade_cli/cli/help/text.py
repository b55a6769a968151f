"""A topic on a terminal: rendered, and through the pager."""

from __future__ import annotations

from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement
from rich.padding import Padding
from rich.text import Text

from cascade_cli.cli.help.links import spelled_out
from cascade_cli.cli.help.topics import Topic
from cascade_cli.cli.terminal.paging import paged
from cascade_cli.cli.terminal.session import Session

# Longer lines are hard to read.
_WIDEST = 100


class _Heading(Heading):
    """At the left, where the eye looks for it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by Rich."""
        yield Text(self.text.plain, "bold" if self.tag == "h3" else "bold cyan")


class _Code(CodeBlock):
    """Without colours or background, so that it can be copied."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Called by Rich."""
        yield Padding(Text(self.text.plain.rstrip(), no_wrap=False, overflow="fold"), (0, 0, 0, 4))


class _Page(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "fence": _Code,
        "code_block": _Code,
    }


def show(session: Session, topic: Topic) -> None:
    """What a session's own console does besides, such as rounding ducats, is not for a manual."""
    console = Console(highlight=False, emoji=False, no_color=session.no_color or None)
    text = spelled_out(topic.text, lambda name: f"`cascade help {name}`")
    with paged(console, wanted=session.pages):
        console.print(_Page(text), width=min(console.width, _WIDEST))
