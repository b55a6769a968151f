"""The `cascade init` command and its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade init rialto",
    "cascade --env-file .env init rialto",
    "cascade init rialto --no-input --json",
    topic="setup",
)


def init(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="The profile to write or to change.", show_default=False)
    ] = None,
    no_input: Annotated[
        bool, typer.Option("--no-input", help="Ask nothing: settings come from the environment.")
    ] = False,
    json: PlainJson = False,
) -> int:
    """Set a shop up: ask for its keys, try each right away, and write one profile.

    Says which rights each key needs and where to make it. A second run shows what is there, and
    changes what you type. --env-file takes over the settings of that file. Stripe and Venice's base
    are only read, unless you agree to make the processor. Exit code 4: a key or a right is missing.
    5: a service could not be asked. Nothing is written then.
    """
    from cascade_cli.cli.init.run import init as work

    return run_command(
        ctx.obj,
        "init",
        lambda session: work(session, name, no_input=no_input, json=json),
        json=json,
    )
