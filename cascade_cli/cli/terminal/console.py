"""Rich's console as people need it: ducats to a hundredth, ids that lead somewhere; and a closed
pipe is ours to handle."""

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
    """Lets BrokenPipeError through, where Rich would exit with 1 whatever the command came to."""

    complete: Callable[[str], str] = str
    """Puts the global options of this invocation into the commands in a text."""
    settings: str = ""
    """The settings file that is read, as `Session.settings_note` says it."""
    shows_links: bool = True
    """Whether the terminal has links at all."""
    links: Hyperlinks | None = None
    """Where ids lead, on a terminal that shows links; None while no service is known."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles a BrokenPipeError."""
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """All text of all screens comes by here."""
        if isinstance(renderable, Text):
            renderable = _readable(renderable)
            if self.links is not None:
                self.links.add(renderable)
        return super().render(renderable, options)


def _readable(text: Text) -> Text:
    """A copy with its styles, and its ducats to a hundredth."""
    readable, read = text.blank_copy(), 0
    for start, end, amount in exact_amounts(text.plain):
        readable.append_text(text[read:start]).append(amount)
        read = end
    return readable.append_text(text[read:])


def to_type(console: Console, command: str) -> Text:
    """A command for people to type next: on a line of its own, for where this one was typed."""
    return Text(f"  $ {completed(console, command)}")


LIVE = "bold white on magenta"
"""The colour of real money: nothing else has it."""


def settings_note(console: Console) -> Text:
    """Which settings are used, to be put behind a headline or a question."""
    note = Text(console.settings if isinstance(console, PipeConsole) else "", "not bold default")
    note.highlight_regex(r"\blive(?=\)$)", LIVE)
    return note


def completed(console: Console, text: str) -> str:
    """A text whose commands can be typed as they stand."""
    return console.complete(text) if isinstance(console, PipeConsole) else text
