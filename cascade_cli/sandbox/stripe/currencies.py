"""Currencies and the amounts that Stripe takes in them, in minor units."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import StripeError

_CODES = """
    usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp
    byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip
    gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt
    lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr
    nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd
    std szl thb tjs tnd top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar
    zmw
"""
CURRENCIES = tuple(_CODES.split())
_WHOLE = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
ZERO_DECIMAL = frozenset(_WHOLE.split())
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

# Stripe's smallest charge by currency; 50, as for dollars, where its table names none.
_MINIMUM = {
    "aed": 200, "bgn": 100, "czk": 1500, "dkk": 250, "gbp": 30, "hkd": 400, "huf": 17500,
    "mxn": 1000, "myr": 200, "nok": 300, "pln": 200, "ron": 200, "sek": 300, "thb": 1000,
}  # fmt: skip
_MAXIMUM = 99_999_999
# Three-decimal amounts must end in 0; those of krónur and Ugandan shillings, which have no decimals
# but are sent with two, in 00.
_STEPS = {**dict.fromkeys(THREE_DECIMAL, 10), "isk": 100, "ugx": 100}
_LARGER = {"idr": 999_999_999_999}
_SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥"}


def check_amount(amount: int, currency: str) -> None:
    """Refuse an amount that is too small, too large, or no multiple of the currency's step."""
    least = minimum(currency)
    if amount < least:
        raise StripeError(
            f"Amount must be at least {show(least, currency)} {currency}",
            code="amount_too_small",
            param="amount",
        )
    maximum = _LARGER.get(currency, _MAXIMUM)
    if amount > maximum:
        raise StripeError(
            f"Amount must be no more than {show(maximum, currency)}",
            code="amount_too_large",
            param="amount",
        )
    check_step(amount, currency)


def check_step(amount: int, currency: str) -> None:
    """Refuse an amount that is no multiple of the currency's smallest step."""
    step = _STEPS.get(currency, 1)
    if amount % step:
        raise StripeError(
            f"Invalid amount. Amounts in {currency} must be evenly divisible by {step}.",
            code="parameter_invalid_integer",
            param="amount",
        )


def minimum(currency: str) -> int:
    """The smallest amount that a card can be charged."""
    return _MINIMUM.get(currency, 50)


def show(amount: int, currency: str) -> str:
    """The amount as Stripe's messages write it: `$1,234.50`."""
    decimals = 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2
    return f"{_SYMBOLS.get(currency, '')}{amount / 10**decimals:,.{decimals}f}"
