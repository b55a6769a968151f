"""Exchange rates: units of a currency for one US dollar, and how far a payment's own rate is
trusted.

A payment records the rate at which it was sold, and is judged by that rate. But strangers can write
metadata, so the rate is compared with those that the shop knows. A rate lower than any sale could
have used is replaced by the lowest that we accept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Context, Decimal

from cascade_cli.errors import SettingsError

# Rates are rounded up, so that rounding never costs the shop anything.
_DIVISION = Context(prec=10, rounding=ROUND_CEILING)

# For rates known from the same week: the bank's later corrections lie within this.
TOLERANCE = Decimal("0.99")
# For when the shop's rates end more than a week earlier: currencies move.
TOLERANCE_OLD_DATA = Decimal("0.80")
# For a payment that names no rate, or one older than its sale can be: judged by the rate of the day
# it was paid, less what a currency moves while a buyer hesitates.
TOLERANCE_OLD_RATE = Decimal("0.90")
WEEK = timedelta(days=7)
# A rate may be seven days old, and a page stays open for one day.
USUAL_AGE = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Exchange:
    """How many units of a currency one US dollar was worth on that day."""

    per_usd: Decimal
    day: date

    @classmethod
    def across(cls, units: Decimal, dollars: Decimal, day: date) -> Exchange:
        """Convert through a third currency: `units` and `dollars` are what one unit of it was
        worth. Rounded up to ten digits."""
        return cls(_DIVISION.divide(units, dollars), day)

    @property
    def number(self) -> str:
        """Plain digits: `157.2502686`."""
        return f"{self.per_usd:f}"

    def described(self, currency: str) -> str:
        """For people: `157.2502686 JPY for 1 USD, the rate of 2026-11-27`."""
        return f"{self.number} {currency.upper()} for 1 USD, the rate of {self.day}"


class RatesError(SettingsError):
    """The operator's file of rates cannot be used."""


class Rates:
    """A source of exchange rates. This one knows none."""

    def on(self, currency: str, day: date) -> Exchange | None:  # noqa: ARG002 - others need it
        """The newest rate of that day or before; None if no rate of the currency was known then."""
        return None


@dataclass(frozen=True)
class OwnRates(Rates):
    """The shop's own rates, oldest first, for some currencies; published rates for the others."""

    own: Mapping[str, Sequence[Exchange]]
    published: Rates

    def on(self, currency: str, day: date) -> Exchange | None:
        """The shop's own rate if it sets any for the currency, else the published one."""
        if currency not in self.own:
            return self.published.on(currency, day)
        return next((rate for rate in reversed(self.own[currency]) if rate.day <= day), None)


@dataclass(frozen=True)
class ValuationRate:
    """The rate by which a payment is judged (None if nobody knows one), and why, in a sentence.

    `is_known` is false if the shop knows no rate of the currency, whatever the payment says.
    `refused` is the shop's own rate if the payment's was too low to be true.
    """

    per_usd: Decimal | None
    why: str
    is_known: bool = True
    refused: Decimal | None = None


def valuation_rate_of(
    currency: str, stored: Exchange | None, paid_on: date, rates: Rates
) -> ValuationRate:
    """The rate to judge a payment by: its own, unless that is too low to be true."""
    name, at_payment = currency.upper(), rates.on(currency, paid_on)
    if stored is None or stored.day > paid_on:
        return _without_own_rate(name, at_payment, paid_on)
    sold = f"sold at {stored.described(currency)}"
    if at_payment is None:
        why = f"{sold}; no rate is known to compare it with"
        return ValuationRate(stored.per_usd, why, is_known=False)
    known = rates.on(currency, stored.day)
    bounds = [(_tolerance(known, stored.day) * known.per_usd, known)] if known else []
    if known is None or paid_on - stored.day > USUAL_AGE:
        bounds.append((_cautious_rate(at_payment, paid_on), at_payment))
    floor, against = max(bounds, key=lambda bound: bound[0])
    if stored.per_usd >= floor:
        return ValuationRate(stored.per_usd, sold + _compared(against, stored.day))
    lowest = f"the rate of {against.day} was {against.number}, and {floor:.10g} the lowest accepted"
    return ValuationRate(floor, f"{sold}, which is too low: {lowest}", refused=against.per_usd)


def _without_own_rate(name: str, known: Exchange | None, paid_on: date) -> ValuationRate:
    if known is None:
        why = f"paid in {name}, and no rate is known: the price was not checked"
        return ValuationRate(None, why, is_known=False)
    floor = _cautious_rate(known, paid_on)
    why = f"paid in {name} without a usable rate: judged by {floor:.10g} {name} for 1 USD"
    return ValuationRate(floor, f"{why}; the rate of {known.day} was {known.number}")


def _cautious_rate(known: Exchange, paid_on: date) -> Decimal:
    """The lowest rate we accept when only that day's exchange rate is known."""
    return min(TOLERANCE_OLD_RATE, _tolerance(known, paid_on)) * known.per_usd


def _tolerance(known: Exchange, day: date) -> Decimal:
    return TOLERANCE if day - known.day <= WEEK else TOLERANCE_OLD_DATA


def _compared(known: Exchange, day: date) -> str:
    if day - known.day <= WEEK:
        return ""
    return f"; the rates known end at {known.day}, so it was compared with {known.number} only"
