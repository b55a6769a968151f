"""The arithmetic of prices in other currencies, and how far a payment's word for its rate goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.selling.pricing import Package, PriceList, Quote
from cascade_cli.domain.shop.exchange import (
    Exchange,
    OwnRates,
    Rates,
    ValuationRate,
    valuation_rate_of,
)
from cascade_cli.domain.shop.money import (
    THREE_DECIMAL,
    ZERO_DECIMAL,
    minor_unit_digits,
    smallest_step,
)
from tests.domain.samples import a_charge, shortfall_cents

DAY = date(2026, 11, 20)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

currencies = st.sampled_from(["eur", "gbp", "jpy", "krw", "kwd", "bhd", "isk", "usd"])
usd_rates = st.decimals("0.05", "0.50", places=4)
ducats_sold = st.decimals(10, 10_000, places=6)
worths = st.decimals("0.01", "2000", places=4)


def known(currency: str, *rates: tuple[str, date]) -> OwnRates:
    """The shop knows these rates of the currency, and no other."""
    own = tuple(Exchange(Decimal(number), day) for number, day in rates)
    return OwnRates({currency: own}, Rates())


def exact(ducats: Decimal, rate: Decimal, per_usd: Fraction, currency: str) -> Fraction:
    """The price in minor units before any rounding."""
    units: int = 10 ** minor_unit_digits(currency)
    return Fraction(ducats) * Fraction(rate) * per_usd * units


@given(ducats_sold, usd_rates, worths, worths, currencies)
def test_a_price_is_never_more_than_a_minor_unit_against_the_shop_nor_a_step_and_a_bit_for_it(
    ducats: Decimal, rate: Decimal, units: Decimal, dollars: Decimal, currency: str
) -> None:
    exchange = None if currency == "usd" else Exchange.across(units, dollars, DAY)
    price = PriceList(rate=rate).price_cents(ducats, currency, exchange)
    per_usd = Fraction(units) / Fraction(dollars) if exchange else Fraction(1)
    right = exact(ducats, rate, per_usd, currency)
    step = smallest_step(currency)
    assert price % step == 0
    assert price >= right - (Fraction(1, 2) if step == 1 else 0)
    # The rate was rounded up at its tenth digit.
    assert price <= right * (1 + Fraction(1, 10**9)) + (Fraction(1, 2) if step == 1 else step)


@given(ducats_sold, ducats_sold, usd_rates, worths, currencies)
def test_more_ducats_never_cost_less(
    one: Decimal, other: Decimal, rate: Decimal, per_usd: Decimal, currency: str
) -> None:
    prices = PriceList(rate=rate)
    exchange = None if currency == "usd" else Exchange(per_usd, DAY)
    less, more = sorted([one, other])
    assert prices.price_cents(less, currency, exchange) <= prices.price_cents(
        more, currency, exchange
    )


@given(ducats_sold, worths, worths, currencies)
def test_a_worse_rate_never_costs_less(
    ducats: Decimal, one: Decimal, other: Decimal, currency: str
) -> None:
    low, high = (Exchange(rate, DAY) for rate in sorted([one, other]))
    prices = PriceList()
    assert prices.price_cents(ducats, currency, low) <= prices.price_cents(ducats, currency, high)


def charge_of(quote: Quote, paid: int) -> Charge:
    return a_charge(
        ducats=quote.ducats,
        captured_cents=paid,
        currency=quote.currency,
        rate=quote.rate,
        package=quote.package,
        exchange=quote.exchange,
        created_at=NOON,
    )


@given(ducats_sold, usd_rates, worths, st.decimals(0, 500, places=2), currencies)
def test_what_cascade_sells_is_not_underpaid_and_a_minor_unit_less_is(
    ducats: Decimal, rate: Decimal, per_usd: Decimal, bonus: Decimal, currency: str
) -> None:
    exchange = None if currency == "usd" else Exchange(per_usd, DAY)
    prices = PriceList(
        rate=rate,
        packages=(Package("p", ducats, bonus),),
        rates=OwnRates({currency: (exchange,)} if exchange else {}, Rates()),
    )
    try:
        quote = prices.quote(package="p", currency=currency, exchange=exchange)
    except ValueError:
        return  # Stripe charges no such amount.
    assert shortfall_cents(prices, charge_of(quote, quote.amount_cents)) == 0
    # The older API, which sold in US dollars only, may have lost one by truncation; and half a
    # cent was rounded up.
    too_little = quote.amount_cents - (3 if currency == "usd" else 1)
    assert shortfall_cents(prices, charge_of(quote, too_little)) > 0


@pytest.mark.parametrize(
    ("currency", "per_usd", "amount"),
    [
        ("eur", "0.8950948801", 895),
        ("jpy", "157.2502686", 1_573),
        ("kwd", "0.3064", 3_070),
        ("kwd", "0.307", 3_070),
        ("isk", "121.73291", 121_800),
        # 36,720.04 shillings: two decimals, which must be 00, so up to the next shilling.
        ("ugx", "3672.004", 3_672_100),
    ],
)
def test_a_hundred_ducats_in_each_kind_of_currency(
    currency: str, per_usd: str, amount: int
) -> None:
    rate = Exchange(Decimal(per_usd), DAY)
    assert PriceList().price_cents(Decimal(100), currency, rate) == amount


def test_three_decimal_amounts_end_in_zero_and_zero_decimal_ones_need_no_more() -> None:
    assert {smallest_step(code) for code in THREE_DECIMAL} == {10}
    assert {smallest_step(code) for code in ZERO_DECIMAL} == {1}


def test_an_amount_below_stripe_s_smallest_is_not_sold_in_that_currency() -> None:
    with pytest.raises(ValueError, match=r"costs 40 JPY; Stripe charges 50 JPY to"):
        PriceList().quote(ducats=Decimal(10), currency="jpy", exchange=Exchange(Decimal(40), DAY))


# What is believed ------------------------------------------------------------------------------

BANK = known("try", ("2.5", date(2015, 1, 5)), ("40", DAY - timedelta(days=1)), ("41", DAY))


def judged_by(stored: Exchange | None, paid_on: date = DAY, rates: OwnRates = BANK) -> Decimal:
    found = valuation_rate_of("try", stored, paid_on, rates).per_usd
    assert found is not None
    return found


@pytest.mark.parametrize("number", ["41", "40.59", "55"])
def test_the_rate_of_the_payment_decides_down_to_one_percent_below_the_known(number: str) -> None:
    assert judged_by(Exchange(Decimal(number), DAY)) == Decimal(number)


@pytest.mark.parametrize("number", ["40.58", "20", "0.000001"])
def test_a_rate_that_is_too_low_counts_as_the_lowest_believed(number: str) -> None:
    valuation = valuation_rate_of("try", Exchange(Decimal(number), DAY), DAY, BANK)
    assert valuation.per_usd == Decimal("40.59")
    assert "too low: the rate of 2026-11-20 was 41, and 40.59 the lowest accepted" in valuation.why


def test_a_true_rate_of_long_ago_does_not_make_the_payment_cheap() -> None:
    assert judged_by(Exchange(Decimal("2.5"), date(2015, 1, 5))) == Decimal("36.90")


def test_a_rate_of_the_future_is_no_rate() -> None:
    tomorrow = DAY + timedelta(days=1)
    assert judged_by(Exchange(Decimal("0.1"), tomorrow)) == Decimal("36.90")


def test_to_leave_the_rate_out_gains_nothing() -> None:
    valuation = valuation_rate_of("try", None, DAY, BANK)
    assert valuation.per_usd == Decimal("36.90")
    assert "without a usable rate" in valuation.why


def test_where_the_known_rates_end_before_the_evidence_says_so_and_allows_a_fifth() -> None:
    later = DAY + timedelta(days=8)
    valuation = valuation_rate_of("try", Exchange(Decimal("32.8"), later), later, BANK)
    assert valuation.per_usd == Decimal("32.8")
    assert "the rates known end at 2026-11-20" in valuation.why
    assert judged_by(Exchange(Decimal("32.7"), later), later) == Decimal("32.8")


def test_nothing_known_leaves_the_payment_s_own_word_and_says_so() -> None:
    valuation = valuation_rate_of("try", Exchange(Decimal(3), DAY), DAY, known("eur"))
    assert valuation.per_usd == Decimal(3)
    assert valuation.why.endswith("no rate is known to compare it with")


def test_nothing_known_and_nothing_said_is_not_judged() -> None:
    valuation = valuation_rate_of("try", None, DAY, known("eur"))
    assert (valuation.per_usd, "was not checked" in valuation.why) == (None, True)


@given(st.decimals("0.000001", "1000", places=6), st.dates(date(2010, 1, 1), date(2030, 1, 1)))
def test_no_word_of_a_stranger_is_believed_far_below_the_rate_of_the_day(
    number: Decimal, day: date
) -> None:
    assert judged_by(Exchange(number, day)) >= Decimal(41) * Decimal("0.80")


def valuation_of(
    stored: Exchange | None, paid_on: date = DAY, rates: OwnRates = BANK
) -> ValuationRate:
    return valuation_rate_of("try", stored, paid_on, rates)


def test_a_true_rate_is_believed_and_nothing_more_is_said_of_it() -> None:
    valuation = valuation_of(Exchange(Decimal(41), DAY))
    assert valuation.why == "sold at 41 TRY for 1 USD, the rate of 2026-11-20"
    assert (valuation.is_known, valuation.refused) == (True, None)


def test_a_rate_that_is_too_low_leaves_the_shop_s_own_to_judge_by() -> None:
    valuation = valuation_of(Exchange(Decimal(20), DAY))
    assert (valuation.is_known, valuation.refused) == (True, Decimal(41))


@pytest.mark.parametrize("stored", [None, Exchange(Decimal(3), DAY)])
def test_a_currency_without_a_rate_is_unknown_whatever_the_payment_says(
    stored: Exchange | None,
) -> None:
    valuation = valuation_of(stored, rates=known("eur"))
    assert (valuation.is_known, valuation.refused) == (False, None)


def test_a_payment_without_a_rate_says_the_currency_and_the_rate_that_judges_it() -> None:
    said = "paid in TRY without a usable rate: judged by 36.90 TRY for 1 USD"
    assert valuation_of(None).why == f"{said}; the rate of 2026-11-20 was 41"


@pytest.mark.parametrize(("days", "believed"), [(9, "20"), (10, "36.90")])
def test_a_sale_may_be_paid_nine_days_after_the_day_of_its_rate_and_no_later(
    days: int, believed: str
) -> None:
    rates = known("try", ("20", DAY - timedelta(days=days)), ("41", DAY))
    sold = Exchange(Decimal(20), DAY - timedelta(days=days))
    assert valuation_of(sold, rates=rates).per_usd == Decimal(believed)


def test_the_rates_of_both_days_count_where_the_payment_s_is_old() -> None:
    """And the higher of them decides: here that of the day of the rate."""
    risen = known("try", ("41", DAY - timedelta(days=10)), ("20", DAY))
    sold = Exchange(Decimal(30), DAY - timedelta(days=10))
    valuation = valuation_of(sold, rates=risen)
    assert (valuation.per_usd, valuation.refused) == (Decimal("40.59"), Decimal(41))


def test_two_days_that_allow_the_same_do_not_contradict_each_other() -> None:
    sold = DAY - timedelta(days=10)
    rates = known("try", ("20", sold), ("22", DAY))
    assert valuation_of(Exchange(Decimal(1), sold), rates=rates).per_usd == Decimal("19.80")


@pytest.mark.parametrize(("days", "lowest"), [(7, "40.59"), (8, "32.80")])
def test_known_rates_serve_for_a_week_and_then_allow_a_fifth(days: int, lowest: str) -> None:
    later = DAY + timedelta(days=days)
    valuation = valuation_of(Exchange(Decimal(1), later), later)
    assert valuation.per_usd == Decimal(lowest)


@pytest.mark.parametrize(("days", "said"), [(7, False), (8, True)])
def test_it_is_said_from_the_eighth_day_on_that_the_known_rates_ended(
    days: int, said: bool
) -> None:
    later = DAY + timedelta(days=days)
    valuation = valuation_of(Exchange(Decimal(41), later), later)
    assert ("the rates known end at 2026-11-20" in valuation.why) == said


def test_an_old_rate_is_judged_although_the_known_rates_ended_before_it() -> None:
    sold, paid = (DAY + timedelta(days=days) for days in (20, 40))
    assert valuation_of(Exchange(Decimal(33), sold), paid).per_usd == Decimal(33)
    assert valuation_of(Exchange(Decimal(32), sold), paid).per_usd == Decimal("32.80")


def test_a_currency_without_a_rate_of_the_shop_s_own_has_the_published_of_its_day() -> None:
    earlier, today = Exchange(Decimal(40), DAY - timedelta(days=1)), Exchange(Decimal(41), DAY)
    published = OwnRates({"try": (earlier, today)}, Rates())
    rates = OwnRates({"eur": (Exchange(Decimal(2), DAY),)}, published)
    assert rates.on("try", DAY) == today
    assert rates.on("try", earlier.day) == earlier
    assert rates.on("kwd", DAY) is None


def test_the_shop_s_own_rate_goes_before_the_published_even_where_it_is_older() -> None:
    published = OwnRates({"try": (Exchange(Decimal(41), DAY),)}, Rates())
    own = Exchange(Decimal(45), DAY - timedelta(days=3))
    rates = OwnRates({"try": (own,)}, published)
    assert rates.on("try", DAY) == own
    assert rates.on("try", DAY - timedelta(days=4)) is None
