from __future__ import annotations

from datetime import datetime, timedelta

from tests.cli.doctor.patient import Examination, Patient, closed_port, provokes


def _legacy_row(patient: Patient, at: datetime) -> None:
    notes = (
        '{"source": "cascade_payment_processor", "payment_type": "stripe_purchase", '
        '"amount": 100.0, "reason": "Ducat purchase via CASCADE"}'
    )
    patient.sandboxed.transfer(
        f"cascade_payment_marco_{at:%s}",
        at,
        Status="active",
        ExpiresAt=(at + timedelta(minutes=5)).isoformat(),
        Notes=notes,
    )


@provokes("older.writing")
def test_an_older_connector_that_wrote_yesterday_is_red(patient: Patient) -> Examination:
    _legacy_row(patient, patient.ago(days=1))
    found = patient.examined()
    assert "to live 5m" in found.of("older.writing")[0]["found"]
    return found


@provokes("older.recent")
def test_an_older_connector_that_wrote_last_week_is_amber(patient: Patient) -> Examination:
    _legacy_row(patient, patient.ago(days=7))
    return patient.examined()


def test_what_the_older_connector_wrote_long_ago_is_forgotten(patient: Patient) -> None:
    _legacy_row(patient, patient.ago(days=31))
    assert patient.examined().ill == set()


@provokes("older.other_payer")
def test_a_row_of_another_payer_is_named(patient: Patient) -> Examination:
    patient.sandboxed.transfer(
        "cascade_payment_pi_1", patient.ago(days=3), ExecutedBy="OLD_PROCESSOR"
    )
    found = patient.examined()
    (told,) = found.of("older.other_payer")
    assert "by 'OLD_PROCESSOR'; the last is cascade_payment_pi_1 (executed)" in told["found"]
    return found


def test_what_others_pay_each_other_is_nobodys_business(patient: Patient) -> None:
    patient.sandboxed.transfer("transfer_ducats_a_b_1", patient.ago(days=3), ExecutedBy="a")
    assert patient.examined().ill == set()


@provokes("older.unread")
def test_a_listing_of_older_transfers_that_fails_is_red(patient: Patient) -> Examination:
    patient.network.answer("cascade_payment_processor.*Notes", 422)
    return patient.examined()


@provokes("venice.unreachable")
def test_an_api_of_venice_that_cannot_be_reached_is_amber(patient: Patient) -> Examination:
    found = patient.examined(VENICE_API_URL=f"http://127.0.0.1:{closed_port()}")
    assert found.code == 0
    return found


@provokes("venice.failing")
def test_an_api_of_venice_that_fails_is_amber(patient: Patient) -> Examination:
    patient.network.answer("^/venice/citizens", 500)
    return patient.examined()


@provokes("venice.failing")
def test_a_health_route_that_fails_is_amber(patient: Patient) -> Examination:
    patient.network.answer("^/venice/health", 503)
    return patient.examined()


def test_a_health_route_that_answers_is_enough(patient: Patient) -> None:
    patient.network.answer("^/venice/health", 200)
    assert patient.examined().ill == set()
    assert len(patient.sandboxed.recorder.to("venice")) == 1


@provokes("venice.refused")
def test_a_key_that_venice_refuses_is_amber(patient: Patient) -> Examination:
    patient.network.answer("^/venice/", 401)
    found = patient.examined(VENICE_API_KEY="a-key-of-venice")
    sent = patient.sandboxed.recorder.to("venice")[0].headers
    assert sent["authorization"] == "Bearer a-key-of-venice"
    return found


@provokes("venice.stranger")
def test_an_api_of_venice_that_does_not_know_the_processor_is_amber(
    patient: Patient,
) -> Examination:
    """It keeps a miss for five minutes, and answers it as a success without a citizen."""
    patient.network.answer("^/venice/citizens", 200, b'{"success": true, "citizen": null}')
    return patient.examined()


@provokes("venice.senseless")
def test_a_page_in_the_place_of_venice_s_api_is_amber(patient: Patient) -> Examination:
    patient.network.answer("^/venice/citizens", 200, b"<html>parked</html>")
    return patient.examined()


@provokes("venice.unchecked")
def test_a_malformed_address_of_venice_s_api_leaves_it_unchecked(patient: Patient) -> Examination:
    return patient.examined(VENICE_API_URL="serenissima")
