"""Rich's console, except that a closed pipe is ours to handle."""

from __future__ import annotations

from rich.console import Console


class PipeConsole(Console):
    """Lets BrokenPipeError through, where Rich would exit with 1 whatever the command came to."""

    def on_broken_pipe(self) -> None:
        """Called by Rich while it handles a BrokenPipeError."""
        raise BrokenPipeError
