"""A capture of less than was authorised releases the rest, which Stripe books as a refund."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, refusal


@pytest.fixture
def charge(account: StripeAccount, clock: StoppedClock, client: V1) -> str:
    """Ten dollars authorised, seven taken."""
    made = buy(account, clock.time, capture=False)
    client.payment_intents.capture(made["payment_intent"], {"amount_to_capture": 700})
    return str(made["id"])


def test_the_released_rest_counts_as_refunded(client: V1, charge: str) -> None:
    captured = client.charges.retrieve(charge)
    assert (captured.amount, captured.amount_captured) == (1000, 700)
    assert (captured.amount_refunded, captured.refunded) == (300, False)


def test_the_release_is_a_refund_with_a_balance_transaction_of_its_own_category(
    client: V1, charge: str
) -> None:
    (release,) = client.refunds.list({"charge": charge}).data
    assert (release.amount, release.status) == (300, "succeeded")
    assert isinstance(release.balance_transaction, str)
    moved = client.balance_transactions.retrieve(release.balance_transaction)
    assert (moved.type, moved.reporting_category) == ("refund", "partial_capture_reversal")


@pytest.mark.usefixtures("charge")
def test_what_was_booked_adds_up_to_what_was_captured_and_its_fee(client: V1) -> None:
    moved = client.balance_transactions.list().data
    assert [each.amount for each in moved] == [-300, 1000]
    assert sum(each.fee for each in moved) == 50
    assert client.balance.retrieve().pending[0].amount == 650


def test_no_more_than_was_captured_can_be_refunded(client: V1, charge: str) -> None:
    error = refusal(client.refunds.create, {"charge": charge, "amount": 701})
    assert "greater than unrefunded amount on charge ($7.00)" in str(error)
    assert client.refunds.create({"charge": charge}).amount == 700
    refunded = client.charges.retrieve(charge)
    assert (refunded.amount_refunded, refunded.refunded) == (1000, True)


def test_a_dispute_is_about_what_was_captured(
    account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    assert account.dispute(charge, at=clock.time)["amount"] == 700


@pytest.mark.usefixtures("charge")
def test_its_events_show_the_rest_as_refunded(client: V1) -> None:
    types = [event.type for event in client.events.list({"limit": 4}).data][::-1]
    expected = ["charge.captured", "refund.created", "charge.refunded", "payment_intent.succeeded"]
    assert types == expected
    (captured,) = client.events.list({"type": "charge.captured"}).data
    assert captured.data.object["amount_refunded"] == 300


def test_a_capture_of_everything_refunds_nothing(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    made = buy(account, clock.time, capture=False)
    account.capture(made["payment_intent"], at=clock.time)
    assert client.charges.retrieve(made["id"]).amount_refunded == 0
    assert client.refunds.list().data == []


def test_a_cancelled_authorisation_never_reached_the_balance(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    made = buy(account, clock.time, capture=False)
    account.cancel(made["payment_intent"], at=clock.time)
    (release,) = client.refunds.list().data
    assert (release.amount, release.balance_transaction) == (1000, None)
    assert client.balance_transactions.list().data == []


@pytest.mark.parametrize("currency", ["isk", "ugx", "kwd"])
def test_part_of_a_currency_without_that_part_is_neither_captured_nor_refunded(
    client: V1, account: StripeAccount, clock: StoppedClock, currency: str
) -> None:
    made = buy(account, clock.time, amount=90_000, currency=currency, capture=False)
    wrong = {"amount_to_capture": 50_001}
    error = refusal(client.payment_intents.capture, made["payment_intent"], wrong)
    assert f"Amounts in {currency} must be evenly divisible by" in str(error)
    client.payment_intents.capture(made["payment_intent"], {"amount_to_capture": 50_000})
    error = refusal(client.refunds.create, {"charge": made["id"], "amount": 1_001})
    assert f"Amounts in {currency} must be evenly divisible by" in str(error)
