"""`cascade pricing`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples("cascade pricing", "cascade pricing --currency EUR", topic="selling")


def pricing(
    ctx: typer.Context,
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="A currency that the price list offers.")
    ] = "USD",
    json: PlainJson = False,
) -> int:
    """Show the price list: rate, packages with their bonus, and the bounds of custom amounts.

    Needs no keys. Exit code 4: the file of CASCADE_PRICES or CASCADE_RATES_FILE cannot be used; 7:
    no exchange rate is recent enough.
    """
    from cascade_cli.cli.pricing.run import pricing as work

    return run_command(ctx.obj, "pricing", lambda s: work(s, currency), json=json)
