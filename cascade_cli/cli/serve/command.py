"""`cascade serve`: its options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import examples
from cascade_cli.cli.terminal.session import run_command

EXAMPLES = examples(
    "cascade serve", "cascade serve --port 8422", "cascade --sandbox serve", topic="payment-api"
)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(metavar="H", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, metavar="P", help="0: any free port.")
    ] = 8422,
) -> int:
    r"""Serve the payment API /api/payments/ and the Stripe webhook, until SIGTERM or Ctrl-C.

    Needs pip install 'cascade-cli\[server]'. Exit code 4: that, or a setting, is missing.
    """
    from cascade_cli.cli.serve.run import serve as work

    return run_command(ctx.obj, "serve", lambda session: work(session, host, port))
