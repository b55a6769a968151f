"""Exchange rates: units of a currency for one US dollar, and how far a payment's word is believed.

A payment carries the rate that it was sold at, and is judged by it. But metadata can be written by
strangers, so the word is compared with the rates that the shop knows: what is lower than any sale
could have been counts as the lowest that is believed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Context, Decimal

from cascade_cli.errors import SettingsError

# A rate is rounded up, so that its rounding is never against the shop.
_DIVISION = Context(prec=10, rounding=ROUND_CEILING)

# Known rates of the same week: what the bank corrected later lies within this.
TOLERANCE = Decimal("0.99")
# The shop's rates end more than a week before: currencies move.
TOLERANCE_OLD_DATA = Decimal("0.80")
# The payment's rate is older than its sale can be, or it names none: the rate of the day it was
# paid, less what a currency moves while somebody hesitates.
TOLERANCE_OLD_RATE = Decimal("0.90")
WEEK = timedelta(days=7)
# A rate of up to seven days, and a page that is open for a day.
USUAL_AGE = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Exchange:
    """So many units of a currency were one US dollar on that day."""

    per_usd: Decimal
    day: date

    @classmethod
    def across(cls, units: Decimal, dollars: Decimal, day: date) -> Exchange:
        """From what one unit of a third currency was worth, rounded up to ten digits."""
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
    """Where rates are known: here, none."""

    def on(self, currency: str, day: date) -> Exchange | None:  # noqa: ARG002 - others need it
        """The newest of that day or before; None where the currency is not known then."""
        return None


@dataclass(frozen=True)
class OwnRates(Rates):
    """The shop's own rates, oldest first, for the currencies that it has some of."""

    own: Mapping[str, Sequence[Exchange]]
    published: Rates

    def on(self, currency: str, day: date) -> Exchange | None:
        """The shop's own where it has any for the currency, else the published."""
        if currency not in self.own:
            return self.published.on(currency, day)
        return next((rate for rate in reversed(self.own[currency]) if rate.day <= day), None)


@dataclass(frozen=True)
class ValuationRate:
    """By which rate a payment is judged, None where nobody knows one; and why, in a sentence.

    `is_known` is false where the shop knows no rate of the currency, whatever the payment says.
    `refused` is the shop's own rate where the payment's was too low to be true.
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
        return _without_word(name, at_payment, paid_on)
    sold = f"sold at {stored.described(currency)}"
    if at_payment is None:
        why = f"{sold}; no rate is known to compare it with"
        return ValuationRate(stored.per_usd, why, is_known=False)
    known = rates.on(currency, stored.day)
    bounds = [(_tolerance(known, stored.day) * known.per_usd, known)] if known else []
    if known is None or paid_on - stored.day > USUAL_AGE:
        bounds.append((_hesitant(at_payment, paid_on), at_payment))
    floor, against = max(bounds, key=lambda bound: bound[0])
    if stored.per_usd >= floor:
        return ValuationRate(stored.per_usd, sold + _compared(against, stored.day))
    lowest = f"{against.number} was that of {against.day}, and {floor:.10g} is the lowest believed"
    return ValuationRate(floor, f"{sold}, which is too low: {lowest}", refused=against.per_usd)


def _without_word(name: str, known: Exchange | None, paid_on: date) -> ValuationRate:
    if known is None:
        why = f"paid in {name}, and no rate is known: the price was not checked"
        return ValuationRate(None, why, is_known=False)
    floor = _hesitant(known, paid_on)
    why = f"paid in {name} without a usable rate: judged by {floor:.10g} {name} for 1 USD"
    return ValuationRate(floor, f"{why}; {known.number} was that of {known.day}")


def _hesitant(known: Exchange, paid_on: date) -> Decimal:
    """The lowest that is believed of a payment by the rate of its own day alone."""
    return min(TOLERANCE_OLD_RATE, _tolerance(known, paid_on)) * known.per_usd


def _tolerance(known: Exchange, day: date) -> Decimal:
    return TOLERANCE if day - known.day <= WEEK else TOLERANCE_OLD_DATA


def _compared(known: Exchange, day: date) -> str:
    if day - known.day <= WEEK:
        return ""
    return f"; the rates known end at {known.day}, so it was compared with {known.number} only"
