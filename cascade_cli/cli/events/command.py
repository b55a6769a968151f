"""The `cascade events …` commands: their options and help, and what they call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import (
    EVENTS,
    WRITING,
    Json,
    Yes,
    examples,
    options_as_parameters,
)
from cascade_cli.cli.terminal.session import run_command

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


events = typer.Typer(help="Stripe's events: list them, replay them.", no_args_is_help=True)


@events.command(
    "list",
    epilog=examples(
        "cascade events list --since 24h",
        'cascade events list --since 7d --type "charge.*" --limit 20',
        topic="events",
    ),
)
@options_as_parameters
def list_(ctx: typer.Context, *, options: EventListOptions, json: Json = False) -> int:
    """The events that Stripe has, oldest first.

    Exit code 5: the window begins before the 30 days for which Stripe keeps events.
    """
    from cascade_cli.cli.events.run import list_events

    return run_command(ctx.obj, "events list", lambda s: list_events(s, options), json=json)


@events.command(
    epilog=examples(
        "cascade events replay --since 24h --dry-run",
        "cascade events replay evt_1PgafTB7WZ01 --yes",
        "cascade events replay --file events.jsonl",
        topic="events",
    )
)
@options_as_parameters
def replay(
    ctx: typer.Context, *, chosen: EventSelection, options: ReplayOptions, json: Json = False
) -> int:
    """Replay events safely: credit each payment that they tell of once, oldest event first.

    Exit code 3: payments remain that a replay may not credit, each with its reason. 5: incomplete;
    run the same command again. 7: refused by a limit or a guard.
    """
    from cascade_cli.cli.events.replay import replay as work

    return run_command(ctx.obj, "events replay", lambda s: work(s, chosen, options), json=json)
