"""Whether enough was paid for a charge's ducats. If that is not certain, no machine delivers them.

Three things make it uncertain: less was paid than the ducats cost; the shop knows no exchange rate
of the currency; or the payment's metadata, which strangers can write, set a rate outside the bounds
and less was paid than the price list asks. Every path that delivers asks here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.pricing import Due, PriceList, worth_ducats
from cascade_cli.domain.shop.exchange import TOLERANCE_OLD_RATE
from cascade_cli.domain.shop.money import (
    CURRENCY,
    ZERO,
    exactly,
    format_ducats,
    format_money,
    ratio,
    to_minor,
)


class PriceFlaw(StrEnum):
    """Why it is not certain that the price was paid."""

    UNDERPAID = "underpaid"
    UNKNOWN_RATE = "unknown_rate"
    """Nobody knows what the currency is worth."""
    OWN_RATE = "own_rate"
    """The payment sets its own rate, outside what the shop's rates allow."""


@dataclass(frozen=True)
class PriceObjection:
    """What was paid, what the ducats are worth, and the difference, in one sentence.

    `missing` are the ducats that nobody is known to have paid for.
    """

    flaw: PriceFlaw
    why: str
    missing: Decimal


def price_objection(charge: Charge, prices: PriceList) -> PriceObjection | None:
    """Why no machine may deliver the charge at its price; None if enough was paid.

    If the charge names no ducats, there is nothing to judge.
    """
    if not charge.ducats:
        return None
    due = prices.due(charge)
    if not due.valuation.is_known:
        return _unknown_rate(charge, prices, due)
    own = _own_rate(charge, prices, due)
    if due.shortfall_cents(charge):
        return _short(PriceFlaw.UNDERPAID, charge, due, own)
    if own:
        listed = prices.due(charge, by_list=True)
        if listed.shortfall_cents(charge):
            return _short(PriceFlaw.OWN_RATE, charge, listed, own)
    return None


def paid_for(charge: Charge, prices: PriceList) -> Decimal:
    """The part of the charge's ducats that is known to be paid for."""
    found, ducats = price_objection(charge, prices), charge.ducats or ZERO
    return max(ZERO, ducats - found.missing) if found else ducats


def _short(flaw: PriceFlaw, charge: Charge, due: Due, own: str) -> PriceObjection:
    currency, missing_cents = charge.currency, due.cents - charge.ducats_cents
    per_usd = f"{due.valuation.per_usd:.10g} {currency.upper()} for 1 USD"
    converted = "" if currency == CURRENCY else f" and {per_usd}"
    why = (
        f"paid {format_money(charge.ducats_cents, currency)} where "
        f"{format_money(due.cents, currency)} were due at {due.rate} USD per ducat{converted}: "
        f"{format_money(missing_cents, currency)} less than its ducats cost{own}"
    )
    missing = worth_ducats(missing_cents, currency, due.rate, due.valuation)
    return PriceObjection(flaw, why, _own_part(charge, missing))


def _own_part(charge: Charge, ducats: Decimal) -> Decimal:
    """One citizen's share of what is missing for the whole payment."""
    if charge.portion is None:
        return ducats
    return ratio(ducats * (charge.ducats or ZERO), charge.portion.whole_ducats)


def _unknown_rate(charge: Charge, prices: PriceList, due: Due) -> PriceObjection:
    currency = charge.currency.upper()
    worth = min(one.price_cents(one.paid_part(charge)) for one in prices.lists_of(charge))
    rate = min(one.rate for one in prices.lists_of(charge))
    own = ", except the payment's own" if due.valuation.per_usd else ""
    ducats = charge.ducats or ZERO
    why = (
        f"paid {format_money(charge.ducats_cents, charge.currency)} for "
        f"{format_ducats(ducats)} ducats, which are worth {format_money(worth, CURRENCY)} at "
        f"{rate} USD per ducat: no exchange rate of {currency} is known{own}, so nobody can tell "
        "the difference"
    )
    return PriceObjection(PriceFlaw.UNKNOWN_RATE, why, ducats)


def _own_rate(charge: Charge, prices: PriceList, due: Due) -> str:
    """What is wrong with the rates that the payment itself names; empty if nothing is."""
    lists = prices.lists_of(charge)
    rate = charge.rate
    if rate and not any(one.lowest_rate <= rate <= one.highest_rate for one in lists):
        bounds = f"{lists[0].lowest_rate} and {lists[0].highest_rate}"
        return f"; the payment names a rate of its own, {rate:f} USD, which is not between {bounds}"
    if due.valuation.refused and charge.exchange:
        own = f"{charge.exchange.number} {charge.currency.upper()} for 1 USD"
        return f"; the payment names an exchange rate of its own, {own}, which is too low"
    return ""


_ONE = Decimal(1)
# The price may have been rounded in the other direction.
_ROUNDING_CENTS = 1


def overpaid(charge: Charge, prices: PriceList) -> str:
    """What was paid too much, in a sentence; empty if nothing was, or nobody can tell."""
    most = most_cents(charge, prices)
    if most is None or charge.ducats_cents <= most:
        return ""
    beyond = format_money(charge.ducats_cents - most, charge.currency)
    ducats = charge.portion.whole_ducats if charge.portion else charge.ducats or ZERO
    return (
        f"{beyond} too much was paid: {format_ducats(ducats)} ducats cost at most "
        f"{format_money(most, charge.currency)}"
    )


def most_cents(charge: Charge, prices: PriceList) -> int | None:
    """The highest price that its ducats can have had, in minor units; None if nobody can tell.

    By the price list of its day or of the day before, and by the payment's own rates if they are
    plausible. If the amount equals a package but the payment names none, it may have been bought
    without the bonus.
    """
    per_usd = _most_per_usd(charge, prices)
    if not charge.ducats or per_usd is None:
        return None
    with exactly():
        units = max(_most_dollars(charge, prices)) * per_usd
    rounding = charge.period.prices if charge.period else _ROUNDING_CENTS
    return _rounded_up(units, charge.currency) + (rounding - 1)


def _most_dollars(charge: Charge, prices: PriceList) -> Iterator[Decimal]:
    says_bonus = charge.portion or charge.package or (charge.period and charge.period.bonus)
    for one in prices.lists_of(charge):
        ducats = one.paid_part(charge) if says_bonus else charge.ducats or ZERO
        is_usual = charge.rate and one.lowest_rate <= charge.rate <= one.highest_rate
        yield ducats * (charge.rate if charge.rate and is_usual else one.rate)


def _most_per_usd(charge: Charge, prices: PriceList) -> Decimal | None:
    if charge.currency == CURRENCY:
        return _ONE
    valuation = prices.valuation_rate_of(charge)
    if not valuation.is_known or valuation.per_usd is None:
        return None
    if valuation.refused:
        return valuation.refused / TOLERANCE_OLD_RATE
    if charge.exchange and valuation.per_usd == charge.exchange.per_usd:
        return valuation.per_usd
    # Payments are judged by the lowest plausible rate; the highest is as far on the other side.
    return valuation.per_usd / TOLERANCE_OLD_RATE / TOLERANCE_OLD_RATE


def _rounded_up(units: Decimal, currency: str) -> int:
    if currency == CURRENCY:
        return int((units * 100).to_integral_value(ROUND_CEILING))
    return to_minor(units, currency)
