"""`cascade completion`: its argument."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade completion bash >> ~/.bashrc",
    "cascade completion zsh > ~/.zfunc/_cascade",
    "cascade completion fish > ~/.config/fish/completions/cascade.fish",
    topic="completion",
)


def completion(
    ctx: typer.Context,
    shell: Annotated[
        str, typer.Argument(metavar="SHELL", show_default=False, help="bash, zsh or fish.")
    ],
) -> int:
    """Print what lets Tab complete commands, options, ids and citizens in your shell.

    Needs no keys and no network. It stays right when cascade is updated.
    """
    from cascade_cli.cli.completion.run import script

    return run_command(ctx.obj, "completion", lambda _session: script(shell))
