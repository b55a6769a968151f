"""`cascade pricing`: the price list for people and scripts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.adapters.prices import read_prices
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.cli.shown import shown
from cascade_cli.domain.money import format_ducats, format_money
from cascade_cli.domain.pricing import CURRENCY, ROUNDING, Package, PriceList
from cascade_cli.settings import gather_values, prices_file

DESIGN = "the design's prices; CASCADE_PRICES names a file with others"


def pricing(session: Session) -> Outcome:
    """Read the list; no service is asked. Raises SettingsError if the file cannot be used."""
    file = prices_file(gather_values(session.environ, session.env_file))
    prices = read_prices(file)
    return Outcome(
        prices_document(prices, file), lambda session: _show(session.console(), prices, file)
    )


def prices_document(prices: PriceList, file: Path | None = None) -> dict[str, Any]:
    """The list as JSON: ducats and rates are decimal strings, prices whole cents."""
    return {
        "source": str(file) if file else "design",
        "currency": CURRENCY,
        "rate": str(prices.rate),
        "lowest_rate": str(prices.lowest_rate),
        "highest_rate": str(prices.highest_rate),
        "rounding": ROUNDING,
        "packages": [_package_document(prices, package) for package in prices.packages],
        "custom": {
            "minimum_ducats": format_ducats(prices.custom_minimum),
            "maximum_ducats": format_ducats(prices.custom_maximum),
        },
    }


def _package_document(prices: PriceList, package: Package) -> dict[str, Any]:
    return {
        "name": package.name,
        "ducats_paid": format_ducats(package.ducats),
        "bonus": format_ducats(package.bonus),
        "ducats": format_ducats(package.total),
        "amount_cents": prices.price_cents(package.ducats),
    }


def _show(console: Console, prices: PriceList, file: Path | None) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("package")
    for column in ("paid", "bonus", "ducats", "price"):
        table.add_column(column, justify="right")
    for package in prices.packages:
        amounts = (package.ducats, package.bonus, package.total)
        price = format_money(prices.price_cents(package.ducats), CURRENCY)
        table.add_row(package.name, *(format_ducats(d, grouped=True) for d in amounts), price)
    console.print(table)
    bounds = (prices.custom_minimum, prices.custom_maximum)
    least, most = (format_ducats(bound, grouped=True) for bound in bounds)
    console.print(Text(f"\nor any amount from {least} to {most} ducats at {prices.rate} USD each,"))
    console.print(Text(f"rounded {ROUNDING}"))
    console.print(Text(f"from {shown(str(file)) if file else DESIGN}", "dim"), soft_wrap=True)
