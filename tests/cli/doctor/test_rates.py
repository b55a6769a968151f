from __future__ import annotations

from datetime import timedelta

import pytest

from tests.adapters.bank import RATES, open_shop, today, write
from tests.cli.doctor.patient import Examination, Patient, provokes

OTHERS = {"EUR", "JPY", "KWD", "ISK", "OMR"}


def _shop(patient: Patient, days: int) -> dict[str, str]:
    return open_shop(patient.folder, today() - timedelta(days=days))


def test_who_sells_in_us_dollars_only_needs_no_rates(patient: Patient) -> None:
    (check,) = patient.examined().of("rates.needless")
    assert check["level"] == "green"


def test_a_fresh_rate_of_each_currency_is_green(patient: Patient) -> None:
    found = patient.examined(**_shop(patient, 5))
    assert {check["name"] for check in found.of("rates.fresh")} == OTHERS
    assert found.ill == set()


@provokes("rates.ageing")
def test_a_rate_of_six_days_is_amber(patient: Patient) -> Examination:
    found = patient.examined(**_shop(patient, 6))
    assert {"KWD", "OMR"} <= {check["name"] for check in found.of("rates.ageing")}
    assert "6 days old" in found.of("rates.ageing")[0]["found"]
    return found


@provokes("rates.too_old")
def test_a_rate_that_nothing_is_sold_by_any_more_is_red(patient: Patient) -> Examination:
    return patient.examined(**_shop(patient, 8))


@provokes("rates.lenient")
def test_to_allow_older_rates_is_amber(patient: Patient) -> Examination:
    found = patient.examined(**_shop(patient, 8), CASCADE_RATES_MAX_AGE="30d")
    assert not found.of("rates.too_old")
    return found


@provokes("rates.unknown")
def test_a_currency_without_any_rate_is_red(patient: Patient) -> Examination:
    file = patient.folder / "p.toml"
    file.write_text('currencies = ["BHD"]')
    return patient.examined(CASCADE_PRICES=str(file))


@provokes("rates.unreadable")
@pytest.mark.parametrize("offering", [True, False])
def test_a_file_that_cannot_be_read_is_red(patient: Patient, offering: bool) -> Examination:
    settings = _shop(patient, 0) if offering else {}
    write(patient.folder / "rates.csv", (today(), RATES.replace("1.25", "much")))
    return patient.examined(**{**settings, "CASCADE_RATES_FILE": str(patient.folder / "rates.csv")})
