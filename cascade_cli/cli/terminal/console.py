"""Rich's console with three changes: ducats are rounded to a hundredth, ids become links, and a
closed pipe is left for us to handle. And the user's pager, for what is longer than a screen."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderableType
from rich.pager import Pager
from rich.segment import Segment
from rich.text import Text

from cascade_cli.cli.terminal.rounding import exact_amounts

if TYPE_CHECKING:
    from cascade_cli.cli.terminal.hyperlinks import Hyperlinks

# less quits at once if the text fits one screen, shows colours, and leaves the text on the screen.
_LESS = "FRX"


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


LIVE = "bold white on magenta"
"""The colour of real money. Nothing else has it."""


def settings_note(console: Console) -> Text:
    """Which settings are in use, to append to a headline or a question."""
    note = Text(console.settings if isinstance(console, PipeConsole) else "", "not bold default")
    note.highlight_regex(r"\blive(?=\)$)", LIVE)
    return note


def completed(console: Console, text: str) -> str:
    """The text, with this invocation's global options in its commands, so that they can be typed as
    they stand."""
    return console.complete(text) if isinstance(console, PipeConsole) else text


class UsersPager(Pager):
    """PAGER, else less. If it cannot be started, the text is printed as it is."""

    def show(self, content: str) -> None:
        """Raises nothing when the reader leaves before the end."""
        words = shlex.split(os.environ.get("PAGER", "")) or ["less"]
        environment = {"LESS": _LESS, "LV": "-c", **os.environ}
        try:
            subprocess.run(words, input=content.encode(), env=environment, check=False)  # noqa: S603 - theirs
        except OSError:
            sys.stdout.write(content)


@contextmanager
def paged(console: Console, *, wanted: bool) -> Iterator[None]:
    """Page what the block prints, if it is wanted and standard output is a terminal."""
    paging = console.pager(UsersPager(), styles=True, links=True)
    with paging if wanted and sys.stdout.isatty() else nullcontext():
        yield
