"""Charges made without a PaymentIntent, and what can be changed on any charge."""

from __future__ import annotations

from typing import Any

import stripe

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import PURCHASE, V1, buy, code, refusal, ten_dollars


def by_token(**more: Any) -> Any:
    return ten_dollars(**{"source": "tok_visa", **more})


def test_a_charge_by_token_has_no_payment_intent(client: V1) -> None:
    charge = client.charges.create(by_token(metadata=PURCHASE))
    assert (charge.status, charge.captured, charge.payment_intent) == ("succeeded", True, None)
    assert charge.metadata.to_dict() == PURCHASE
    assert charge.balance_transaction is not None


def test_a_declined_token_is_a_402_and_a_failed_charge(client: V1) -> None:
    error = refusal(client.charges.create, by_token(source="tok_chargeDeclined"))
    assert isinstance(error, stripe.CardError)
    assert error.error is not None
    (failed,) = client.charges.list().data
    assert (failed.status, failed.outcome and failed.outcome.type) == ("failed", "issuer_declined")
    assert error.error.charge == failed.id


def test_an_unknown_token_is_missing(client: V1) -> None:
    expected = (400, "resource_missing", "source")
    assert code(client.charges.create, by_token(source="tok_bogus")) == expected


def test_a_charge_can_be_captured_later_once(client: V1) -> None:
    charge = client.charges.create(by_token(capture=False))
    assert (charge.captured, charge.amount_captured) == (False, 0)
    captured = client.charges.capture(charge.id, {"amount": 600})
    assert (captured.captured, captured.amount_captured) == (True, 600)
    assert refusal(client.charges.capture, charge.id).code == "charge_already_captured"


def test_more_than_was_authorised_cannot_be_captured(client: V1) -> None:
    charge = client.charges.create(by_token(capture=False))
    assert refusal(client.charges.capture, charge.id, {"amount": 1001}).code == "amount_too_large"


def test_a_charges_own_metadata_can_be_edited(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    id = buy(account, clock.time)["id"]
    changed = client.charges.update(id, {"metadata": {"note": "seen"}, "description": "ducats"})
    assert changed.metadata.to_dict() == {**PURCHASE, "note": "seen"}
    event = client.events.list({"type": "charge.updated"}).data[0]
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes.to_dict() == {"metadata": PURCHASE, "description": None}


def test_books_can_charge_without_a_payment_intent(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    made = account.charge_directly(
        amount=900, currency="eur", at=clock.time, metadata=PURCHASE, description="by hand"
    )
    charge = client.charges.retrieve(made["id"])
    assert (charge.payment_intent, charge.currency, charge.description) == (None, "eur", "by hand")


def test_the_fee_is_taken_from_the_balance(client: V1) -> None:
    charge = client.charges.create(by_token())
    assert isinstance(charge.balance_transaction, str)
    moved = client.balance_transactions.retrieve(charge.balance_transaction)
    assert (moved.amount, moved.fee, moved.net) == (1000, 59, 941)
    assert (moved.type, moved.source) == ("charge", charge.id)
