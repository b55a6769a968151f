from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cascade_cli.domain.selling.pricing import PriceList
from tests.domain.samples import a_charge, shortfall_cents

PRICES = PriceList()


def shortfall(ducats: str, cents: int, rate: str | None = "0.10", **changed: Any) -> int:
    known_rate = Decimal(rate) if rate else None
    charge = a_charge(ducats=Decimal(ducats), captured_cents=cents, rate=known_rate, **changed)
    return shortfall_cents(PRICES, charge)


def test_the_full_price_leaves_no_shortfall() -> None:
    assert shortfall("100", 1000) == 0


def test_one_cent_lost_by_truncating_floats_is_forgiven() -> None:
    assert shortfall("100", 999) == 0


def test_two_cents_are_not_forgiven() -> None:
    assert shortfall("100", 998) == 2


def test_a_fraction_of_a_cent_is_never_due() -> None:
    assert shortfall("0.55", 4) == 0


@pytest.mark.parametrize(
    ("ducats", "cents"), [("525", 5000), ("1075", 10000), ("2750", 25000), ("5750", 50000)]
)
def test_a_packages_bonus_is_not_paid_for(ducats: str, cents: int) -> None:
    assert shortfall(ducats, cents) == 0


def test_a_bonus_is_allowed_only_with_its_own_package() -> None:
    assert shortfall("525", 5000, package="500") == 0
    assert shortfall("525", 5000, package="1000") == 250


def test_ducats_that_equal_no_package_pay_in_full() -> None:
    assert shortfall("526", 5000) == 260


def test_the_rate_of_the_payment_decides() -> None:
    assert shortfall("100", 2000, rate="0.20") == 0
    assert shortfall("100", 1000, rate="0.20") == 1000


@pytest.mark.parametrize("rate", [None, "0.01", "0.000001"])
def test_no_rate_or_one_below_the_lowest_counts_as_the_lowest(rate: str | None) -> None:
    assert shortfall("100", 500, rate=rate) == 0
    assert shortfall("100", 100, rate=rate) == 400


def test_other_currencies_are_not_judged() -> None:
    assert shortfall("100", 1, currency="jpy") == 0
