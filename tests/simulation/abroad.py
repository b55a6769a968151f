"""Payments in other currencies: their rates climb every day, and a page is often paid the day after
it was made, at the rate of its own day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

from cascade_cli.adapters.stripe.purchase_parser import CURRENCY_RATE, CURRENCY_RATE_DATE
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import Exchange, Rates
from tests.simulation.plan import BEGINNING, Payment

_AT_FIRST = {"eur": Decimal("0.8"), "jpy": Decimal(150), "kwd": Decimal("0.3")}
_CLIMB_A_DAY = Decimal("0.05")
_LONG_BEFORE = BEGINNING.date() - timedelta(days=60)


class ClimbingRates(Rates):
    """What a dollar costs, dearer by a part of the first price every day."""

    def on(self, currency: str, day: date) -> Exchange | None:
        """The rate of that very day; None where the currency is not known."""
        if currency not in _AT_FIRST:
            return None
        climbed = 1 + _CLIMB_A_DAY * (day - _LONG_BEFORE).days
        return Exchange(_AT_FIRST[currency] * climbed, day)


PRICES = PriceList(currencies=tuple(_AT_FIRST), rates=ClimbingRates())


def price(payment: Payment, paid_at: datetime) -> tuple[int, dict[str, str]]:
    """What it costs in minor units, and what Stripe's metadata tell of the exchange."""
    day = paid_at.date() - timedelta(days=payment.hesitated_days)
    exchange = PRICES.rates.on(payment.currency, day)
    assert exchange is not None
    cents = PRICES.price_cents(Decimal(payment.ducats), payment.currency, exchange)
    return cents, {CURRENCY_RATE: exchange.number, CURRENCY_RATE_DATE: day.isoformat()}
