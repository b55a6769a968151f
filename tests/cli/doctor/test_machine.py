from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta

import pytest

from tests.cli.doctor.conftest import Clock
from tests.cli.doctor.patient import Examination, Patient, closed_port, provokes


def _repository(patient: Patient) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    git = shutil.which("git") or "git"
    subprocess.run([git, "init", "-q"], cwd=patient.folder, env=environment, check=True)


def _git_add(patient: Patient) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    git = shutil.which("git") or "git"
    subprocess.run([git, "add", "-f", ".env"], cwd=patient.folder, env=environment, check=True)


KEYS = "AIRTABLE_API_KEY=patSandbox.sandbox\n"


@provokes("keys.world_readable")
def test_a_key_in_a_file_that_everybody_may_read_is_red(patient: Patient) -> Examination:
    patient.write(KEYS, 0o604)
    return patient.examined()


@provokes("keys.group_readable")
def test_a_key_in_a_file_that_the_group_may_read_is_amber(patient: Patient) -> Examination:
    patient.write(KEYS, 0o640)
    return patient.examined()


def test_a_file_without_keys_may_be_read_by_everybody(patient: Patient) -> None:
    patient.write("CASCADE_GRACE=15m\nAIRTABLE_API_KEY=\n", 0o644)
    assert patient.examined().ill == set()


@provokes("keys.world_readable")
def test_the_file_named_on_the_command_line_is_looked_at(patient: Patient) -> Examination:
    file = patient.write(KEYS, 0o644, "production.env")
    return patient.examined("--env-file", str(file))


@provokes("keys.tracked")
def test_a_key_in_a_file_that_git_tracks_is_red(patient: Patient) -> Examination:
    _repository(patient)
    patient.write(KEYS)
    _git_add(patient)
    return patient.examined()


@provokes("keys.not_ignored")
def test_a_key_in_a_file_that_git_would_add_is_amber(patient: Patient) -> Examination:
    _repository(patient)
    patient.write(KEYS)
    return patient.examined()


def test_a_key_in_a_file_that_git_ignores_is_green(patient: Patient) -> None:
    _repository(patient)
    patient.write(KEYS)
    patient.write(".env\n", name=".gitignore")
    assert patient.examined().ill == set()


@provokes("keys.git_unknown")
def test_a_repository_without_git_is_amber(patient: Patient) -> Examination:
    _repository(patient)
    patient.write(KEYS)
    return patient.examined(PATH=str(patient.folder))


@provokes("keys.git_unknown")
def test_a_repository_that_git_cannot_read_is_amber(patient: Patient) -> Examination:
    (patient.folder / ".git").mkdir()
    patient.write(KEYS)
    return patient.examined()


def test_looking_at_a_repository_runs_no_program_that_its_settings_name(patient: Patient) -> None:
    _repository(patient)
    patient.write(KEYS)
    ran, hook = patient.folder / "ran", patient.folder / "hook.sh"
    hook.write_text(f"#!/bin/sh\ntouch '{ran}'\n", encoding="utf-8")
    hook.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(hook)], cwd=patient.folder, check=True)
    patient.examined()
    assert not ran.exists()


@provokes("clocks.off")
def test_a_clock_some_seconds_off_is_amber(patient: Patient, clock: Clock) -> Examination:
    clock.ahead = timedelta(seconds=20)
    found = patient.examined()
    assert {check["name"] for check in found.of("clocks.off")} == {
        "against Stripe",
        "against Airtable",
    }
    return found


@provokes("clocks.wrong")
@pytest.mark.parametrize("seconds", [45, 3600, -330])
def test_a_clock_by_which_events_are_refused_is_red(
    patient: Patient, clock: Clock, seconds: int
) -> Examination:
    """The services' clock, ahead of ours by that much."""
    clock.ahead = timedelta(seconds=seconds)
    return patient.examined()


def test_a_clock_ahead_within_the_tolerance_of_signatures_is_not_red(
    patient: Patient, clock: Clock
) -> None:
    clock.ahead = timedelta(seconds=-200)
    assert patient.examined().of("clocks.off")


@provokes("clocks.unchecked")
def test_clocks_that_nobody_tells_are_amber(patient: Patient) -> Examination:
    nowhere = f"http://127.0.0.1:{closed_port()}"
    return patient.examined(STRIPE_API_BASE=nowhere, AIRTABLE_ENDPOINT_URL=nowhere)
