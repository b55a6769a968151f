"""The options that `cascade citizen setup` and `replenish` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cascade_cli.cli.terminal.options import WRITING


@dataclass(frozen=True)
class WriteOptions:
    """The options as typed."""

    force: Annotated[
        bool,
        WRITING("--force", help="Allow a lower balance, and a write near the engine's run."),
    ] = False
    dry_run: Annotated[bool, WRITING("--dry-run", help="Show the write, but do not make it.")] = (
        False
    )
    yes: Annotated[bool, WRITING("--yes", "-y", help="Do not ask before lowering the balance.")] = (
        False
    )
