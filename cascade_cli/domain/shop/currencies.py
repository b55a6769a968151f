"""What Stripe charges in a currency: in which steps, and how little or how much; and how we round.

Sources: Stripe's page on supported currencies. Amounts are integer minor units.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from cascade_cli.domain.shop.money import THREE_DECIMAL, exactly, format_money, minor_unit_digits

CURRENCY = "usd"
ROUNDING = "half up to whole cents"
_HALF_UP = "half up to the smallest unit"
_STEPS = "up to the next amount that Stripe takes"
CODE_FORM = "a currency's three letters, such as EUR"
_CODE = re.compile(r"[A-Za-z]{3}")

# For currencies that Stripe's table does not list, the figure for half a dollar stands in.
_SMALLEST = {
    "aed": 200, "bgn": 100, "czk": 1_500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17_500,
    "mxn": 1_000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1_000,
}  # fmt: skip
_SMALLEST_ELSEWHERE = 50
# Eight digits, and twelve for rupiahs.
_LARGEST = {"idr": 999_999_999_999}
_LARGEST_ELSEWHERE = 99_999_999
# These currencies have no decimals, but Stripe expects two, which must be 00.
_WHOLE_UNITS = frozenset(["isk", "ugx"])


def read_currency(text: str) -> str:
    """A currency code in lower case, as Stripe writes it. Raises ValueError if the text is not a
    code."""
    if not _CODE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is not {CODE_FORM}")
    return text.lower()


def smallest_step(currency: str) -> int:
    """Stripe accepts only multiples of this: three-decimal amounts end in 0, Icelandic and Ugandan
    ones in 00."""
    if currency in _WHOLE_UNITS:
        return 100
    return 10 if currency in THREE_DECIMAL else 1


def rounding_of(currency: str) -> str:
    """For people: how a price is rounded to an amount that can be charged."""
    if currency == CURRENCY:
        return ROUNDING
    return _HALF_UP if smallest_step(currency) == 1 else _STEPS


def to_minor(units: Decimal, currency: str) -> int:
    """Whole units of the currency, converted to an amount that Stripe accepts.

    Rounds half up to the minor unit, which costs the shop at most half a unit. If Stripe accepts
    only multiples, rounds up to the next one, which never costs the shop anything.
    """
    step = smallest_step(currency)
    rounding = ROUND_HALF_UP if step == 1 else ROUND_CEILING
    with exactly():
        steps = units.scaleb(minor_unit_digits(currency)) / step
        return int(steps.to_integral_value(rounding)) * step


def unchargeable(amount: int, currency: str) -> str:
    """Why no card can be charged this amount; empty if it can."""
    least = _SMALLEST.get(currency, _SMALLEST_ELSEWHERE)
    most = _LARGEST.get(currency, _LARGEST_ELSEWHERE)
    if least <= amount <= most:
        return ""
    bounds = f"{format_money(least, currency)} to {format_money(most, currency)}"
    return f"costs {format_money(amount, currency)}; Stripe charges {bounds}"
