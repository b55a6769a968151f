"""Refunds, disputes and the balance."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, code, refusal


@pytest.fixture
def charge(account: StripeAccount, clock: StoppedClock) -> str:
    return str(buy(account, clock.time)["id"])


def test_a_refund_gives_everything_back_by_default(client: V1, charge: str) -> None:
    refund = client.refunds.create({"charge": charge, "reason": "requested_by_customer"})
    refunded = client.charges.retrieve(charge)
    assert (refund.amount, refund.status, refund.charge) == (1000, "succeeded", charge)
    assert (refunded.amount_refunded, refunded.refunded) == (1000, True)


def test_a_part_given_back_does_not_make_a_charge_refunded(client: V1, charge: str) -> None:
    client.refunds.create({"charge": charge, "amount": 400})
    refunded = client.charges.retrieve(charge)
    assert (refunded.amount_refunded, refunded.refunded) == (400, False)


def test_the_last_part_does(client: V1, charge: str) -> None:
    client.refunds.create({"charge": charge, "amount": 400})
    assert client.refunds.create({"charge": charge}).amount == 600
    assert client.charges.retrieve(charge).refunded


def test_a_refund_by_payment_intent_finds_the_charge(client: V1, charge: str) -> None:
    intent = client.charges.retrieve(charge).payment_intent
    assert isinstance(intent, str)
    assert client.refunds.create({"payment_intent": intent}).charge == charge


def test_no_more_than_is_left_can_be_refunded(client: V1, charge: str) -> None:
    client.refunds.create({"charge": charge, "amount": 400})
    error = refusal(client.refunds.create, {"charge": charge, "amount": 601})
    assert "($6.01) is greater than unrefunded amount on charge ($6.00)" in str(error)


def test_a_refunded_charge_cannot_be_refunded_again(client: V1, charge: str) -> None:
    client.refunds.create({"charge": charge})
    assert refusal(client.refunds.create, {"charge": charge}).code == "charge_already_refunded"


def test_a_disputed_charge_cannot_be_refunded(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.dispute(charge, at=clock.time)
    assert refusal(client.refunds.create, {"charge": charge}).code == "charge_disputed"


def test_a_failed_charge_cannot_be_refunded(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    failed = buy(account, clock.time, payment_method="pm_card_chargeDeclined")
    assert refusal(client.refunds.create, {"charge": failed["id"]}).http_status == 400


def test_a_refund_must_name_what_to_refund(client: V1) -> None:
    assert refusal(client.refunds.create, {"amount": 100}).code == "parameter_missing"


def test_a_refund_of_nothing_known_is_missing(client: V1) -> None:
    assert code(client.refunds.create, {"charge": "ch_3No"})[1:] == ("resource_missing", "charge")


def test_refunds_filter_by_charge_and_by_payment_intent(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.refund(buy(account, clock.time)["id"], at=clock.time)
    mine = client.refunds.create({"charge": charge})
    assert [each.id for each in client.refunds.list({"charge": charge}).data] == [mine.id]
    assert isinstance(mine.payment_intent, str)
    by_intent = client.refunds.list({"payment_intent": mine.payment_intent}).data
    assert [each.id for each in by_intent] == [mine.id]


def test_a_card_refund_cannot_be_cancelled(client: V1, charge: str) -> None:
    refund = client.refunds.create({"charge": charge})
    assert refusal(client.refunds.cancel, refund.id).http_status == 400
    assert client.refunds.retrieve(refund.id).status == "succeeded"


def test_a_dispute_marks_its_charge_and_takes_the_money_and_a_fee(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.dispute(charge, at=clock.time, reason="product_not_received")
    (dispute,) = client.disputes.list({"charge": charge}).data
    (withdrawn,) = dispute.balance_transactions
    assert (dispute.status, dispute.reason) == ("needs_response", "product_not_received")
    assert (withdrawn.amount, withdrawn.fee) == (-1000, 1500)
    assert client.charges.retrieve(charge).disputed


def test_the_card_that_disputes_does_so_at_once(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    charge = buy(account, clock.time, payment_method="pm_card_createDispute")
    (dispute,) = client.disputes.list({"payment_intent": charge["payment_intent"]}).data
    assert (dispute.charge, dispute.reason) == (charge["id"], "fraudulent")


def test_closing_a_dispute_loses_it_once(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    dispute = account.dispute(charge, at=clock.time)["id"]
    assert client.disputes.close(dispute).status == "lost"
    assert refusal(client.disputes.close, dispute).http_status == 400


def test_a_won_dispute_returns_the_money_and_not_the_fee(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    dispute = account.dispute(charge, at=clock.time)["id"]
    assert account.close_dispute(dispute, at=clock.time, won=True)["status"] == "won"
    moved = client.disputes.retrieve(dispute).balance_transactions
    assert [each.net for each in moved] == [-2500, 1000]


def test_money_is_pending_for_two_days(client: V1, charge: str, clock: StoppedClock) -> None:
    (moved,) = client.balance_transactions.list({"source": charge}).data
    pending = client.balance.retrieve()
    clock.pass_(days=2)
    available = client.balance.retrieve()
    assert moved.status == "pending"
    assert client.balance_transactions.retrieve(moved.id).status == "available"
    assert (pending.pending[0].amount, pending.available[0].amount) == (941, 0)
    assert (available.pending[0].amount, available.available[0].amount) == (0, 941)


def test_balance_transactions_filter_by_type(client: V1, charge: str) -> None:
    refund = client.refunds.create({"charge": charge})
    (moved,) = client.balance_transactions.list({"type": "refund"}).data
    assert (moved.source, moved.net) == (refund.id, -1000)
