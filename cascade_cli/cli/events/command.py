"""The `cascade events …` commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

events = typer.Typer(help="Stripe's events: list them, replay them.", no_args_is_help=True)

_Until = Annotated[
    str | None, layout.EVENTS(metavar="W", help="Until when, in the same forms; default now.")
]
_Types = Annotated[
    list[str] | None,
    layout.EVENTS("--type", metavar="T", help="Only this type, such as charge.*; repeatable."),
]
_Json = Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")]


@events.command(
    "list",
    epilog=layout.examples(
        "cascade events list --since 24h",
        'cascade events list --since 7d --type "charge.*" --limit 20',
        topic="events",
    ),
)
def list_(
    ctx: typer.Context,
    since: Annotated[
        str,
        layout.EVENTS(metavar="W", help="From when: 36h, 7d, 2026-11-01, 2026-11-01T08:00:00Z."),
    ] = "24h",
    until: _Until = None,
    types: _Types = None,
    limit: Annotated[
        int | None, layout.EVENTS(min=1, metavar="N", help="Show only the newest N.")
    ] = None,
    json: _Json = False,
) -> None:
    """The events that Stripe has, oldest first.

    Exit code 5: the window begins before the 30 days for which Stripe keeps events.
    """
    from cascade_cli.cli.events.run import EventListOptions, list_events

    options = EventListOptions(since, until, tuple(types or ()), limit)
    code = conduct(ctx.obj, "events list", lambda s: list_events(s, options), json=json)
    raise typer.Exit(code)


@events.command(
    epilog=layout.examples(
        "cascade events replay --since 24h --dry-run",
        "cascade events replay evt_1PgafTB7WZ01 --yes",
        "cascade events replay --file events.jsonl",
        topic="events",
    )
)
def replay(
    ctx: typer.Context,
    event_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[EVENT]...", help="Ids of events: evt_….")
    ] = None,
    since: Annotated[
        str | None, layout.EVENTS(metavar="W", help="All events from when on: 36h, 7d, 2026-11-01.")
    ] = None,
    until: _Until = None,
    types: _Types = None,
    file: Annotated[
        Path | None, layout.EVENTS(metavar="F", help="Events saved as JSON: one, or one a line.")
    ] = None,
    forward_to: Annotated[
        str | None,
        layout.WRITING(
            metavar="URL", help="Send them to this webhook, signed, and credit nothing."
        ),
    ] = None,
    limit: Annotated[
        int | None, layout.EVENTS(min=1, metavar="N", help="Only the oldest N; says what is left.")
    ] = None,
    dry_run: Annotated[
        bool, layout.WRITING("--dry-run", help="Show what would be done and do nothing.")
    ] = False,
    yes: Annotated[bool, layout.WRITING("--yes", "-y", help="Do not ask.")] = False,
    json: _Json = False,
) -> None:
    """Credit again, safely, what events tell of: each payment once, oldest event first.

    Exit code 3: payments remain that a replay may not credit, each with its reason. 5: incomplete;
    the same command goes on. 7: refused by a limit or a guard.
    """
    from cascade_cli.cli.events.replay import ReplayOptions
    from cascade_cli.cli.events.replay import replay as work
    from cascade_cli.cli.events.run import EventSelection

    chosen = EventSelection(tuple(event_ids or ()), since, until, tuple(types or ()), file, limit)
    options = ReplayOptions(forward_to, dry_run=dry_run, yes=yes)
    code = conduct(ctx.obj, "events replay", lambda s: work(s, chosen, options), json=json)
    raise typer.Exit(code)
