"""The `cascade citizen …` commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.citizen.options import WriteOptions
from cascade_cli.cli.terminal.options import (
    BALANCE,
    Json,
    PlainJson,
    examples,
    options_as_parameters,
)
from cascade_cli.cli.terminal.session import run_command

citizen = typer.Typer(no_args_is_help=True)


@citizen.command(
    epilog=examples(
        "cascade citizen setup --dry-run",
        "cascade citizen setup --ducats 500000",
        topic="processor",
    )
)
@options_as_parameters
def setup(
    ctx: typer.Context,
    *,
    ducats: Annotated[
        str | None,
        BALANCE(metavar="N", help="The balance; default CASCADE_PROCESSOR_DUCATS."),
    ] = None,
    options: WriteOptions,
    json: Json = False,
) -> int:
    """Create the payment processor, or top it up; a second run changes nothing.

    Exit code 3: written, but somebody else wrote in between. 5: the write may or may not have been
    applied; run it again at the time that it names. 7: refused, for instance because the engine is
    running.
    """
    from cascade_cli.cli.citizen.run import setup as work

    return run_command(ctx.obj, "citizen setup", lambda s: work(s, ducats, options), json=json)


@citizen.command(
    epilog=examples(
        "cascade citizen replenish --by 250000",
        "cascade citizen replenish --to 1000000 --dry-run",
        topic="processor",
    )
)
@options_as_parameters
def replenish(
    ctx: typer.Context,
    *,
    to: Annotated[
        str | None,
        BALANCE("--to", metavar="N", help="How many ducats the processor should have."),
    ] = None,
    by: Annotated[str | None, BALANCE("--by", metavar="N", help="How many ducats to add.")] = None,
    options: WriteOptions,
    json: Json = False,
) -> int:
    """Top up the processor's balance: write it once, read it back.

    Exit codes as for setup. After exit code 5, the same command with --by checks first whether the
    earlier write was applied, and adds the ducats only once.
    """
    from cascade_cli.cli.citizen.run import replenish as work

    return run_command(ctx.obj, "citizen replenish", lambda s: work(s, to, by, options), json=json)


@citizen.command(
    epilog=examples("cascade citizen show", "cascade citizen show --json", topic="processor")
)
def show(ctx: typer.Context, json: PlainJson = False) -> int:
    """Show the balance, what is in flight, the daily outflow, and how many days the balance will
    last."""
    from cascade_cli.cli.citizen.run import show as work

    return run_command(ctx.obj, "citizen show", work, json=json)
