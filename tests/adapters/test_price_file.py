"""The file of CASCADE_PRICES: read to the letter, or refused with file, key and form."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.price_list_file import read_prices
from cascade_cli.domain.selling.pricing import Package, PriceList
from cascade_cli.domain.shop.exchange import Exchange
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
    ('currencies = "EUR"', "currencies", 'such as ["EUR", "JPY"]'),
    ('currencies = ["euro"]', "currencies", "three letters, such as EUR"),
    ("currencies = [1]", "currencies", "three letters, such as EUR"),
    ("own_rates = 3", "own_rates", "a table"),
    ("own_rates.KWD = 0.3", "own_rates.KWD", "a table"),
    ("own_rates.dinar.2026-11-01 = 0.3", "own_rates.dinar", "three letters"),
    ("own_rates.KWD.2026-11-31 = 0.3", "own_rates.KWD.2026-11-31", "such as 2026-12-01"),
    ("own_rates.KWD.2026-11-01 = 0", "own_rates.KWD.2026-11-01", "such as 0.3067"),
    ("own_rates.KWD.2026-11-01 = '0.3'", "own_rates.KWD.2026-11-01", "such as 0.3067"),
    ("from = 3", "from", "a table"),
    ("from.soon.rate = 0.2", "from.soon", "such as 2026-12-01"),
    ("from.2026-12-01 = 3", "from.2026-12-01", "a table"),
    ("from.2026-12-01.rat = 0.2", "from.2026-12-01.rat", "known are rate"),
    ("from.2026-12-01.currencies = []", "from.2026-12-01.currencies", "known are rate"),
    ("from.2026-12-01.rate = 9", "from.2026-12-01: rate", "between 0.05 and 0.50 USD"),
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


DATED = """
currencies = ["JPY", "usd", "jpy", "eur"]
packages.500 = {ducats = 500, bonus = 25}
[from.2027-02-01]
rate = 0.20
[from.2027-01-01]
custom.minimum = 20
packages.600 = {ducats = 600}
[own_rates.JPY]
2026-11-20 = 150
2026-11-10 = 155.5
"""


def test_each_change_of_prices_keeps_what_it_does_not_name(file: Path) -> None:
    file.write_text(DATED)
    prices = read_prices(file)
    first, second = prices.on(date(2027, 1, 31)), prices.on(date(2027, 2, 1))
    assert prices.on(date(2026, 12, 31)) is prices
    assert (first.rate, first.custom_minimum) == (Decimal("0.10"), Decimal(20))
    assert [p.name for p in first.packages] == ["600"]
    assert (second.rate, second.custom_minimum) == (Decimal("0.20"), Decimal(20))
    assert second.packages == first.packages
    assert second.currencies == prices.currencies == ("jpy", "eur")


def test_a_rate_of_the_shop_s_own_holds_from_its_day_on(file: Path) -> None:
    file.write_text(DATED)
    rates = read_prices(file).rates
    days = [date(2026, 11, 9), date(2026, 11, 10), date(2026, 11, 30)]
    found = [rates.on("jpy", day) for day in days]
    assert found == [
        None,
        Exchange(Decimal("155.5"), date(2026, 11, 10)),
        Exchange(Decimal(150), date(2026, 11, 20)),
    ]
