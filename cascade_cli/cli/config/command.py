"""`cascade config …`: its options."""

from __future__ import annotations

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.options import PlainJson
from cascade_cli.cli.terminal.session import run_command

config = typer.Typer(
    help="Settings: their values, where each comes from, and whether they can be used.",
    no_args_is_help=True,
)


@config.command(
    epilog=layout.examples(
        "cascade config show",
        "cascade --profile rialto config show",
        "cascade config show --json",
        topic="settings",
    )
)
def show(ctx: typer.Context, json: PlainJson = False) -> int:
    """Every setting: its value, secrets masked, and where it comes from.

    Fetches nothing: no command is run, no file of a secret is read, the keyring is not asked.
    """
    from cascade_cli.cli.config.run import show as work

    return run_command(ctx.obj, "config show", work, json=json)


@config.command(
    epilog=layout.examples(
        "cascade config check", "cascade --profile rialto config check", topic="settings"
    )
)
def check(ctx: typer.Context, json: PlainJson = False) -> int:
    """Can all settings be used? Asks no service; `cascade doctor` does.

    Fetches every secret, from wherever it comes. Exit code 4: something is red. 0: green or amber.
    """
    from cascade_cli.cli.config.run import check as work

    return run_command(ctx.obj, "config check", work, json=json)
