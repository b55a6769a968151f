"""PaymentIntents through their life."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import PURCHASE, V1, buy, code, refusal


def create(client: V1, **more: Any) -> stripe.PaymentIntent:
    return client.payment_intents.create(
        {"amount": 1000, "currency": "usd", "metadata": PURCHASE, **more}  # type: ignore[typeddict-item]
    )


def only_charge(client: V1, intent: str) -> stripe.Charge:
    (charge,) = client.charges.list({"payment_intent": intent}).data
    return charge


def test_a_new_intent_waits_for_a_payment_method(client: V1) -> None:
    intent = create(client)
    assert intent.status == "requires_payment_method"
    assert intent.latest_charge is None


def test_with_a_payment_method_it_waits_for_confirmation(client: V1) -> None:
    assert create(client, payment_method="pm_card_visa").status == "requires_confirmation"


def test_a_confirmed_intent_has_a_captured_charge(client: V1) -> None:
    intent = create(client)
    confirmed = client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    charge = only_charge(client, intent.id)
    assert (confirmed.status, confirmed.amount_received) == ("succeeded", 1000)
    assert confirmed.latest_charge == charge.id
    assert (charge.status, charge.captured, charge.amount_captured) == ("succeeded", True, 1000)


def test_metadata_is_copied_to_the_charge_at_confirmation(client: V1) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True)
    assert only_charge(client, intent.id).metadata.to_dict() == PURCHASE


def test_metadata_edited_later_does_not_follow_to_the_charge(client: V1) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True)
    client.payment_intents.update(intent.id, {"metadata": {"citizen_id": "Somebody"}})
    assert client.payment_intents.retrieve(intent.id).metadata["citizen_id"] == "Somebody"
    assert only_charge(client, intent.id).metadata.to_dict() == PURCHASE


@pytest.mark.parametrize(
    ("card", "error_code", "decline_code"),
    [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_a_declined_card_is_a_402_with_its_decline_code(
    client: V1, card: str, error_code: str, decline_code: str
) -> None:
    intent = create(client)
    error = refusal(client.payment_intents.confirm, intent.id, {"payment_method": card})
    assert isinstance(error, stripe.CardError)
    assert error.error is not None
    assert (error.http_status, error.code) == (402, error_code)
    assert error.error.decline_code == decline_code


def test_a_declined_intent_waits_for_another_payment_method(client: V1) -> None:
    intent = create(client)
    refusal(client.payment_intents.confirm, intent.id, {"payment_method": "pm_card_chargeDeclined"})
    now = client.payment_intents.retrieve(intent.id)
    assert (now.status, now.payment_method) == ("requires_payment_method", None)
    assert now.last_payment_error is not None
    assert now.last_payment_error.charge == now.latest_charge


def test_a_declined_intent_leaves_a_failed_charge(client: V1) -> None:
    intent = create(client)
    refusal(client.payment_intents.confirm, intent.id, {"payment_method": "pm_card_chargeDeclined"})
    charge = only_charge(client, intent.id)
    assert (charge.status, charge.paid, charge.captured) == ("failed", False, False)
    assert (charge.amount_captured, charge.failure_code) == (0, "card_declined")
    assert charge.balance_transaction is None


def test_a_second_card_may_pay_what_the_first_did_not(client: V1) -> None:
    intent = create(client)
    refusal(client.payment_intents.confirm, intent.id, {"payment_method": "pm_card_chargeDeclined"})
    paid = client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    charges = client.charges.list({"payment_intent": intent.id}).data
    assert (paid.status, paid.last_payment_error) == ("succeeded", None)
    assert [charge.status for charge in charges] == ["succeeded", "failed"]


def test_a_card_that_wants_authentication_makes_no_charge(client: V1) -> None:
    intent = create(client, payment_method="pm_card_authenticationRequired", confirm=True)
    assert intent.status == "requires_action"
    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"
    assert client.charges.list({"payment_intent": intent.id}).data == []


def test_off_session_the_same_card_is_declined(client: V1) -> None:
    params: Any = {
        "amount": 1000,
        "currency": "usd",
        "confirm": True,
        "off_session": True,
        "payment_method": "pm_card_authenticationRequired",
    }
    assert refusal(client.payment_intents.create, params).code == "authentication_required"


def test_an_unknown_payment_method_is_missing_and_makes_nothing(client: V1) -> None:
    params: Any = {"amount": 1000, "currency": "usd", "payment_method": "pm_card_bogus"}
    expected = (400, "resource_missing", "payment_method")
    assert code(client.payment_intents.create, params) == expected
    assert client.payment_intents.list().data == []
    assert client.events.list().data == []


def test_manual_capture_is_paid_but_not_captured(client: V1) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True, capture_method="manual")
    charge = only_charge(client, intent.id)
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 1000)
    assert (charge.status, charge.paid, charge.captured) == ("succeeded", True, False)
    assert (charge.amount_captured, charge.balance_transaction) == (0, None)


def test_part_of_an_authorisation_can_be_captured(client: V1) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True, capture_method="manual")
    captured = client.payment_intents.capture(intent.id, {"amount_to_capture": 700})
    charge = only_charge(client, intent.id)
    assert (captured.status, captured.amount_received) == ("succeeded", 700)
    assert (charge.captured, charge.amount_captured, charge.amount_refunded) == (True, 700, 300)


def test_cancelling_an_authorisation_gives_the_money_back(client: V1) -> None:
    intent = create(client, payment_method="pm_card_visa", confirm=True, capture_method="manual")
    cancelled = client.payment_intents.cancel(intent.id, {"cancellation_reason": "abandoned"})
    charge = only_charge(client, intent.id)
    assert (cancelled.status, cancelled.cancellation_reason) == ("canceled", "abandoned")
    assert (charge.captured, charge.refunded) == (False, True)


def test_a_succeeded_intent_cannot_be_confirmed_cancelled_captured_or_repriced(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    id = buy(account, clock.time)["payment_intent"]
    intents = client.payment_intents
    for call, *args in (
        (intents.confirm, id, {"payment_method": "pm_card_visa"}),
        (intents.cancel, id),
        (intents.capture, id),
        (intents.update, id, {"amount": 2000}),
    ):
        error = refusal(call, *args)
        assert (error.http_status, error.code) == (400, "payment_intent_unexpected_state")
    assert len(client.charges.list().data) == 1


def test_an_intent_without_payment_method_cannot_be_confirmed(client: V1) -> None:
    error = refusal(client.payment_intents.confirm, create(client).id)
    assert error.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (49, "usd", "amount_too_small"),
        (100_000_000, "usd", "amount_too_large"),
        (17_499, "huf", "amount_too_small"),
        (49, "jpy", "amount_too_small"),
        (1_000_000_000_000, "idr", "amount_too_large"),
        (3_071, "kwd", "parameter_invalid_integer"),
        (12_150, "isk", "parameter_invalid_integer"),
        (12_150, "ugx", "parameter_invalid_integer"),
    ],
)
def test_amounts_out_of_bounds_or_between_steps_are_refused(
    client: V1, amount: int, currency: str, expected: str
) -> None:
    params: Any = {"amount": amount, "currency": currency}
    assert code(client.payment_intents.create, params) == (400, expected, "amount")


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (50, "jpy"),
        (3_070, "kwd"),
        (12_100, "isk"),
        (12_100, "ugx"),
        (1_000_000_000, "idr"),
        (1_001, "eur"),
    ],
)
def test_amounts_that_the_currency_has_are_taken(client: V1, amount: int, currency: str) -> None:
    intent = create(client, amount=amount, currency=currency)
    assert (intent.amount, intent.currency) == (amount, currency)


def test_search_does_not_exist(client: V1) -> None:
    params: Any = {"query": "metadata['citizen_id']:'NicoloBarbarigo'"}
    error = refusal(client.payment_intents.search, params)
    assert error.http_status == 404
    assert "Unrecognized request URL (GET: /v1/payment_intents/search)" in str(error)


def test_an_intent_that_does_not_exist_is_a_404(client: V1) -> None:
    error = refusal(client.payment_intents.retrieve, "pi_3Nothing")
    assert (error.http_status, error.code) == (404, "resource_missing")
    assert "No such payment_intent: 'pi_3Nothing'" in str(error)
