"""What the list sells, what it costs, and which lists make no sense."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.pricing import Package, PriceList, PriceListError, Quote
from tests.domain.samples import a_charge

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
    with pytest.raises(ValueError, match="an amount lies between 10 and 10000"):
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
        assert prices.shortfall_cents(charge) == 0


def test_a_bonus_counts_only_where_this_list_has_it() -> None:
    generous = PriceList(packages=(Package("500", Decimal(500), Decimal(100)),))
    sold = a_charge(ducats=Decimal(600), captured_cents=5_000, rate=Decimal("0.10"), package="500")
    assert generous.shortfall_cents(sold) == 0
    assert DESIGN.shortfall_cents(sold) == 1_000


def test_a_renamed_package_still_knows_the_older_api_s_name_for_it() -> None:
    renamed = PriceList(packages=(Package("starter", Decimal(500), Decimal(25)),))
    sold = a_charge(ducats=Decimal(525), captured_cents=5_000, rate=Decimal("0.10"))
    for name in (None, "starter", "500"):
        assert renamed.shortfall_cents(replace(sold, package=name)) == 0
    assert renamed.shortfall_cents(replace(sold, package="another")) == 250


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
