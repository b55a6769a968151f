"""`cascade credit`: its help, and what it calls."""

from __future__ import annotations

import typer

from cascade_cli.cli.credit.options import CreditOptions
from cascade_cli.cli.terminal.options import Json, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    'cascade credit --payment pi_3jnMhaDZb2Cm --reason "paid, not delivered"',
    'cascade credit NLR 100 --reason "regatta prize" --reference regatta-2026',
    "cascade credit --file prizes.csv --dry-run",
    topic="credit",
)


@options_as_parameters
def credit(ctx: typer.Context, *, options: CreditOptions, json: Json = False) -> int:
    """Credit ducats by hand: one citizen, one payment, or a file of many; each exactly once.

    Exit code 5: a write may or may not have been applied; the same command, run again, finishes
    the job and repeats nothing. 7: refused by a limit or a guard.
    """
    from cascade_cli.cli.credit.run import credit as work

    return run_command(ctx.obj, "credit", lambda s: work(s, options), json=json)
