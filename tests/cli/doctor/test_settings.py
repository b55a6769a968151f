from __future__ import annotations

import pytest

from cascade_cli.settings import SETTINGS
from tests.cli.doctor.patient import Examination, Patient, provokes


@provokes("settings.missing", "stripe.unchecked", "rights.unchecked", "mode.unchecked")
def test_a_missing_key_is_red_and_what_needs_it_is_not_checked(patient: Patient) -> Examination:
    found = patient.examined(STRIPE_SECRET_KEY=None)
    assert not patient.sandboxed.recorder.to("stripe")
    assert found.of("settings.missing")[0]["name"] == "STRIPE_SECRET_KEY"
    because = "because of Settings: STRIPE_SECRET_KEY"
    assert found.of("rights.unchecked")[0]["found"] == because
    # The others were looked at all the same.
    assert found.of("schema.fits")
    assert found.of("processor.solvent")
    return found


def test_all_missing_settings_are_told_at_once(patient: Patient) -> None:
    needed = ("STRIPE_SECRET_KEY", "AIRTABLE_API_KEY", "AIRTABLE_BASE_ID")
    found = patient.examined(**dict.fromkeys(needed))
    assert {check["name"] for check in found.of("settings.missing")} == set(needed)
    assert found.code == 4


@provokes("settings.wrong")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_SECRET_KEY", "pk_test_x"),
        ("AIRTABLE_BASE_ID", "tblX"),
        ("CASCADE_GRACE", "soon"),
        ("CASCADE_ENGINE_SCHEDULE", "whenever"),
        ("CASCADE_MAX_DUCATS_PER_DAY", "-1"),
        ("VENICE_API_URL", "serenissima"),
        ("CASCADE_SANDBOX", "maybe"),
        ("CASCADE_STRIPE_RATE", "nan"),
    ],
)
def test_a_malformed_setting_is_red(patient: Patient, name: str, value: str) -> Examination:
    found = patient.examined(**{name: value})
    assert [check["name"] for check in found.of("settings.wrong")] == [name]
    return found


def test_every_setting_is_looked_at(patient: Patient) -> None:
    (check,) = patient.examined().of("settings.good")
    assert check["found"].startswith(f"{len(SETTINGS)} can be used")


@provokes("settings.contradiction", "engine.unchecked")
def test_a_lifetime_shorter_than_the_engine_s_pause_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_STRATAGEM_LIFETIME="5m")


@provokes("settings.contradiction")
def test_a_live_key_for_another_address_is_red_and_is_not_sent(patient: Patient) -> Examination:
    found = patient.examined(STRIPE_SECRET_KEY="sk_live_x")
    assert not patient.sandboxed.recorder.to("stripe")
    return found


@provokes("settings.unreadable")
def test_a_settings_file_that_is_not_there_is_red(patient: Patient) -> Examination:
    found = patient.examined("--env-file", "nowhere.env")
    assert found.of("processor.solvent")
    return found


@provokes("settings.unknown")
def test_a_name_with_a_slip_of_the_pen_is_amber(patient: Patient) -> Examination:
    patient.write("CASCADE_STRATAGEM_LIFETIM=9d\nSTRIPE_PUBLISHABLE_KEY=x\n")
    found = patient.examined()
    (check,) = found.of("settings.unknown")
    assert "; it has CASCADE_STRATAGEM_LIFETIME" in check["found"]
    return found


@provokes("settings.prices_wrong")
def test_an_unreadable_price_list_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_PRICES=str(patient.write("rate = 'much'", name="p.toml")))


@provokes("settings.uncreditable")
def test_a_package_larger_than_a_credit_may_be_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_MAX_DUCATS_PER_CREDIT="5749")


@provokes("settings.day_below_credit")
def test_a_day_s_limit_below_one_credit_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_MAX_DUCATS_PER_DAY="9999")


@provokes("settings.token_short")
def test_a_short_api_token_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_API_TOKEN="letmein")
