"""`cascade help`: its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import PlainJson, examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples("cascade help", "cascade help refunds", "cascade help --man ~/.local/share/man")


def help(
    ctx: typer.Context,
    topic: Annotated[
        list[str] | None, typer.Argument(metavar="[TOPIC]", help="A topic, or a command.")
    ] = None,
    man: Annotated[
        Path | None,
        typer.Option(
            "--man", metavar="DIR", help="Write the whole manual as man pages to this folder."
        ),
    ] = None,
    json: PlainJson = False,
) -> int:
    """Read the manual: list its topics, show one, or write man pages.

    Needs no keys. For a command's name, it shows the same as the command's `--help`.
    """
    from cascade_cli.cli.help.run import manual

    return run_command(ctx.obj, "help", lambda _s: manual(topic or [], man, json=json), json=json)
