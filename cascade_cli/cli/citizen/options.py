"""The options that `cascade citizen setup` and `replenish` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cascade_cli.cli.terminal import layout


@dataclass(frozen=True)
class WriteOptions:
    """The options as typed."""

    force: Annotated[
        bool,
        layout.WRITING("--force", help="Lower the balance too, and write near an engine's run."),
    ] = False
    dry_run: Annotated[bool, layout.WRITING("--dry-run", help="Show the write and make none.")] = (
        False
    )
    yes: Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask before lowering.")] = False
