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
        str | None,
        typer.Option(
            metavar="N", help="Any amount within the list's bounds.", rich_help_panel=layout.SOLD
        ),
    ] = None,
    package: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A package of cascade pricing.", rich_help_panel=layout.SOLD
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            metavar="F",
            help="For many: a CSV with the columns citizen, ducats.",
            rich_help_panel=layout.SOLD,
        ),
    ] = None,
    monthly: Annotated[
        bool,
        typer.Option(
            "--monthly",
            help="Sell it every month from now on: a subscription.",
            rich_help_panel=layout.SOLD,
        ),
    ] = False,
    currency: Annotated[
        str,
        typer.Option(
            metavar="CODE", help="One that the price list offers.", rich_help_panel=layout.SOLD
        ),
    ] = "USD",
    giver: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="GIVER",
            help="Who pays, if it is a gift to the citizen.",
            rich_help_panel=layout.GIFT,
        ),
    ] = None,
    message: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT",
            help="The giver's words, 500 characters at most.",
            rich_help_panel=layout.GIFT,
        ),
    ] = None,
    anonymous: Annotated[
        bool,
        typer.Option(
            "--anonymous",
            help="Do not tell the recipient who gave it.",
            rich_help_panel=layout.GIFT,
        ),
    ] = False,
    open_: Annotated[
        bool,
        typer.Option(
            "--open", help="Open the page in the browser as well.", rich_help_panel=layout.OUTPUT
        ),
    ] = False,
    json: Annotated[
        bool,
        typer.Option("--json", help="One JSON object on stdout.", rich_help_panel=layout.OUTPUT),
    ] = False,
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
