"""Which entries `cascade journal …` is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cascade_cli.cli.terminal import layout


@dataclass(frozen=True)
class EntryOptions:
    """Which entries, as typed."""

    since: Annotated[
        str | None, layout.ENTRIES(metavar="W", help="From when: 36h, 7d, 2026-11-01.")
    ] = None
    until: Annotated[
        str | None, layout.ENTRIES(metavar="W", help="Until when, in the same forms.")
    ] = None
    key: Annotated[
        str | None, layout.ENTRIES(metavar="K", help="Only the entries of this StratagemId.")
    ] = None
