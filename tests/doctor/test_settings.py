from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cascade_cli.settings import SETTINGS
from tests.doctor.patient import Examination, Patient, provokes


def _write(patient: Patient, text: str, mode: int = 0o600, name: str = ".env") -> Path:
    file = patient.folder / name
    file.write_text(text)
    file.chmod(mode)
    return file


def _repository(patient: Patient) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    git = shutil.which("git") or "git"
    subprocess.run([git, "init", "-q"], cwd=patient.folder, env=environment, check=True)


def _git_add(patient: Patient) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    git = shutil.which("git") or "git"
    subprocess.run([git, "add", "-f", ".env"], cwd=patient.folder, env=environment, check=True)


KEYS = "AIRTABLE_API_KEY=patSandbox.sandbox\n"


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
    _write(patient, "CASCADE_STRATAGEM_LIFETIM=9d\nSTRIPE_PUBLISHABLE_KEY=x\n")
    found = patient.examined()
    (check,) = found.of("settings.unknown")
    assert "; it has CASCADE_STRATAGEM_LIFETIME" in check["found"]
    return found


@provokes("settings.prices_wrong")
def test_an_unreadable_price_list_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_PRICES=str(_write(patient, "rate = 'much'", name="p.toml")))


@provokes("settings.uncreditable")
def test_a_package_larger_than_a_credit_may_be_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_MAX_DUCATS_PER_CREDIT="5749")


@provokes("settings.day_below_credit")
def test_a_day_s_limit_below_one_credit_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_MAX_DUCATS_PER_DAY="9999")


@provokes("settings.token_short")
def test_a_short_api_token_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_API_TOKEN="letmein")


@provokes("keys.world_readable")
def test_a_key_in_a_file_that_everybody_may_read_is_red(patient: Patient) -> Examination:
    _write(patient, KEYS, 0o604)
    return patient.examined()


@provokes("keys.group_readable")
def test_a_key_in_a_file_that_the_group_may_read_is_amber(patient: Patient) -> Examination:
    _write(patient, KEYS, 0o640)
    return patient.examined()


def test_a_file_without_keys_may_be_read_by_everybody(patient: Patient) -> None:
    _write(patient, "CASCADE_GRACE=15m\nAIRTABLE_API_KEY=\n", 0o644)
    assert patient.examined().ill == set()


@provokes("keys.world_readable")
def test_the_file_named_on_the_command_line_is_looked_at(patient: Patient) -> Examination:
    file = _write(patient, KEYS, 0o644, "production.env")
    return patient.examined("--env-file", str(file))


@provokes("keys.tracked")
def test_a_key_in_a_file_that_git_tracks_is_red(patient: Patient) -> Examination:
    _repository(patient)
    _write(patient, KEYS)
    _git_add(patient)
    return patient.examined()


@provokes("keys.not_ignored")
def test_a_key_in_a_file_that_git_would_add_is_amber(patient: Patient) -> Examination:
    _repository(patient)
    _write(patient, KEYS)
    return patient.examined()


def test_a_key_in_a_file_that_git_ignores_is_green(patient: Patient) -> None:
    _repository(patient)
    _write(patient, KEYS)
    _write(patient, ".env\n", name=".gitignore")
    assert patient.examined().ill == set()


@provokes("keys.git_unknown")
def test_a_repository_without_git_is_amber(patient: Patient) -> Examination:
    _repository(patient)
    _write(patient, KEYS)
    return patient.examined(PATH=str(patient.folder))


@provokes("keys.git_unknown")
def test_a_repository_that_git_cannot_read_is_amber(patient: Patient) -> Examination:
    (patient.folder / ".git").mkdir()
    _write(patient, KEYS)
    return patient.examined()


def test_looking_at_a_repository_runs_no_program_that_its_settings_name(patient: Patient) -> None:
    _repository(patient)
    _write(patient, KEYS)
    ran, hook = patient.folder / "ran", patient.folder / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch '{ran}'\n", encoding="utf-8")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(hook)], cwd=patient.folder, check=True)
    patient.examined()
    assert not ran.exists()
