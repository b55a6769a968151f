from __future__ import annotations

from decimal import Decimal

import pytest

from cascade_cli.domain.shop.money import exactly, format_ducats, format_money, read_ducats


@pytest.mark.parametrize(
    ("value", "ducats"),
    [
        (525, "525"),
        (0.1, "0.1"),
        (492485.8103135929, "492485.8103135929"),
        ("100.0", "100.0"),
        (" 7 ", "7"),
        ("1e3", "1000"),
        (Decimal("0.25"), "0.25"),
        ("999999999999", "999999999999"),
    ],
)
def test_a_positive_number_is_ducats_digit_for_digit(value: object, ducats: str) -> None:
    assert read_ducats(value) == Decimal(ducats)


@pytest.mark.parametrize(
    "value",
    [
        *("NaN", "Infinity", "-Infinity", "sNaN", float("nan"), float("inf")),
        *(0, "0", -1, "-5", "-0", "", " ", "abc", "1,000", "5 ducats", "0x10"),
        *(True, False, None, [], {}, [5], {"amount": 5}),
    ],
)
def test_what_is_no_positive_number_is_no_ducats(value: object) -> None:
    assert read_ducats(value) is None


@pytest.mark.parametrize("value", ["1e400", "1e999999999", "1e12", "1e-31", "1e-999999999"])
def test_numbers_beyond_any_purchase_are_no_ducats(value: str) -> None:
    assert read_ducats(value) is None


def test_the_largest_and_the_finest_ducats_add_up_exactly() -> None:
    large, fine = Decimal("999999999999"), Decimal("1e-30")
    with exactly():
        assert large * 1000 + fine - large * 1000 == fine


@pytest.mark.parametrize(
    ("ducats", "text"),
    [
        ("525", "525"),
        ("525.00", "525"),
        ("0.250", "0.25"),
        ("1E+3", "1000"),
        ("0", "0"),
        ("0.00", "0"),
        ("100", "100"),
    ],
)
def test_ducats_are_written_without_exponent_or_trailing_zeros(ducats: str, text: str) -> None:
    assert format_ducats(Decimal(ducats)) == text


def test_grouped_ducats_have_thousands_separators() -> None:
    assert format_ducats(Decimal("1075000.50"), grouped=True) == "1,075,000.5"


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (4999, "usd", "49.99 USD"),
        (5, "eur", "0.05 EUR"),
        (500, "jpy", "500 JPY"),
        (12345, "kwd", "12.345 KWD"),
        (123456789, "usd", "1,234,567.89 USD"),
        (500, "ugx", "5.00 UGX"),
        (500, "isk", "5.00 ISK"),
    ],
)
def test_money_has_its_currencys_decimals(amount: int, currency: str, text: str) -> None:
    assert format_money(amount, currency) == text
