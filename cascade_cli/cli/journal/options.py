"""The options of `cascade journal …`: which entries to show, and how to restore."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import ENTRIES, WRITING, Json, Yes


@dataclass(frozen=True)
class EntryOptions:
    """Which entries, as typed."""

    since: Annotated[str | None, ENTRIES(metavar="W", help="From when: 36h, 7d, 2026-11-01.")] = (
        None
    )
    until: Annotated[str | None, ENTRIES(metavar="W", help="Until when, in the same forms.")] = None
    key: Annotated[
        str | None, ENTRIES(metavar="K", help="Only the entries of this StratagemId.")
    ] = None


@dataclass(frozen=True)
class RestoreOptions:
    """The options of `journal restore` as typed."""

    backup: Annotated[Path, typer.Argument(metavar="F", help="A file that `journal backup` made.")]
    against: Annotated[
        str | None,
        WRITING(metavar="HEAD[:SEQ]", help="A head that you kept: the backup must have it."),
    ] = None
    force: Annotated[
        bool, WRITING("--force", help="Go back in time: forget what the backup lacks.")
    ] = False
    dry_run: Annotated[
        bool, WRITING("--dry-run", help="Show what would be forgotten. Change nothing.")
    ] = False
    yes: Yes = False
    json: Json = False
