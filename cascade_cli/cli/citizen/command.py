"""The `cascade citizen …` commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.citizen.options import WriteOptions
from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.options import Json, spread
from cascade_cli.cli.terminal.session import conduct

citizen = typer.Typer(help="The citizen who pays the ducats out.", no_args_is_help=True)


@citizen.command(
    epilog=layout.examples(
        "cascade citizen setup --dry-run",
        "cascade citizen setup --ducats 500000",
        topic="processor",
    )
)
@spread
def setup(
    ctx: typer.Context,
    *,
    ducats: Annotated[
        str | None,
        layout.BALANCE(metavar="N", help="The balance; default CASCADE_PROCESSOR_DUCATS."),
    ] = None,
    options: WriteOptions,
    json: Json = False,
) -> int:
    """Create the payment processor, or top it up; a second run changes nothing.

    Exit code 3: written, but somebody else wrote in between. 5: the write may or may not have
    been applied; run it again when it says. 7: refused, for instance because the engine runs.
    """
    from cascade_cli.cli.citizen.run import setup as work

    return conduct(ctx.obj, "citizen setup", lambda s: work(s, ducats, options), json=json)


@citizen.command(
    epilog=layout.examples(
        "cascade citizen replenish --by 250000",
        "cascade citizen replenish --to 1000000 --dry-run",
        topic="processor",
    )
)
@spread
def replenish(
    ctx: typer.Context,
    *,
    to: Annotated[
        str | None, layout.BALANCE("--to", metavar="N", help="So many ducats it is to have.")
    ] = None,
    by: Annotated[
        str | None, layout.BALANCE("--by", metavar="N", help="So many ducats it is to get.")
    ] = None,
    options: WriteOptions,
    json: Json = False,
) -> int:
    """Top the processor's balance up: write it once, read it back.

    Exit codes as for setup. With --by, the same command after exit code 5 looks whether the
    first was applied, and adds the ducats only once.
    """
    from cascade_cli.cli.citizen.run import replenish as work

    return conduct(ctx.obj, "citizen replenish", lambda s: work(s, to, by, options), json=json)


@citizen.command(
    epilog=layout.examples("cascade citizen show", "cascade citizen show --json", topic="processor")
)
def show(ctx: typer.Context, json: Json = False) -> int:
    """Balance, what is in flight, daily outflow, and for how many days it lasts."""
    from cascade_cli.cli.citizen.run import show as work

    return conduct(ctx.obj, "citizen show", work, json=json)
