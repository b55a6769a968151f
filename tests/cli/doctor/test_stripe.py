from __future__ import annotations

import json

import pytest

from tests.cli.doctor.patient import Examination, Patient, closed_port, provokes


@provokes("stripe.key_refused", "rights.unchecked", "webhook.unchecked", "mode.unchecked")
def test_a_key_that_stripe_does_not_know_is_red(patient: Patient) -> Examination:
    patient.network.answer("^/stripe/", 401, b'{"error": {"message": "Invalid API Key provided"}}')
    found = patient.examined()
    # One question was enough.
    assert len(patient.sandboxed.recorder.to("stripe")) == 1
    return found


@provokes("stripe.unreachable")
def test_a_stripe_that_cannot_be_reached_is_red(patient: Patient) -> Examination:
    found = patient.examined(STRIPE_API_BASE=f"http://127.0.0.1:{closed_port()}")
    assert found.of("processor.solvent")
    return found


@provokes("stripe.failing")
def test_a_stripe_that_fails_is_red(patient: Patient) -> Examination:
    patient.network.answer("^/stripe/", 503)
    return patient.examined()


@provokes("stripe.cannot_charge")
def test_an_account_that_may_not_charge_is_red(patient: Patient) -> Examination:
    account = {"id": "acct_1", "object": "account", "charges_enabled": False}
    patient.network.answer(r"^/stripe/v1/account\?", 200, json.dumps(account).encode())
    return patient.examined()


@provokes("rights.needed")
@pytest.mark.parametrize("resource", ["charge", "payment_intent", "dispute"])
def test_a_key_without_a_right_that_reconciling_needs_is_red(
    patient: Patient, resource: str
) -> Examination:
    found = patient.examined(STRIPE_SECRET_KEY=f"rk_test_without_{resource}")
    assert len(found.of("rights.needed")) == 1
    assert not found.of("stripe.key_refused")
    return found


@provokes("rights.useful")
@pytest.mark.parametrize(
    "resource", ["event", "refund", "checkout_session", "webhook_endpoint", "invoice", "price"]
)
def test_a_key_without_a_right_that_stories_need_is_amber(
    patient: Patient, resource: str
) -> Examination:
    found = patient.examined(STRIPE_SECRET_KEY=f"rk_test_without_{resource}")
    assert len(found.of("rights.useful")) == 1
    assert found.code == 0
    return found


@provokes("webhook.unchecked")
@pytest.mark.parametrize("resource", ["event", "webhook_endpoint"])
def test_what_of_the_webhook_the_key_may_not_see_is_amber(
    patient: Patient, resource: str
) -> Examination:
    return patient.examined(STRIPE_SECRET_KEY=f"rk_test_without_{resource}")


@provokes("rights.needed")
def test_a_key_without_any_right_is_accepted_and_red(patient: Patient) -> Examination:
    found = patient.examined(STRIPE_SECRET_KEY="rk_test_none")
    assert len(found.of("rights.needed")) == 3
    assert found.of("stripe.key_good")
    return found


def test_a_key_that_may_only_read_is_green(patient: Patient) -> None:
    found = patient.examined(STRIPE_SECRET_KEY="rk_test_readonly")
    assert found.ill == set()
    assert "a restricted key" in found.of("stripe.key_good")[0]["found"]


@provokes("rights.unread")
def test_a_listing_that_fails_is_red(patient: Patient) -> Examination:
    patient.network.answer(r"^/stripe/v1/refunds\?", 400, b'{"error": {"message": "no"}}')
    found = patient.examined()
    # What was seen before it stays seen.
    assert len(found.of("rights.read")) == 4
    return found


@provokes("mode.bound")
def test_a_base_that_the_journal_bound_to_live_is_red_for_a_test_key(
    patient: Patient,
) -> Examination:
    journal = patient.journal()
    journal.bind_mode("appSandboxVenice01", livemode=True)
    journal.close()
    return patient.examined()


@provokes("mode.mixed")
def test_a_base_with_live_transfers_is_red_for_a_test_key(patient: Patient) -> Examination:
    notes = '{"amount": 5.0, "reason": "r", "source": "cascade", "livemode": true}'
    patient.executed(patient.ago(hours=5, seconds=3), Notes=notes)
    return patient.examined()


@provokes("mode.mixed")
def test_live_transfers_that_another_processor_pays_are_seen_as_well(
    patient: Patient,
) -> Examination:
    notes = '{"amount": 5.0, "reason": "r", "source": "cascade", "livemode": true}'
    patient.executed(patient.ago(hours=5, seconds=3), ExecutedBy="ANOTHER", Notes=notes)
    return patient.examined()


@provokes("mode.unread")
def test_a_base_that_cannot_tell_its_mode_is_red(patient: Patient) -> Examination:
    patient.network.answer("livemode", 422)
    return patient.examined()
