from __future__ import annotations

import pytest

from cascade_cli.domain.doctor.webhook import PATH
from cascade_cli.domain.records.stripe_events import EventState
from tests.cli.doctor.patient import OURS, Examination, Patient, provokes


@provokes("webhook.none")
def test_an_account_without_an_endpoint_is_amber(patient: Patient) -> Examination:
    patient.forget_endpoint()
    return patient.examined()


@provokes("webhook.elsewhere")
def test_an_endpoint_that_leads_to_another_path_is_amber(patient: Patient) -> Examination:
    patient.forget_endpoint()
    patient.another_endpoint("http://127.0.0.1:9/hooks")
    return patient.examined()


@provokes("webhook.disabled")
def test_a_disabled_endpoint_is_red(patient: Patient) -> Examination:
    patient.endpoint(disabled=True)
    return patient.examined()


@provokes("webhook.deaf")
def test_an_endpoint_that_is_not_told_of_payments_is_red(patient: Patient) -> Examination:
    patient.endpoint(enabled_events=["charge.refunded"])
    return patient.examined()


@provokes("webhook.partial")
def test_an_endpoint_that_is_told_of_payments_alone_is_amber(patient: Patient) -> Examination:
    patient.endpoint(enabled_events=["payment_intent.succeeded"])
    found = patient.examined()
    assert "charge.refunded" in found.of("webhook.partial")[0]["found"]
    return found


@provokes("webhook.partial")
def test_whoever_acts_on_refunds_has_to_be_told_of_failed_ones(patient: Patient) -> Examination:
    patient.endpoint(
        enabled_events=[
            "payment_intent.succeeded",
            "payment_intent.payment_failed",
            "charge.refunded",
            "charge.dispute.created",
            "charge.dispute.closed",
            "refund.created",
        ]
    )
    assert not patient.examined().of("webhook.partial")
    found = patient.examined(CASCADE_REFUNDS="auto")
    said = found.of("webhook.partial")[0]["found"]
    assert "refund.failed, refund.updated" in said
    return found


@provokes("webhook.several")
def test_two_receivers_of_payments_are_amber(patient: Patient) -> Examination:
    patient.another_endpoint(f"http://127.0.0.1:10{PATH}")
    return patient.examined()


@provokes("webhook.secret_missing")
def test_an_endpoint_without_its_secret_here_is_amber(patient: Patient) -> Examination:
    return patient.examined(STRIPE_WEBHOOK_SECRET=None)


@provokes("webhook.secret_malformed")
@pytest.mark.parametrize("secret", ["sandbox_secret", "whsec_one,sandbox_two"])
def test_a_secret_that_is_none_of_stripe_s_is_red(patient: Patient, secret: str) -> Examination:
    return patient.examined(STRIPE_WEBHOOK_SECRET=secret)


@provokes("webhook.secret_unproven")
def test_a_secret_that_no_accepted_event_has_proved_is_amber(patient: Patient) -> Examination:
    return patient.examined(CASCADE_STATE_DIR=str(patient.folder / "other"))


@provokes("webhook.payments_wait")
def test_a_payment_undelivered_for_an_hour_is_red(patient: Patient) -> Examination:
    patient.sandboxed.pay(patient.ago(minutes=70))
    return patient.examined()


@provokes("webhook.others_wait")
def test_a_payment_undelivered_for_minutes_is_amber(patient: Patient) -> Examination:
    patient.sandboxed.pay(patient.ago(minutes=50))
    found = patient.examined()
    assert found.code == 0
    return found


@provokes("webhook.others_wait")
def test_other_events_undelivered_for_an_hour_are_amber(patient: Patient) -> Examination:
    patient.endpoint(enabled_events=["*"])
    patient.account.create_customer(at=patient.ago(minutes=90), name="Lucia")
    return patient.examined()


def test_a_payment_that_was_delivered_is_green(patient: Patient) -> None:
    found = patient.examined()
    assert found.of("webhook.delivered")[0]["found"] == "none is pending"
    assert OURS in found.of("webhook.endpoint_good")[0]["found"]


@provokes("webhook.attention")
def test_an_accepted_event_that_needs_a_person_is_amber(patient: Patient) -> Examination:
    patient.hear(EventState.ATTENTION)
    return patient.examined()


def test_an_event_that_needed_a_person_long_ago_is_not_told_for_ever(patient: Patient) -> None:
    patient.hear(EventState.ATTENTION)
    patient.pass_time(days=7, hours=1)
    assert not patient.examined().of("webhook.attention")


@provokes("webhook.stuck")
def test_an_accepted_event_that_nobody_credits_is_red(patient: Patient) -> Examination:
    patient.sandboxed.pay(patient.ago(hours=3, minutes=-1))
    patient.hear(EventState.WAITING)
    patient.pass_time(minutes=6)
    return patient.examined()


@provokes("webhook.unread")
def test_a_listing_of_events_that_fails_is_red(patient: Patient) -> Examination:
    patient.network.answer("delivery_success", 400, b'{"error": {"message": "no"}}')
    return patient.examined()


def test_a_second_receiver_that_is_disabled_is_green(patient: Patient) -> None:
    patient.another_endpoint(f"http://127.0.0.1:10{PATH}")
    patient.endpoint(disabled=True)
    assert patient.examined().ill == {"webhook.disabled"}
