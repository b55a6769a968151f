"""Ducats as Decimals; real money as integer minor units, in the steps and bounds that Stripe takes.

Source of these: Stripe's page on supported currencies.
"""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from decimal import (
    ROUND_CEILING,
    ROUND_HALF_UP,
    Context,
    Decimal,
    InvalidOperation,
    getcontext,
    localcontext,
)
from functools import lru_cache

ZERO = Decimal(0)
ONE_MILLIONTH = Decimal("0.000001")
ONE_HUNDREDTH = Decimal("0.01")

# Strangers write metadata: `1e999999999` is a finite Decimal, and printing it fills memory.
TOO_MANY = Decimal(10) ** 12
MOST_DECIMALS = 30
_USUAL_LENGTH = 40
MAX_DECIMALS = 6
"""The most decimals of an amount that is sold, or that results from a division. MOST_DECIMALS is
for what is read or typed."""
DUCATS_FORM = "a positive number such as 525 or 10.50"
SALE_FORM = f"{DUCATS_FORM}, with at most {MAX_DECIMALS} decimals"
_MOST_WHOLE = 15
_DUCATS = re.compile(rf"[0-9]{{1,{_MOST_WHOLE}}}(\.[0-9]{{1,{MOST_DECIMALS}}})?")
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
# Enough for the sum of any number of such amounts; Python's default of 28 digits would round.
EXACT_DIGITS = 60
_EXACT = nullcontext()

# Stripe's documented exceptions to "two decimals". UGX and ISK have no decimals either, but are
# sent with two.
ZERO_DECIMAL = frozenset(
    [
        "bif",
        "clp",
        "djf",
        "gnf",
        "jpy",
        "kmf",
        "krw",
        "mga",
        "pyg",
        "rwf",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

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


def exactly() -> AbstractContextManager[object]:
    """Within this block, sums and differences of ducats are exact to the last digit."""
    # Most callers already run within a reconciliation's context. Making a new one takes longer than
    # most sums.
    return _EXACT if getcontext().prec == EXACT_DIGITS else localcontext(Context(prec=EXACT_DIGITS))


def read_ducats(value: object) -> Decimal | None:
    """A positive number of ducats from what came over the wire, else None.

    Goes through `str()`, so that the float 0.1 is 0.1 ducats and not its binary neighbour. A
    trillion or more is not accepted, nor are more than 30 decimals.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    text = str(value)
    # A shop sells few different amounts, so each is cached, however many rows name it.
    return _known_ducats(text) if len(text) <= _USUAL_LENGTH else _ducats_in(text)


def _ducats_in(text: str) -> Decimal | None:
    try:
        ducats = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not ducats.is_finite() or not 0 < ducats < TOO_MANY:
        return None
    exponent = ducats.as_tuple().exponent
    return ducats if isinstance(exponent, int) and exponent >= -MOST_DECIMALS else None


_known_ducats = lru_cache(maxsize=4096)(_ducats_in)


def parse_ducats(text: str) -> Decimal:
    """An amount as a person types it, or as cascade prints it.

    Raises ValueError, naming the accepted form or the nearest amount that can be transferred.
    """
    if not _DUCATS.fullmatch(text):
        if _NUMBER.fullmatch(text):
            raise ValueError(
                f"{text[:40]!r} is not {DUCATS_FORM}, with at most {_MOST_WHOLE} digits before the "
                f"point and {MOST_DECIMALS} after it"
            )
        raise ValueError(f"{text[:40]!r} is not {DUCATS_FORM}")
    ducats = Decimal(text)
    if ducats <= 0:
        raise ValueError(f"{text[:40]!r} is not {DUCATS_FORM}")
    return exact(ducats)


def parse_sale(text: str) -> Decimal:
    """An amount for sale. Raises ValueError, naming the accepted form."""
    return for_sale(parse_ducats(text))


def for_sale(ducats: Decimal) -> Decimal:
    """The amount, unchanged. Raises ValueError if it has more decimals than the shop sells."""
    if ducats != round(ducats, MAX_DECIMALS):
        raise ValueError(f"{format_ducats(ducats)!r} is not {SALE_FORM}")
    return ducats


def exact(ducats: Decimal) -> Decimal:
    """The amount, unchanged. Raises ValueError if the engine's float cannot hold it."""
    if (sent := nearest(ducats)) != ducats:
        raise ValueError(
            f"{format_ducats(ducats)} ducats cannot be transferred exactly; the nearest amount "
            f"that can is {format_ducats(sent)}"
        )
    return ducats


def is_exact(ducats: Decimal) -> bool:
    """Whether the engine, which calls float() on the amount, transfers exactly that."""
    return nearest(ducats) == ducats


def nearest(ducats: Decimal) -> Decimal:
    """The amount that the engine would transfer."""
    return Decimal(repr(float(ducats)))


def enough(ducats: Decimal) -> Decimal:
    """The amount if the engine's float can hold it, else the smallest larger one that can be
    typed."""
    if is_exact(ducats):
        return ducats
    with exactly():
        for decimals in range(MAX_DECIMALS, -1, -1):
            rounded = ducats.quantize(Decimal(1).scaleb(-decimals), ROUND_CEILING)
            if is_exact(rounded):
                return rounded
    return nearest(ducats)


def ratio(number: Decimal | int, divisor: Decimal | int) -> Decimal:
    """The quotient to a millionth. For ranking, which needs no more digits."""
    return (Decimal(number) / divisor).quantize(ONE_MILLIONTH)


def format_ducats(ducats: Decimal, *, grouped: bool = False) -> str:
    """Plain decimal digits without an exponent or trailing zeros: `525`, `0.25`, `1,075.5`."""
    text = f"{ducats:,f}" if grouped else f"{ducats:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def format_optional(ducats: Decimal | None) -> str | None:
    """Like `format_ducats`; None if the number is not known."""
    return None if ducats is None else format_ducats(ducats)


def rounded(ducats: Decimal) -> str:
    """For people: `16,706.6`. Rounded to a hundredth, since floats over the wire have a dozen
    decimals that nobody reads. A small amount is shown as `< 0.01`, never as 0."""
    if 0 < abs(ducats) < ONE_HUNDREDTH:
        return f"< {ONE_HUNDREDTH}"
    with exactly():
        return format_ducats(ducats.quantize(ONE_HUNDREDTH), grouped=True)


def minor_unit_digits(currency: str) -> int:
    """How many decimals the currency (three letters, lower case) has at Stripe."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def format_money(amount_cents: int, currency: str) -> str:
    """An amount in minor units as people write it: `49.99 USD`, `500 JPY`."""
    digits = minor_unit_digits(currency)
    return f"{Decimal(amount_cents).scaleb(-digits):,.{digits}f} {currency.upper()}"


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
