"""The rates that the library ships, and the file that an operator brings."""

from __future__ import annotations

import os
import zipfile
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.reference_rates import PublishedRates
from cascade_cli.domain.shop.exchange import Exchange, RatesError
from tests.adapters.bank import RATES, write

# No bank publishes on a Sunday: whatever the library ships, only the file has its rate.
SUNDAY = date(2014, 3, 30)


def test_the_library_s_rates_are_the_bank_s_across_the_euro() -> None:
    # The bank's own figures of that day: 1 EUR = 1.3759 USD = 140.9 JPY.
    day = date(2014, 3, 28)
    rates = PublishedRates(None)
    assert rates.on("jpy", day) == Exchange.across(Decimal("140.9"), Decimal("1.3759"), day)
    assert rates.on("eur", day) == Exchange(Decimal("0.7267970056"), day)


def test_a_rate_is_rounded_up() -> None:
    third = Exchange.across(Decimal(1), Decimal(3), SUNDAY)
    assert third.per_usd == Decimal("0.3333333334")


def test_a_weekend_has_the_rate_of_friday() -> None:
    found = PublishedRates(None).on("jpy", SUNDAY)
    assert found is not None
    assert found.day == date(2014, 3, 28)


@pytest.mark.parametrize(("code", "day"), [("kwd", SUNDAY), ("jpy", date(1998, 12, 31))])
def test_what_the_bank_has_no_rate_for_is_unknown(code: str, day: date) -> None:
    assert PublishedRates(None).on(code, day) is None


@pytest.mark.parametrize("name", ["hist.csv", "hist.zip"])
def test_the_file_is_newer_and_the_library_has_what_it_lacks(tmp_path: Path, name: str) -> None:
    rates = PublishedRates(write(tmp_path / name, (SUNDAY, RATES)))
    assert rates.on("jpy", SUNDAY) == Exchange(Decimal(160), SUNDAY)
    for code, day in (("jpy", date(2014, 3, 29)), ("sek", SUNDAY)):
        shipped = rates.on(code, day)
        assert shipped is not None
        assert shipped.day == date(2014, 3, 28)


def test_the_bank_s_file_of_one_day_serves_as_well(tmp_path: Path) -> None:
    file = tmp_path / "eurofxref.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("eurofxref.csv", "Date, USD, JPY, \n30 March 2014, 1.25, 200, \n")
    assert PublishedRates(file).on("jpy", SUNDAY) == Exchange(Decimal(160), SUNDAY)


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    file = write(tmp_path / "hist.csv", (SUNDAY - timedelta(days=1), RATES))
    rates = PublishedRates(file)
    assert rates.on("jpy", SUNDAY) == Exchange(Decimal(160), SUNDAY - timedelta(days=1))
    write(file, (SUNDAY, "1.25,210,50,140,0.48"))
    os.utime(file, ns=(1, 1))
    assert rates.on("jpy", SUNDAY) == Exchange(Decimal(168), SUNDAY)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"CASCADE_GRACE=15m\nSTRIPE_SECRET_KEY=sk_live_x\n",
        b"Date,JPY,\n2014-03-30,200,\n",
        b"Date,USD,JPY,\n2014-03-30,1.25,-200,\n",
        b"Date,USD,JPY,\n2014-03-30,1.25,NaN,\n",
        b"Date,USD,JPY,\n2014-03-30,0,200,\n",
        b"Date,USD,JPY,\n2014-03-30,1.25,much,\n",
        b"Date,USD,JPY,\n",
    ],
)
def test_a_file_that_is_no_table_of_rates_is_refused_and_not_repeated(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "rates.csv"
    file.write_bytes(content)
    with pytest.raises(RatesError, match=r"CASCADE_RATES_FILE: .* cannot be read") as refused:
        PublishedRates(file).on("jpy", SUNDAY)
    assert "sk_live" not in refused.value.message


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(RatesError, match="CASCADE_RATES_FILE"):
        PublishedRates(tmp_path / name).on("jpy", SUNDAY)


def test_a_zip_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hist.zip").write_bytes(b"not a zip")
    with pytest.raises(RatesError, match="CASCADE_RATES_FILE"):
        PublishedRates(tmp_path / "hist.zip").on("jpy", SUNDAY)
