"""The `cascade stratagem …` commands and their options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

stratagem = typer.Typer(no_args_is_help=True)

_Identity = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        show_default=False,
        help="A StratagemId, a record (rec…), or a payment (pi_…, ch_…).",
    ),
]


@stratagem.command(
    epilog=examples(
        "cascade stratagem status pi_3jnMhaDZb2Cm",
        "cascade stratagem status cascade_payment_pi_3jnMhaDZb2Cm",
        topic="explain",
    )
)
def status(ctx: typer.Context, identity: _Identity, json: PlainJson = False) -> int:
    """Show what Venice says about one transfer, what it means, and whether a retry is safe.

    Exit code 0: executed or under way. 3: failed, stalled or doubtful; made twice; or no such
    transfer.
    """
    from cascade_cli.cli.stratagem.run import status as work

    return run_command(ctx.obj, "stratagem status", lambda s: work(s, identity), json=json)


@stratagem.command(
    "list",
    epilog=examples(
        "cascade stratagem list --status stalled --since 7d",
        "cascade stratagem list --citizen TheGrandSalt",
        topic="explain",
    ),
)
def list_(
    ctx: typer.Context,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="planned, active, executed, failed, expired, cancelled, error; "
            "or live, stalled, doubtful.",
        ),
    ] = None,
    citizen: Annotated[
        str | None, typer.Option(metavar="C", help="For this citizen, spelled exactly so.")
    ] = None,
    since: Annotated[
        str, typer.Option(metavar="W", help="Made since: 36h, 7d, 2026-11-01, ….")
    ] = "7d",
    json: PlainJson = False,
) -> int:
    """List the processor's transfers, newest first."""
    from cascade_cli.cli.stratagem.run import list_transfers

    return run_command(
        ctx.obj, "stratagem list", lambda s: list_transfers(s, status, citizen, since), json=json
    )


@stratagem.command(
    epilog=examples(
        "cascade stratagem watch pi_3jnMhaDZb2Cm",
        "cascade stratagem watch pi_3jnMhaDZb2Cm --timeout 48h",
        topic="explain",
    )
)
def watch(
    ctx: typer.Context,
    identity: _Identity,
    timeout: Annotated[
        str | None,
        typer.Option(
            metavar="D", help="Give up after: 90s, 15m, 48h; default 15m after the next run."
        ),
    ] = None,
    json: PlainJson = False,
) -> int:
    """Wait until the engine has executed a transfer, or never will.

    Exit code 0: executed. 3: failed, expired, cancelled or doubtful. 5: timed out.
    """
    from cascade_cli.cli.stratagem.run import watch as work

    return run_command(ctx.obj, "stratagem watch", lambda s: work(s, identity, timeout), json=json)
