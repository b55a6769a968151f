"""Today's price list, and the exchange rate of a sale if it is known and not too old."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.money import CURRENCY
from cascade_cli.domain.shop.times import format_span
from cascade_cli.errors import GuardError, UsageError
from cascade_cli.settings import RATES_FILE, RATES_MAX_AGE


class NoRateError(GuardError):
    """There is no known exchange rate that may be used for a sale."""

    kind = "no_exchange_rate"


@dataclass(frozen=True)
class PriceQuotes:
    """The price list, and how old the exchange rate of a sale may be."""

    prices: PriceList
    max_age: timedelta
    now: Callable[[], datetime]

    def day(self) -> date:
        """Today, UTC."""
        return self.now().date()

    def in_force(self) -> PriceList:
        """The list of today."""
        return self.prices.on(self.day())

    def exchange(self, currency: str) -> Exchange | None:
        """Today's exchange rate for a sale in the currency; None for US dollars, which need none.

        Raises UsageError if the currency is not offered, and NoRateError if no rate is known or the
        newest is older than `max_age`.
        """
        if currency == CURRENCY:
            return None
        if currency not in self.prices.currencies:
            raise self._not_offered(currency)
        rate = self.prices.rates.on(currency, self.day())
        if rate is None:
            raise NoRateError(
                f"No exchange rate is known for {currency.upper()}.",
                "Nothing was sold. The price list may give one of its own: own_rates.",
            )
        if self.day() - rate.day > self.max_age:
            raise self._too_old(currency, rate)
        return rate

    def _not_offered(self, currency: str) -> UsageError:
        offered = ", ".join(code.upper() for code in (CURRENCY, *self.prices.currencies))
        return UsageError(
            f"Nothing is sold in {currency.upper()}: the price list offers {offered}.",
            "Nothing was sold. See cascade pricing.",
        )

    def _too_old(self, currency: str, rate: Exchange) -> NoRateError:
        age = (self.day() - rate.day).days
        return NoRateError(
            f"The newest exchange rate for {currency.upper()} is that of {rate.day}, {age} days "
            f"ago; nothing is sold by one older than {format_span(self.max_age)}.",
            f"Nothing was sold. Bring newer rates ({RATES_FILE.name}), or allow older ones "
            f"({RATES_MAX_AGE.name}).",
        )
