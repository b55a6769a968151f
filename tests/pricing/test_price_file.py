"""The file of CASCADE_PRICES: read to the letter, or refused with file, key and form."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.prices import read_prices
from cascade_cli.domain.pricing import Package, PriceList
from cascade_cli.errors import SettingsError

EVERYTHING = """
rate = 0.12
lowest_rate = 0.06
highest_rate = 0.40
[custom]
minimum = 20
maximum = 8000.5
[packages.starter]
ducats = 200
[packages.patron]
ducats = 3000
bonus = 412.25
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "prices.toml"


def test_without_a_file_the_design_s_prices_hold() -> None:
    assert read_prices(None) == PriceList()


def test_an_empty_file_changes_nothing(file: Path) -> None:
    file.write_text("")
    assert read_prices(file) == PriceList()


def test_every_key_is_read_as_the_decimal_that_was_typed(file: Path) -> None:
    file.write_text(EVERYTHING)
    assert read_prices(file) == PriceList(
        rate=Decimal("0.12"),
        lowest_rate=Decimal("0.06"),
        highest_rate=Decimal("0.40"),
        custom_minimum=Decimal(20),
        custom_maximum=Decimal("8000.5"),
        packages=(
            Package("starter", Decimal(200)),
            Package("patron", Decimal(3000), Decimal("412.25")),
        ),
    )


def test_one_key_leaves_the_others_at_the_design_s_values(file: Path) -> None:
    file.write_text("custom.minimum = 20")
    assert read_prices(file) == PriceList(custom_minimum=Decimal(20))


WRONG = [
    ("rates = 0.1", "rates", "known are rate, lowest_rate"),
    ("custom.min = 1", "custom.min", "known are minimum, maximum"),
    ("packages.a.price = 1", "packages.a.price", "known are ducats, bonus"),
    ("custom = 10", "custom", "a table"),
    ("packages = [500]", "packages", "a table"),
    ("packages.a = 500", "packages.a", "a table"),
    ('rate = "0.10"', "rate", "such as 0.10"),
    ("rate = true", "rate", "such as 0.10"),
    ("rate = nan", "rate", "such as 0.10"),
    ("rate = 0", "rate", "such as 0.10"),
    ("rate = 9", "rate", "between 0.05 and 0.50 USD"),
    ("custom.minimum = -10", "custom.minimum", "a positive number of ducats"),
    ("custom.minimum = true", "custom.minimum", "a positive number of ducats"),
    ("custom.maximum = inf", "custom.maximum", "a positive number of ducats"),
    ("packages.a.ducats = 0.0000001", "packages.a.ducats", "at most 6 decimals"),
    ("packages.a.bonus = 5", "packages.a.ducats", "is missing"),
    ("packages.a = {ducats = 500, bonus = -1}", "packages.a.bonus", "a positive number"),
    ('packages."a b".ducats = 500', "packages.a b", "letters, digits"),
    ("packages.a.ducats = 4", "packages.a.ducats", "Stripe charges 0.50 USD"),
]


@pytest.mark.parametrize(("text", "key", "form"), WRONG, ids=[text for text, _, _ in WRONG])
def test_what_is_wrong_is_refused_naming_file_key_and_form(
    file: Path, text: str, key: str, form: str
) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        read_prices(file)
    assert f"CASCADE_PRICES: {str(file)!r}: {key} " in refused.value.message
    assert form in refused.value.message


@pytest.mark.parametrize(
    ("content", "why"), [(b"rate = ", "is not TOML"), (b"rate = 0.1 # \xff", "is not TOML")]
)
def test_what_is_no_toml_is_refused(file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=why):
        read_prices(file)


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        read_prices(file)
