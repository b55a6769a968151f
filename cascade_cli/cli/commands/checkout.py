"""`cascade checkout`: its argument and options."""

from __future__ import annotations

from typing import Annotated

import typer

from cascade_cli.cli.session import conduct


def checkout(
    ctx: typer.Context,
    citizen: Annotated[
        str, typer.Argument(show_default=False, help="Exactly as Venice spells it.")
    ],
    ducats: Annotated[
        str | None, typer.Option(metavar="N", help="Any amount within the list's bounds.")
    ] = None,
    package: Annotated[
        str | None, typer.Option(metavar="NAME", help="A package of cascade pricing.")
    ] = None,
    monthly: Annotated[
        bool, typer.Option("--monthly", help="Sell it every month from now on: a subscription.")
    ] = False,
    currency: Annotated[
        str, typer.Option(metavar="CODE", help="One that the price list offers.")
    ] = "USD",
    open_: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser as well.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """A Stripe page on which ducats for the citizen can be paid: prints its link.

    Exit code 7: Venice has no such citizen, or more ducats than may be credited at once,
    or no exchange rate that is new enough.
    """
    from cascade_cli.cli.checkout import CheckoutOptions
    from cascade_cli.cli.checkout import checkout as work

    if (ducats is None) == (package is None):
        raise typer.BadParameter("name either --ducats or --package")
    options = CheckoutOptions(citizen, ducats, package, currency, open_, monthly)
    raise typer.Exit(conduct(ctx.obj, "checkout", lambda s: work(s, options), json=json))
