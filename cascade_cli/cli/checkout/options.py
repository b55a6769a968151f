"""The options of `cascade checkout`: what is sold, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cascade_cli.cli.terminal.options import GIFT, OUTPUT, SOLD


@dataclass(frozen=True)
class CheckoutOptions:
    """The options as typed: either a citizen with `ducats` or `package` (and a `giver`, if it is a
    gift), or a file. Raises BadParameter for any other combination."""

    citizen: Annotated[
        str | None, typer.Argument(show_default=False, help="Exactly as Venice spells it.")
    ] = None
    ducats: Annotated[
        str | None, SOLD(metavar="N", help="Any amount within the price list's bounds.")
    ] = None
    package: Annotated[
        str | None, SOLD(metavar="NAME", help="A package that cascade pricing lists.")
    ] = None
    file: Annotated[
        Path | None,
        SOLD(metavar="F", help="For many: a CSV with the columns citizen, ducats."),
    ] = None
    monthly: Annotated[
        bool, SOLD("--monthly", help="Sell it every month from now on: a subscription.")
    ] = False
    currency: Annotated[
        str, SOLD(metavar="CODE", help="A currency that the price list offers.")
    ] = "USD"
    giver: Annotated[
        str | None,
        GIFT("--from", metavar="GIVER", help="Who pays, if it is a gift to the citizen."),
    ] = None
    message: Annotated[
        str | None, GIFT(metavar="TEXT", help="The giver's message, at most 500 characters.")
    ] = None
    anonymous: Annotated[
        bool, GIFT("--anonymous", help="Do not tell the recipient who gave it.")
    ] = False
    open: Annotated[bool, OUTPUT("--open", help="Open the page in the browser as well.")] = False

    def __post_init__(self) -> None:
        if self.file is not None:
            if self.monthly or not self.citizen == self.ducats == self.package is None:
                raise typer.BadParameter("--file stands alone: its rows say who gets what")
        elif self.citizen is None:
            raise typer.BadParameter("name a citizen, or a --file of many")
        elif (self.ducats is None) == (self.package is None):
            raise typer.BadParameter("name either --ducats or --package")
        if self.giver is None and (self.message is not None or self.anonymous):
            raise typer.BadParameter("--message and --anonymous go with --from")
