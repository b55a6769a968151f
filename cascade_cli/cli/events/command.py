"""The `cascade events …` commands: their help, and what they call."""

from __future__ import annotations

import typer

from cascade_cli.cli.events.options import EventListOptions, EventSelection, ReplayOptions
from cascade_cli.cli.terminal.options import Json, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

events = typer.Typer(no_args_is_help=True)


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
    """Replay events safely: credit each payment in them exactly once, oldest event first.

    Exit code 3: payments remain that a replay may not credit, each with its reason. 5: incomplete;
    run the same command again. 7: refused by a limit or a guard.
    """
    from cascade_cli.cli.events.replay import replay as work

    return run_command(ctx.obj, "events replay", lambda s: work(s, chosen, options), json=json)
