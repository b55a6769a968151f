"""`cascade pricing`: its option."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.session import conduct


def pricing(
    ctx: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """The price list: rate, packages with their bonus, and the bounds of custom amounts.

    Needs no keys. Exit code 4: the file of CASCADE_PRICES cannot be used.
    """
    from cascade_cli.cli.pricing import pricing as work

    raise typer.Exit(conduct(ctx.obj, "pricing", work, json=json))
