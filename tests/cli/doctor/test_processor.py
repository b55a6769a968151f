from __future__ import annotations

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.cli.doctor.patient import Examination, Patient, provokes


@provokes("processor.missing")
def test_a_processor_that_does_not_exist_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_PROCESSOR="NOBODY")


@provokes("processor.missing")
def test_a_processor_of_another_spelling_is_named(patient: Patient) -> Examination:
    found = patient.examined(CASCADE_PROCESSOR=PROCESSOR.lower())
    assert f"there is a {PROCESSOR!r}" in found.of("processor.missing")[0]["found"]
    return found


@provokes("processor.several")
def test_two_processors_are_red(patient: Patient) -> Examination:
    patient.sandboxed.move_in(PROCESSOR, patient.ago(days=1))
    return patient.examined()


@provokes("processor.in_venice")
def test_a_processor_that_other_jobs_may_choose_is_amber(patient: Patient) -> Examination:
    assert patient.examined().of("processor.out_of_reach")
    patient.tables.update("CITIZENS", patient.processor["id"], {"InVenice": True})
    found = patient.examined()
    assert found.code == 0
    assert "cascade citizen setup" in found.of("processor.in_venice")[0]["advice"]
    return found


@provokes("processor.insolvent")
def test_a_processor_that_cannot_pay_what_is_in_flight_is_red(patient: Patient) -> Examination:
    patient.live(patient.ago(hours=1))
    patient.fund(99.5)
    found = patient.examined()
    assert found.of("processor.insolvent")[0]["advice"] == ("cascade citizen replenish --by 0.5")
    return found


@provokes("processor.small")
def test_a_processor_that_cannot_pay_one_large_credit_is_amber(patient: Patient) -> Examination:
    patient.fund(9999)
    return patient.examined()


@provokes("processor.low")
def test_ducats_for_less_than_a_week_are_amber(patient: Patient) -> Examination:
    big = '{"amount": 280000.0, "reason": "r"}'
    patient.executed(patient.ago(hours=5, seconds=2), Notes=big)
    patient.fund(100_000)
    found = patient.examined()
    assert found.of("processor.low")[0]["found"].startswith("5 days")
    return found


@provokes("processor.out")
def test_ducats_for_less_than_a_day_are_red(patient: Patient) -> Examination:
    big = '{"amount": 280000.0, "reason": "r"}'
    patient.executed(patient.ago(hours=5, seconds=2), Notes=big)
    patient.fund(15_000)
    return patient.examined()


@provokes("processor.unread")
def test_a_balance_that_is_no_number_is_red(patient: Patient) -> Examination:
    record = patient.processor
    patient.retype("CITIZENS", "Ducats", "singleLineText")
    patient.tables.update("CITIZENS", record["id"], {"Ducats": "plenty"})
    return patient.examined()
