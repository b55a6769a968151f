"""Rich's console with three changes: ducats are rounded to a hundredth, ids become links, and a
closed pipe is left for us to handle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from cascade_cli.cli.terminal.rounding import exact_amounts

if TYPE_CHECKING:
    from cascade_cli.cli.terminal.hyperlinks import Hyperlinks


class PipeConsole(Console):
    """Lets BrokenPipeError through. Rich would exit with 1, whatever the command's result."""

    complete: Callable[[str], str] = str
    """Puts the global options of this invocation into the commands in a text."""
    settings: str = ""
    """The settings file that is in use, as `Session.settings_note` says it."""
    shows_links: bool = True
    """Whether the terminal supports links."""
    links: Hyperlinks | None = None
    """Where ids lead, if the terminal supports links; None until the services are known."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles a BrokenPipeError."""
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Every text on every screen passes through here."""
        if isinstance(renderable, Text):
            renderable = _readable(renderable)
            if self.links is not None:
                self.links.add(renderable)
        return super().render(renderable, options)


def _readable(text: Text) -> Text:
    """A copy with the same styles, and its ducats to a hundredth."""
    readable, read = text.blank_copy(), 0
    for start, end, amount in exact_amounts(text.plain):
        readable.append_text(text[read:start]).append(amount)
        read = end
    return readable.append_text(text[read:])


def to_type(console: Console, command: str) -> Text:
    """A command for people to type next, for a line of its own. It gets the global options of this
    invocation."""
    return Text(f"  $ {completed(console, command)}")


def settings_note(console: Console) -> str:
    """The settings file that is in use, to append to a headline or a question."""
    return console.settings if isinstance(console, PipeConsole) else ""


def completed(console: Console, text: str) -> str:
    """The text, with this invocation's global options in its commands, so that they can be typed as
    they stand."""
    return console.complete(text) if isinstance(console, PipeConsole) else text
