"""`cascade resolve`: its help, and what it calls."""

from __future__ import annotations

import typer

from cascade_cli.cli.resolve.options import ResolveOptions
from cascade_cli.cli.terminal.options import Json, examples, options_as_parameters
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    'cascade resolve pi_3jnMhaDZb2Cm --credit -r "lucia got what marco bought"',
    'cascade resolve recDmA1gkpL08NqsW --moved -r "the balances show it"',
    'cascade resolve pi_3jnMhaDZb2Cm --snooze 14d -r "the bank decides first"',
    topic="decisions",
)


@options_as_parameters
def resolve(ctx: typer.Context, *, options: ResolveOptions, json: Json = False) -> int:
    """Decide one discrepancy: the decision is recorded, carried out once, and shown everywhere.

    When the facts that a decision rests on change, the case is open again. Exit code 5: run the
    same command again; 7: the decision does not fit, the case was decided before, or a guard
    refused it.
    """
    from cascade_cli.cli.resolve.run import resolve as work

    return run_command(ctx.obj, "resolve", lambda s: work(s, options), json=json)
