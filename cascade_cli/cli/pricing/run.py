"""`cascade pricing`: the price list for people and scripts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.adapters.price_list_file import read_prices
from cascade_cli.adapters.reference_rates import PublishedRates
from cascade_cli.cli.checkout.run import currency_option, exchange_document
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.selling.pricing import Package, PriceList
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.money import CURRENCY, format_ducats, format_money, rounding_of
from cascade_cli.services.selling.price_quotes import PriceQuotes
from cascade_cli.settings import PRICES, RATES_FILE, rates_max_age
from cascade_cli.settings.values import file as file_of

BUILT_IN = "the built-in prices; CASCADE_PRICES names a file with others"


@dataclass(frozen=True)
class PriceOffer:
    """Today's list in one currency; `coming` are the lists of later days."""

    prices: PriceList
    currency: str
    exchange: Exchange | None
    coming: tuple[tuple[str, PriceList], ...]
    file: Path | None

    def price(self, package: Package) -> int:
        """A package's price in minor units."""
        return self.prices.price_cents(package.ducats, self.currency, self.exchange)


def pricing(session: Session, currency: str = CURRENCY) -> Outcome:
    """Read the list. No service is asked.

    Raises SettingsError if a file cannot be used, UsageError or GuardError if nothing is sold in
    the currency.
    """
    code = currency_option(currency)
    values = session.found
    # One moment for the whole answer: at midnight another list may come into force.
    file, now = file_of(values, PRICES), session.now()
    prices = read_prices(file, PublishedRates(file_of(values, RATES_FILE)))
    price_quotes = PriceQuotes(prices, rates_max_age(values), lambda: now)
    exchange = price_quotes.exchange(code)
    coming = tuple((f"{day}", later) for day, later in prices.changes if day > now.date())
    offer = PriceOffer(price_quotes.in_force(), code, exchange, coming, file)
    return Outcome(_document(offer), lambda session: _show(session.console(), offer))


def _document(offer: PriceOffer) -> dict[str, Any]:
    """The list as JSON: ducats and rates are decimal strings, prices whole minor units."""
    prices = offer.prices
    return {
        "source": str(offer.file) if offer.file else "design",
        "currency": offer.currency,
        "currencies": [CURRENCY, *prices.currencies],
        **exchange_document(offer.exchange),
        "rate": str(prices.rate),
        "lowest_rate": str(prices.lowest_rate),
        "highest_rate": str(prices.highest_rate),
        "rounding": rounding_of(offer.currency),
        "packages": [_package_document(offer, package) for package in prices.packages],
        "custom": {
            "minimum_ducats": format_ducats(prices.custom_minimum),
            "maximum_ducats": format_ducats(prices.custom_maximum),
        },
        "changes": [{"from": day, "rate": str(later.rate)} for day, later in offer.coming],
    }


def _package_document(offer: PriceOffer, package: Package) -> dict[str, Any]:
    return {
        "name": package.name,
        "ducats_paid": format_ducats(package.ducats),
        "bonus": format_ducats(package.bonus),
        "ducats": format_ducats(package.total),
        "amount_cents": offer.price(package),
    }


def _show(console: Console, offer: PriceOffer) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("package")
    for column in ("paid", "bonus", "ducats", "price"):
        table.add_column(column, justify="right")
    for package in offer.prices.packages:
        amounts = (package.ducats, package.bonus, package.total)
        price = format_money(offer.price(package), offer.currency)
        table.add_row(package.name, *(format_ducats(d, grouped=True) for d in amounts), price)
    console.print(table)
    console.print()
    for line in _lines(offer):
        console.print(Text(line))
    source = escape(str(offer.file)) if offer.file else BUILT_IN
    console.print(Text(f"from {source}", "dim"), soft_wrap=True)


def _lines(offer: PriceOffer) -> Iterator[str]:
    prices = offer.prices
    bounds = (prices.custom_minimum, prices.custom_maximum)
    least, most = (format_ducats(bound, grouped=True) for bound in bounds)
    yield f"or any amount from {least} to {most} ducats at {prices.rate} USD each,"
    if offer.exchange:
        yield f"at {offer.exchange.described(offer.currency)},"
    yield f"rounded {rounding_of(offer.currency)}"
    if prices.currencies:
        offered = ", ".join(code.upper() for code in (CURRENCY, *prices.currencies))
        yield f"offered in {offered}"
    for day, later in offer.coming:
        yield f"from {day} at {later.rate} USD each"
