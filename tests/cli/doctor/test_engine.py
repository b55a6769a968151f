from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cli.doctor.patient import Examination, Patient, provokes


@provokes("engine.passed_over")
def test_an_engine_that_passes_over_live_transfers_is_red(patient: Patient) -> Examination:
    patient.live(patient.ago(hours=30))
    patient.pass_time(hours=24)
    return patient.examined()


def test_an_engine_that_executes_others_meanwhile_is_alive(patient: Patient) -> None:
    patient.live(patient.ago(hours=30))
    assert patient.examined().of("engine.alive")


def test_a_fresh_transfer_after_quiet_days_is_green(patient: Patient) -> None:
    patient.pass_time(hours=40)
    patient.live(patient.ago(hours=1))
    assert patient.examined().ill == set()


def test_a_transfer_that_waits_for_the_next_run_is_green(patient: Patient) -> None:
    patient.live(patient.ago(hours=3))
    assert patient.examined().ill == set()


@provokes("engine.unproven")
def test_an_engine_that_has_executed_nothing_lately_is_amber(patient: Patient) -> Examination:
    patient.pass_time(days=8)
    found = patient.examined()
    assert (found.ill, found.code) == ({"engine.unproven"}, 0)
    return found


@provokes("engine.too_slow")
def test_runs_further_apart_than_our_transfers_live_are_red(patient: Patient) -> Examination:
    settings = {
        "CASCADE_STRATAGEM_LIFETIME": "1h",
        "CASCADE_ENGINE_SCHEDULE": "every 10m",
    }
    return patient.examined(**settings)


def test_a_sale_every_four_days_says_nothing_against_the_engine(patient: Patient) -> None:
    for days in (4, 8, 12):
        patient.executed(datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC) - timedelta(days=days))
    patient.pass_time(days=4)
    patient.executed(patient.ago(hours=5))
    found = patient.examined()
    assert found.of("engine.cadence_good")[0]["found"].endswith("for one, 1h at most; ours live 3d")
    assert not {code for code in found.ill if code.startswith("engine.")}


def test_transfers_that_expired_in_a_gap_measure_it_as_well(patient: Patient) -> None:
    made = datetime(2026, 11, 19, 18, 30, 5, tzinfo=UTC)
    patient.live(made, ExpiresAt=(made + timedelta(minutes=5)).isoformat())
    assert "15h 30m at most" in patient.examined().of("engine.cadence_good")[0]["found"]


@provokes("engine.gaps")
def test_a_gap_longer_than_our_transfers_live_is_amber(patient: Patient) -> Examination:
    settings = {
        "CASCADE_STRATAGEM_LIFETIME": "15h",
        "CASCADE_ENGINE_SCHEDULE": "every 7h",
    }
    patient.live(datetime(2026, 11, 19, 18, 30, 5, tzinfo=UTC), ExpiresAt=None)
    return patient.examined(**settings)


@provokes("engine.off_schedule")
@pytest.mark.parametrize("schedule", ["every 10m", "09:00,17:00 Europe/Rome"])
def test_runs_at_other_times_than_the_setting_says_are_amber(
    patient: Patient, schedule: str
) -> Examination:
    return patient.examined(CASCADE_ENGINE_SCHEDULE=schedule)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, 5, tzinfo=UTC)


@provokes("engine.off_schedule")
def test_two_runs_a_day_where_the_default_says_three_are_amber(patient: Patient) -> Examination:
    for day in (18, 19):
        patient.executed(_at(day, 10, 1), made=_at(day - 1, 19))
    found = patient.examined()
    assert found.of("engine.off_schedule")[0]["found"] == (
        "no run came at 03:00 Europe/Rome, though transfers waited then on 2 days"
    )
    return found


@provokes("engine.off_schedule")
def test_three_runs_a_day_where_the_setting_says_two_are_amber(patient: Patient) -> Examination:
    for day in (18, 19):
        patient.executed(_at(day, 2))
    assert patient.examined().of("engine.schedule_good")
    found = patient.examined(CASCADE_ENGINE_SCHEDULE="11:00,19:00 Europe/Rome")
    assert found.of("engine.off_schedule")[0]["found"].startswith("runs came at about 03:00")
    return found


@provokes("engine.off_schedule")
def test_runs_before_the_set_minute_or_long_after_it_are_amber(patient: Patient) -> Examination:
    early = patient.examined(CASCADE_ENGINE_SCHEDULE="11:05,19:05 Europe/Rome")
    assert (
        "7 of 7 runs were at none of the set times" in early.of("engine.off_schedule")[0]["found"]
    )
    late = patient.examined(CASCADE_ENGINE_SCHEDULE="10:55,18:55 Europe/Rome")
    assert "5m 5s after the set times" in late.of("engine.off_schedule")[0]["found"]
    return late


@provokes("engine.off_schedule")
def test_an_engine_that_comes_much_more_often_than_set_is_amber(patient: Patient) -> Examination:
    for minutes in range(0, 180, 20):
        at = patient.ago(hours=4) + timedelta(minutes=minutes)
        patient.executed(at, made=at - timedelta(minutes=6))
    found = patient.examined(CASCADE_ENGINE_SCHEDULE="every 5h")
    assert "no transfer waited longer than" in found.of("engine.off_schedule")[0]["found"]
    return found


def test_transfers_executed_one_after_another_are_one_run(patient: Patient) -> None:
    for minutes in range(1, 4):
        patient.executed(datetime(2026, 11, 20, 10, 3 * minutes, 0, tzinfo=UTC))
    found = patient.examined()
    assert found.of("engine.cadence_good")[0]["found"].startswith("7 runs seen")


@provokes("engine.unread", "processor.unread")
def test_transfers_that_cannot_be_read_are_red(patient: Patient) -> Examination:
    patient.network.answer("^/airtable/v0/[^/]+/STRATAGEMS.*ExecutedAt.*IS_BEFORE", 422)
    patient.network.answer("^/airtable/v0/[^/]+/STRATAGEMS.*IS_BEFORE.*ExecutedAt", 422)
    return patient.examined()
