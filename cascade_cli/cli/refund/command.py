"""`cascade refund`: its help, and what it calls."""

from __future__ import annotations

import typer

from cascade_cli.cli.refund.options import RefundOptions
from cascade_cli.cli.terminal.options import Json, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade refund pi_3jnMhaDZb2Cm --dry-run",
    "cascade refund pi_3jnMhaDZb2Cm",
    'cascade refund pi_3jnMhaDZb2Cm --write-off "a gift of the shop"',
    topic="refunds",
)


@options_as_parameters
def refund(ctx: typer.Context, *, options: RefundOptions, json: Json = False) -> int:
    """Take back the ducats of a payment whose money went back: each refund exactly once.

    What has not arrived yet is withheld instead. If a refund fails, or a lost dispute is won after
    all, the citizen gets the ducats back. Exit code 5: run the same command again; 7: refused by a
    limit or a guard.
    """
    from cascade_cli.cli.refund.run import refund as work

    return run_command(ctx.obj, "refund", lambda s: work(s, options), json=json)
