"""What the list sells, what it costs, and which lists make no sense."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.selling.pricing import (
    Package,
    PriceList,
    PriceListError,
    Quote,
    worth_ducats,
)
from cascade_cli.domain.shop.exchange import Exchange, Rates, ValuationRate
from tests.domain.samples import a_charge, shortfall_cents

DESIGN = PriceList()


@pytest.mark.parametrize(
    ("package", "ducats", "cents"),
    [
        ("100", "100", 1_000),
        ("500", "525", 5_000),
        ("1000", "1075", 10_000),
        ("2500", "2750", 25_000),
        ("5000", "5750", 50_000),
    ],
)
def test_the_design_s_packages(package: str, ducats: str, cents: int) -> None:
    quote = DESIGN.quote(package=package)
    assert (quote.ducats, quote.amount_cents, quote.currency) == (Decimal(ducats), cents, "usd")


def test_a_custom_amount_has_no_bonus_even_where_a_package_is_as_large() -> None:
    quote = DESIGN.quote(ducats=Decimal(500))
    assert (quote.ducats, quote.bonus, quote.package) == (Decimal(500), Decimal(0), None)


@pytest.mark.parametrize(
    ("ducats", "cents"),
    [("10.04", 100), ("10.05", 101), ("10.049999", 100), ("10.15", 102), ("10.25", 103)],
)
def test_half_a_cent_is_rounded_up_and_less_down(ducats: str, cents: int) -> None:
    assert DESIGN.price_cents(Decimal(ducats)) == cents


@pytest.mark.parametrize("ducats", ["10", "10000"])
def test_the_custom_bounds_are_sold(ducats: str) -> None:
    assert DESIGN.quote(ducats=Decimal(ducats)).ducats == Decimal(ducats)


@pytest.mark.parametrize("ducats", ["9.999999", "10000.000001"])
def test_beyond_the_custom_bounds_nothing_is_sold(ducats: str) -> None:
    with pytest.raises(ValueError, match="choose an amount between 10 and 10000"):
        DESIGN.quote(ducats=Decimal(ducats))


def many(*shares: str) -> Quote:
    return DESIGN.quote_many([Decimal(share) for share in shares])


def test_many_citizens_pay_for_the_sum_of_their_ducats_without_a_bonus() -> None:
    quote = many("400", "99.5", "0.5")
    assert (quote.ducats_paid, quote.bonus, quote.amount_cents) == (Decimal(500), Decimal(0), 5_000)
    assert quote.package is None


@pytest.mark.parametrize("shares", [("9", "1"), ("10000", "10000")])
def test_the_smallest_amount_is_asked_of_all_together_and_the_largest_of_each(
    shares: tuple[str, ...],
) -> None:
    assert many(*shares).ducats == sum(map(Decimal, shares))


@pytest.mark.parametrize("shares", [("9", "0.999999"), ("10", "10000.000001")])
def test_beyond_those_bounds_nothing_is_sold_to_many(shares: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="at least 10 ducats together and at most 10000 for one"):
        many(*shares)


def test_a_package_that_is_not_sold_brings_the_names_of_those_that_are() -> None:
    with pytest.raises(ValueError, match="no package 'Gold'; there are 100, 500, 1000, 2500, 5000"):
        DESIGN.quote(package="Gold")


@pytest.mark.parametrize("wanted", [{}, {"ducats": Decimal(100), "package": "100"}])
def test_a_purchase_names_an_amount_or_a_package(wanted: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="either"):
        DESIGN.quote(**wanted)


@given(
    st.decimals("0.05", "0.50", places=4),
    st.decimals(10, 10_000, places=6),
    st.decimals(0, 1_000, places=2),
)
def test_whatever_is_sold_at_the_list_s_price_is_not_underpaid(
    rate: Decimal, ducats: Decimal, bonus: Decimal
) -> None:
    prices = PriceList(rate=rate, packages=(Package("p", ducats, bonus),))
    for quote in (prices.quote(package="p"), prices.quote(ducats=ducats)):
        charge = a_charge(
            ducats=quote.ducats,
            captured_cents=quote.amount_cents,
            rate=quote.rate,
            package=quote.package,
        )
        assert shortfall_cents(prices, charge) == 0


def test_a_bonus_counts_only_where_this_list_has_it() -> None:
    generous = PriceList(packages=(Package("500", Decimal(500), Decimal(100)),))
    sold = a_charge(ducats=Decimal(600), captured_cents=5_000, rate=Decimal("0.10"), package="500")
    assert shortfall_cents(generous, sold) == 0
    assert shortfall_cents(DESIGN, sold) == 1_000


def test_a_renamed_package_still_knows_the_older_api_s_name_for_it() -> None:
    renamed = PriceList(packages=(Package("starter", Decimal(500), Decimal(25)),))
    sold = a_charge(ducats=Decimal(525), captured_cents=5_000, rate=Decimal("0.10"))
    for name in (None, "starter", "500"):
        assert shortfall_cents(renamed, replace(sold, package=name)) == 0
    assert shortfall_cents(renamed, replace(sold, package="another")) == 250


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        ("lowest_rate", {"lowest_rate": Decimal("0.6")}),
        ("lowest_rate", {"lowest_rate": Decimal(0)}),
        ("rate", {"rate": Decimal("0.04")}),
        ("rate", {"rate": Decimal("0.51")}),
        ("custom.minimum", {"custom_minimum": Decimal(10_001)}),
        ("custom.minimum", {"custom_minimum": Decimal("4.94")}),
        ("custom.maximum", {"custom_maximum": Decimal(10_000_000)}),
        ("packages.tiny.ducats", {"packages": (Package("tiny", Decimal(4)),)}),
        ("packages.b", {"packages": (Package("b", Decimal(500)), Package("c", Decimal(500)))}),
        ("packages.b", {"packages": (Package("b", Decimal(525)), DESIGN.packages[1])}),
    ],
)
def test_a_list_that_contradicts_itself_or_no_card_can_pay_is_refused(
    key: str, changed: dict[str, Any]
) -> None:
    with pytest.raises(PriceListError) as refused:
        replace(DESIGN, **changed)
    assert refused.value.key == key


def test_a_list_that_contradicts_itself_says_which_setting_and_why() -> None:
    with pytest.raises(PriceListError, match=r"^custom.minimum is more than custom.maximum$"):
        replace(DESIGN, custom_minimum=Decimal(10_001))


@pytest.mark.parametrize(
    "changed",
    [
        {"lowest_rate": Decimal("0.10"), "highest_rate": Decimal("0.10")},
        {"rate": Decimal("0.05")},
        {"rate": Decimal("0.50")},
        {"custom_minimum": Decimal(500), "custom_maximum": Decimal(500)},
        {"packages": ()},
    ],
)
def test_the_bounds_belong_to_what_may_be_sold(changed: dict[str, Any]) -> None:
    assert replace(DESIGN, **changed) != DESIGN


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"package": "500"}, "500 ducats at 0.10 USD and 25 on top"),
        ({"ducats": Decimal("10.50")}, "10.5 ducats at 0.10 USD"),
        (
            {
                "package": "500",
                "currency": "jpy",
                "exchange": Exchange(Decimal(160), date(2026, 11, 27)),
            },
            "500 ducats at 0.10 USD and 25 on top; 160 JPY for 1 USD, the rate of 2026-11-27",
        ),
    ],
)
def test_an_offer_says_what_is_paid_for_what_comes_on_top_and_by_which_rate(
    wanted: dict[str, Any], text: str
) -> None:
    assert DESIGN.quote(**wanted).description == text


def test_an_offer_to_many_in_yen_is_priced_by_the_rate_and_keeps_it() -> None:
    rate = Exchange(Decimal(160), date(2026, 11, 27))
    quote = DESIGN.quote_many([Decimal(100), Decimal(400)], "jpy", rate)
    assert (quote.amount_cents, quote.currency, quote.exchange) == (8_000, "jpy", rate)


def test_a_package_that_is_not_sold_is_refused_where_there_is_none_at_all() -> None:
    with pytest.raises(ValueError, match="no package 'Gold'; there are none at all"):
        replace(DESIGN, packages=()).quote(package="Gold")


FIRST, SECOND = date(2026, 11, 10), date(2026, 11, 15)
RISING = PriceList(
    changes=(
        (FIRST, PriceList(rate=Decimal("0.20"), lowest_rate=Decimal("0.20"))),
        (SECOND, PriceList(rate=Decimal("0.40"), lowest_rate=Decimal("0.40"))),
    )
)
"""A shop that has become dearer twice."""


@pytest.mark.parametrize(
    ("day", "rate"),
    [(9, "0.10"), (10, "0.20"), (14, "0.20"), (15, "0.40"), (30, "0.40")],
)
def test_the_newest_list_that_has_begun_is_in_force(day: int, rate: str) -> None:
    assert RISING.on(date(2026, 11, day)).rate == Decimal(rate)


def sold_on(day: int, cents: int, **changed: Any) -> int:
    """What is missing of the price of 100 ducats that were paid in that night."""
    at = datetime(2026, 11, day, 23, 59, tzinfo=UTC)
    usual = {"created_at": at, "captured_cents": cents, "rate": None, **changed}
    return shortfall_cents(RISING, a_charge(**usual))


@pytest.mark.parametrize(
    ("day", "due"), [(9, 500), (10, 500), (11, 2_000), (15, 2_000), (16, 4_000)]
)
def test_a_page_stays_open_for_a_day_and_the_lower_price_of_both_days_counts(
    day: int, due: int
) -> None:
    assert sold_on(day, due) == 0
    assert sold_on(day, due - 100) == 100


def test_a_page_of_a_dearer_day_does_not_make_a_payment_too_small() -> None:
    cheaper = PriceList(
        rate=Decimal("0.40"), lowest_rate=Decimal("0.40"), changes=((FIRST, DESIGN),)
    )
    at = datetime(2026, 11, 10, 1, tzinfo=UTC)
    assert shortfall_cents(cheaper, a_charge(created_at=at, captured_cents=1000)) == 0


def test_the_list_s_own_price_stands_beside_what_the_payment_says() -> None:
    """A payment that names the lowest rate owes half of what the list asks for."""
    said = a_charge(rate=Decimal("0.05"), captured_cents=500)
    assert (DESIGN.due(said).cents, DESIGN.due(said, by_list=True).cents) == (500, 1_000)
    assert DESIGN.due(said, by_list=True).rate == Decimal("0.10")


def test_the_smallest_payment_that_is_enough_is_one_cent_less_than_the_price() -> None:
    assert DESIGN.least_cents(a_charge()) == 999


def test_a_payment_that_names_a_package_in_yen_is_forgiven_nothing() -> None:
    class Yen(Rates):
        def on(self, currency: str, day: date) -> Exchange | None:  # noqa: ARG002 - any
            return Exchange(Decimal(160), day)

    day = date(2026, 11, 19)
    charge = a_charge(currency="jpy", exchange=Exchange(Decimal(160), day), captured_cents=1_600)
    prices = replace(DESIGN, rates=Yen())
    assert prices.least_cents(charge) == 1_600
    assert shortfall_cents(prices, replace(charge, captured_cents=1_599)) == 1


@pytest.mark.parametrize(
    ("cents", "currency", "per_usd", "ducats"),
    [
        (1_000, "usd", "1", "100"),
        (1_600, "jpy", "160", "100"),
        (3_070, "kwd", "0.307", "100"),
        (1, "usd", None, "0.1"),
    ],
)
def test_money_is_ranked_by_the_ducats_that_it_buys(
    cents: int, currency: str, per_usd: str | None, ducats: str
) -> None:
    valuation = ValuationRate(Decimal(per_usd) if per_usd else None, "")
    assert worth_ducats(cents, currency, Decimal("0.10"), valuation) == Decimal(ducats)


def test_us_dollars_need_no_rate_and_nothing_is_said_of_one() -> None:
    assert DESIGN.valuation_rate_of(a_charge()) == ValuationRate(Decimal(1), "")
