"""`cascade checkout`: its argument and options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal import layout
from cascade_cli.cli.terminal.session import conduct

EXAMPLES = layout.examples(
    "cascade checkout TheGrandSalt --package 500",
    "cascade checkout ArsenaleMaster --ducats 250 --from NLR --message Thanks",
    "cascade checkout --file members.csv",
    topic="selling",
)


def checkout(
    ctx: typer.Context,
    citizen: Annotated[
        str | None, typer.Argument(show_default=False, help="Exactly as Venice spells it.")
    ] = None,
    ducats: Annotated[
        str | None, layout.SOLD(metavar="N", help="Any amount within the list's bounds.")
    ] = None,
    package: Annotated[
        str | None, layout.SOLD(metavar="NAME", help="A package of cascade pricing.")
    ] = None,
    file: Annotated[
        Path | None,
        layout.SOLD(metavar="F", help="For many: a CSV with the columns citizen, ducats."),
    ] = None,
    monthly: Annotated[
        bool, layout.SOLD("--monthly", help="Sell it every month from now on: a subscription.")
    ] = False,
    currency: Annotated[
        str, layout.SOLD(metavar="CODE", help="One that the price list offers.")
    ] = "USD",
    giver: Annotated[
        str | None,
        layout.GIFT("--from", metavar="GIVER", help="Who pays, if it is a gift to the citizen."),
    ] = None,
    message: Annotated[
        str | None, layout.GIFT(metavar="TEXT", help="The giver's words, 500 characters at most.")
    ] = None,
    anonymous: Annotated[
        bool, layout.GIFT("--anonymous", help="Do not tell the recipient who gave it.")
    ] = False,
    open_: Annotated[
        bool, layout.OUTPUT("--open", help="Open the page in the browser as well.")
    ] = False,
    json: Annotated[bool, layout.OUTPUT("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """A Stripe page on which ducats for a citizen, or for many, can be paid: prints its link.

    Exit code 7: Venice has no such citizen or giver, or more ducats than may be credited at once,
    or no exchange rate that is new enough.
    """
    from cascade_cli.cli.checkout.run import CheckoutOptions
    from cascade_cli.cli.checkout.run import checkout as work

    if file is not None:
        if monthly or not citizen == ducats == package is None:
            raise typer.BadParameter("--file stands alone: its rows say who gets what")
    elif citizen is None:
        raise typer.BadParameter("name a citizen, or a --file of many")
    elif (ducats is None) == (package is None):
        raise typer.BadParameter("name either --ducats or --package")
    if giver is None and (message is not None or anonymous):
        raise typer.BadParameter("--message and --anonymous go with --from")
    options = CheckoutOptions(
        citizen,
        ducats,
        package,
        currency,
        open_,
        file,
        giver,
        message,
        anonymous=anonymous,
        monthly=monthly,
    )
    raise typer.Exit(conduct(ctx.obj, "checkout", lambda s: work(s, options), json=json))
