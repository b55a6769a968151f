"""What was paid beyond the highest price that a charge's ducats can have had.

It buys no ducats, and no machine gives it back: it is named, and a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.currencies import CURRENCY, to_minor
from cascade_cli.domain.shop.exchange import TOLERANCE_OLD_RATE
from cascade_cli.domain.shop.money import ZERO, exactly, format_ducats, format_money

_ONE = Decimal(1)
# A price may have been rounded the other way.
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
    """The highest price that its ducats can have had, in minor units; None where nobody can tell.

    By the list of its day or of the day before, at its own rates where they are plausible. What
    equals a package and names none may have been bought without its bonus.
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
    # Judged by the lowest rate that can be true; the highest is as far on the other side.
    return valuation.per_usd / TOLERANCE_OLD_RATE / TOLERANCE_OLD_RATE


def _rounded_up(units: Decimal, currency: str) -> int:
    if currency == CURRENCY:
        return int((units * 100).to_integral_value(ROUND_CEILING))
    return to_minor(units, currency)
