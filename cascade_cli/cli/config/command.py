"""`cascade config …`: its options."""

from __future__ import annotations

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

config = typer.Typer(no_args_is_help=True)


@config.command(
    epilog=examples(
        "cascade config show",
        "cascade --profile rialto config show",
        "cascade config show --json",
        topic="settings",
    )
)
def show(ctx: typer.Context, json: PlainJson = False) -> int:
    """Show every setting: its value, with secrets masked, and where it comes from.

    No secret is fetched: cascade runs no command, reads no secret's file and asks no keyring.
    """
    from cascade_cli.cli.config.run import show as work

    return run_command(ctx.obj, "config show", work, json=json)


@config.command(
    epilog=examples(
        "cascade config check", "cascade --profile rialto config check", topic="settings"
    )
)
def check(ctx: typer.Context, json: PlainJson = False) -> int:
    """Check whether all settings can be used. No service is asked; `cascade doctor` does that.

    Every secret is fetched. Exit code 4: something is red. 0: green or amber.
    """
    from cascade_cli.cli.config.run import check as work

    return run_command(ctx.obj, "config check", work, json=json)
