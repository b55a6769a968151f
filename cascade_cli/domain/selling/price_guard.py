"""Whether enough was paid for a charge's ducats: no machine delivers where that is not certain.

Three things make it uncertain: less was paid than the ducats cost; the shop knows no exchange rate
of the currency; or the payment's metadata, which strangers can write, set a rate outside the bounds
and less was paid than the price list asks for. Every path that delivers asks here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.pricing import Due, PriceList, worth_ducats
from cascade_cli.domain.shop.currencies import CURRENCY
from cascade_cli.domain.shop.money import ZERO, format_ducats, format_money, ratio


class PriceFlaw(StrEnum):
    """Why a price is not certain to be paid."""

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
    """Why no machine may deliver the charge at its price; None where enough was paid.

    Where the charge names no ducats, there is nothing to judge.
    """
    return next(_objections(charge, prices), None) if charge.ducats else None


def paid_for(charge: Charge, prices: PriceList) -> Decimal:
    """Of the ducats that the charge names, those that are known to be paid for."""
    found, ducats = price_objection(charge, prices), charge.ducats or ZERO
    return max(ZERO, ducats - found.missing) if found else ducats


def _objections(charge: Charge, prices: PriceList) -> Iterator[PriceObjection]:
    due = prices.due(charge)
    if not due.valuation.is_known:
        yield _unknown_rate(charge, prices, due)
        return
    own = _own_rate(charge, prices, due)
    if prices.shortfall_cents(charge):
        yield _short(PriceFlaw.UNDERPAID, charge, due, own)
    listed = prices.due_by_list(charge)
    if own and listed.cents - charge.ducats_cents > listed.forgiven:
        yield _short(PriceFlaw.OWN_RATE, charge, listed, own)


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
    """Of what is missing for the whole payment, the share of one citizen."""
    if charge.portion is None:
        return ducats
    return ratio(ducats * (charge.ducats or ZERO), charge.portion.whole_ducats)


def _unknown_rate(charge: Charge, prices: PriceList, due: Due) -> PriceObjection:
    currency = charge.currency.upper()
    worth = min(one.price_cents(one.paid_part(charge)) for one in prices.lists_of(charge))
    rate = min(one.rate for one in prices.lists_of(charge))
    own = ", but for the payment's own" if due.valuation.per_usd else ""
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
