"""`cascade profile …`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

profile = typer.Typer(no_args_is_help=True)


@profile.command(
    name="list",
    epilog=examples("cascade profile list", "cascade profile list --json", topic="profiles"),
)
def list_(ctx: typer.Context, json: PlainJson = False) -> int:
    """List this user's profiles: mode, base, file, and which one is the default."""
    from cascade_cli.cli.profile.run import list_profiles

    return run_command(ctx.obj, "profile list", list_profiles, json=json)


@profile.command(
    epilog=examples(
        "cascade profile default rialto", "cascade profile default --none", topic="profiles"
    )
)
def default(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(help="The profile.", show_default=False)] = None,
    none: Annotated[bool, typer.Option("--none", help="Have no default profile.")] = False,
    json: PlainJson = False,
) -> int:
    """Choose the profile that cascade uses if nothing else chooses one.

    --profile, CASCADE_PROFILE, a .env in the folder and keys in the environment win over it.
    """
    from cascade_cli.cli.profile.run import choose_default

    return run_command(
        ctx.obj, "profile default", lambda _s: choose_default(name, none=none), json=json
    )
