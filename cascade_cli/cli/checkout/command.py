"""`cascade checkout`: its help, and what it calls."""

from __future__ import annotations

import typer

from cascade_cli.cli.checkout.options import CheckoutOptions
from cascade_cli.cli.terminal.options import Json, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade checkout TheGrandSalt --package 500",
    "cascade checkout ArsenaleMaster --ducats 250 --from NLR --message Thanks",
    "cascade checkout --file members.csv",
    topic="selling",
)


@options_as_parameters
def checkout(ctx: typer.Context, *, options: CheckoutOptions, json: Json = False) -> int:
    """Create a Stripe page on which ducats for one citizen or many can be paid; print its link.

    Exit code 7: Venice has no such citizen or giver, these are more ducats than may be credited at
    once, or no exchange rate is recent enough.
    """
    from cascade_cli.cli.checkout.run import checkout as work

    return run_command(ctx.obj, "checkout", lambda s: work(s, options), json=json)
