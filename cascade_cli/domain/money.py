"""Ducats as Decimals, real money as integer minor units."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

ZERO = Decimal(0)

# Stripe's documented exceptions to "two decimals".
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
        "ugx",
        "vnd",
        "vuv",
        "xaf",
        "xof",
        "xpf",
    ]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])


def read_ducats(value: object) -> Decimal | None:
    """A positive, finite number of ducats from what came over the wire, else None.

    Goes through `str()`, so that the float 0.1 is 0.1 ducats and not its binary neighbour.
    """
    if isinstance(value, bool) or value is None:
        return None
    try:
        ducats = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return ducats if ducats.is_finite() and ducats > 0 else None


def format_ducats(ducats: Decimal, *, grouped: bool = False) -> str:
    """Plain decimal digits without an exponent or trailing zeros: `525`, `0.25`, `1,075.5`."""
    text = f"{ducats:,f}" if grouped else f"{ducats:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def minor_unit_digits(currency: str) -> int:
    """How many decimals the currency (three letters, lower case) has at Stripe."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def format_money(amount_cents: int, currency: str) -> str:
    """An amount in minor units as people write it: `49.99 USD`, `500 JPY`."""
    digits = minor_unit_digits(currency)
    return f"{Decimal(amount_cents).scaleb(-digits):,.{digits}f} {currency.upper()}"
