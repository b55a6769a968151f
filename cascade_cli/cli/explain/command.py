"""`cascade explain`: its argument and options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade explain pi_3jnMhaDZb2Cm",
    "cascade explain TheGrandSalt --since 30d",
    "cascade explain pi_3jnMhaDZb2Cm --json",
    topic="explain",
)


def explain(
    ctx: typer.Context,
    identity: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="A Stripe id (pi_…, ch_…, evt_…, re_…, cs_…, dp_…, in_…, sub_…), "
            "a StratagemId, a record (rec…), or a citizen.",
        ),
    ],
    since: Annotated[
        str, typer.Option(metavar="W", help="How far back, for a citizen: 7d, 2026-11-01.")
    ] = "30d",
    json: PlainJson = False,
) -> int:
    """Tell the whole story of one payment, transfer or citizen: timeline, verdict, exact repair.

    It only reads. Exit code 0: explained, whatever the verdict. 2: not an id of any kind. 3:
    neither Stripe nor Venice knows it.
    """
    from cascade_cli.cli.explain.run import explain as work

    return run_command(ctx.obj, "explain", lambda s: work(s, identity, since), json=json)
