"""Rich's console, except that a closed pipe is ours to handle."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.text import Text


class PipeConsole(Console):
    """Lets BrokenPipeError through, where Rich would exit with 1 whatever the command came to."""

    complete: Callable[[str], str] = str
    """Puts the global options of this invocation into the commands in a text."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles a BrokenPipeError."""
        raise BrokenPipeError


def to_type(console: Console, command: str) -> Text:
    """A command for people to type next: on a line of its own, for where this one was typed."""
    return Text(f"  $ {completed(console, command)}")


def completed(console: Console, text: str) -> str:
    """A text whose commands can be typed as they stand."""
    return console.complete(text) if isinstance(console, PipeConsole) else text
