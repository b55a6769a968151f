"""`cascade completion`: prints the script of one shell."""

from __future__ import annotations

import sys
from importlib.resources import files

from cascade_cli.cli.completion.answer import SHELLS
from cascade_cli.cli.terminal.session import Outcome
from cascade_cli.errors import UsageError


def script(shell: str) -> Outcome:
    """The shell's script. Raises UsageError for a shell that cascade does not know."""
    if shell not in SHELLS:
        raise UsageError(
            f"cascade completes in {', '.join(SHELLS[:-1])} and {SHELLS[-1]}, not in {shell!r}.",
            f"Nothing was printed. Name one: cascade completion {SHELLS[0]}",
        )
    text = files("cascade_cli.cli.completion").joinpath(f"cascade.{shell}").read_text("utf-8")
    return Outcome({"text": text}, lambda _session: _write(text))


def _write(text: str) -> None:
    sys.stdout.write(text)
