"""Rich's console, except that a closed pipe is ours to handle."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

_CASCADE = "cascade "


class PipeConsole(Console):
    """Lets BrokenPipeError through, where Rich would exit with 1 whatever the command came to."""

    in_sandbox = False
    """What is to be typed next concerns the sandbox as well, and not the live accounts."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles a BrokenPipeError."""
        raise BrokenPipeError


def to_type(console: Console, command: str) -> Text:
    """A command for people to type next: on a line of its own, for where this one was typed."""
    return typed(command, in_sandbox=isinstance(console, PipeConsole) and console.in_sandbox)


def typed(command: str, *, in_sandbox: bool) -> Text:
    """The same, where no console is at hand."""
    if in_sandbox:
        command = f"{_CASCADE}--sandbox {command.removeprefix(_CASCADE)}"
    return Text(f"  $ {command}")
