"""Shows what is longer than a screen through the user's pager, on a terminal only."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from rich.console import Console
from rich.pager import Pager

# less quits at once if the text fits one screen, shows colours, and leaves the text on the screen.
_LESS = "FRX"


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
