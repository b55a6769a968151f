"""The options of `cascade events …`: which events, and what to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import EVENTS, WRITING, Yes

_Until = Annotated[
    str | None, EVENTS(metavar="W", help="Until when, in the same forms; default now.")
]
_Types = Annotated[
    list[str] | None,
    EVENTS("--type", metavar="T", help="Only this type, such as charge.*; repeatable."),
]


@dataclass(frozen=True)
class EventListOptions:
    """The options of `events list` as typed."""

    since: Annotated[
        str,
        EVENTS(metavar="W", help="From when: 36h, 7d, 2026-11-01, 2026-11-01T08:00:00Z."),
    ] = "24h"
    until: _Until = None
    types: _Types = None
    limit: Annotated[int | None, EVENTS(min=1, metavar="N", help="Show only the newest N.")] = None


@dataclass(frozen=True)
class EventSelection:
    """The options of `events replay` that say which events."""

    event_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[EVENT]...", help="Event ids: evt_….")
    ] = None
    since: Annotated[
        str | None, EVENTS(metavar="W", help="All events since when: 36h, 7d, 2026-11-01.")
    ] = None
    until: _Until = None
    types: _Types = None
    file: Annotated[
        Path | None,
        EVENTS(metavar="F", help="A file of events as JSON: one, or one a line."),
    ] = None
    limit: Annotated[
        int | None,
        EVENTS(min=1, metavar="N", help="Only the oldest N; tells how many are left."),
    ] = None


@dataclass(frozen=True)
class ReplayOptions:
    """Where the events go, and how far to go without asking."""

    forward_to: Annotated[
        str | None,
        WRITING(metavar="URL", help="Send them to this webhook, signed, and credit nothing."),
    ] = None
    dry_run: Annotated[
        bool, WRITING("--dry-run", help="Show what would be done and do nothing.")
    ] = False
    yes: Yes = False
