"""A refund's money leaves when it has a balance transaction, whatever its status is called."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, refusal


@pytest.fixture
def charge(account: StripeAccount, clock: StoppedClock) -> str:
    return str(buy(account, clock.time)["id"])


@pytest.fixture
def waiting(account: StripeAccount, clock: StoppedClock, charge: str) -> str:
    """Four dollars that wait for the customer's bank details."""
    made = account.refund(charge, at=clock.time, amount=400, status="requires_action")
    return str(made["id"])


def moved(client: V1) -> list[int]:
    """What refunds have moved, oldest first."""
    listed = client.balance_transactions.list().data[::-1]
    return [each.amount for each in listed if each.type.startswith("refund")]


def test_a_refund_that_waits_for_the_customer_has_moved_nothing(
    client: V1, charge: str, waiting: str
) -> None:
    refund = client.refunds.retrieve(waiting)
    assert (refund.status, refund.balance_transaction) == ("requires_action", None)
    assert refund.next_action is not None
    assert refund.next_action.type == "display_details"
    assert moved(client) == []
    assert client.charges.retrieve(charge).amount_refunded == 400


@pytest.mark.parametrize("status", ["pending", "succeeded"])
def test_it_moves_once_the_customer_has_answered(
    client: V1, account: StripeAccount, clock: StoppedClock, waiting: str, status: str
) -> None:
    account.settle_refund(waiting, at=clock.time, status=status)
    refund = client.refunds.retrieve(waiting)
    assert (refund.status, refund.next_action) == (status, None)
    assert isinstance(refund.balance_transaction, str)
    assert moved(client) == [-400]


@pytest.mark.parametrize("status", ["failed", "canceled"])
def test_one_that_never_moved_has_nothing_to_return(
    client: V1, account: StripeAccount, clock: StoppedClock, waiting: str, status: str
) -> None:
    account.settle_refund(waiting, at=clock.time, status=status)
    refund = client.refunds.retrieve(waiting)
    assert (refund.balance_transaction, refund.failure_balance_transaction) == (None, None)
    assert moved(client) == []
    assert [each.amount_refunded for each in client.charges.list().data] == [0]


def test_a_pending_refund_has_moved_already(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    made = account.refund(charge, at=clock.time, status="pending")
    assert (made["status"], made["pending_reason"]) == ("pending", "processing")
    assert moved(client) == [-1000]


def test_one_that_the_balance_cannot_pay_has_not(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    made = account.refund(charge, at=clock.time, pending_reason="insufficient_funds")
    assert (made["status"], made["balance_transaction"], moved(client)) == ("pending", None, [])
    account.settle_refund(made["id"], at=clock.time, status="succeeded")
    assert moved(client) == [-1000]


@pytest.mark.parametrize("first", ["pending", "succeeded"])
def test_a_refund_that_fails_brings_its_money_back(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str, first: str
) -> None:
    made = account.refund(charge, at=clock.time, status=first)
    account.settle_refund(made["id"], at=clock.time, status="failed")
    refund = client.refunds.retrieve(made["id"])
    assert (refund.status, refund.failure_reason) == ("failed", "lost_or_stolen_card")
    assert isinstance(refund.failure_balance_transaction, str)
    assert moved(client) == [-1000, 1000]
    charged = client.charges.retrieve(charge)
    assert (charged.amount_refunded, charged.refunded) == (0, False)


def test_only_a_refund_that_waits_for_the_customer_can_be_called_off(
    client: V1, charge: str, waiting: str
) -> None:
    assert client.refunds.cancel(waiting).status == "canceled"
    done = client.refunds.create({"charge": charge})
    assert refusal(client.refunds.cancel, done.id).http_status == 400


def test_what_became_of_a_refund_is_told_by_its_own_events(
    client: V1, account: StripeAccount, clock: StoppedClock, waiting: str
) -> None:
    account.settle_refund(waiting, at=clock.pass_(hours=1), status="succeeded")
    told = client.events.list({"created": {"gte": int(clock.time.timestamp())}}).data
    assert {event.type for event in told} == {"refund.updated", "charge.refund.updated"}


def test_a_charge_shows_its_ten_newest_refunds_and_the_rest_can_be_read(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    made = [account.refund(charge, at=clock.time, amount=50)["id"] for _ in range(12)]
    (listed,) = client.charges.list({"expand": ["data.refunds", "data.payment_intent"]}).data
    refunds = listed.refunds
    assert refunds is not None
    assert [each.id for each in refunds.data] == made[:1:-1]
    assert refunds.has_more
    after: Any = {"charge": charge, "starting_after": refunds.data[-1].id}
    assert [each.id for each in client.refunds.list(after).data] == made[1::-1]


def test_a_list_of_charges_has_the_same_refunds_as_each_charge(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.refund(charge, at=clock.time, amount=100)
    buy(account, clock.time, metadata={"payment_intent": charge, "refunds": charge})
    for expand in (
        ["refunds"],
        ["refunds", "payment_intent"],
        ["refunds.data.balance_transaction"],
    ):
        listed = client.charges.list({"expand": [f"data.{path}" for path in expand]}).data
        alone = [client.charges.retrieve(each.id, {"expand": expand}) for each in listed]
        assert [each.to_dict() for each in listed] == [each.to_dict() for each in alone]


def test_the_address_of_a_charges_refunds_lists_them(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    account.refund(buy(account, clock.time)["id"], at=clock.time)
    made = [account.refund(charge, at=clock.time, amount=50)["id"] for _ in range(12)]
    (listed,) = (
        each for each in client.charges.list({"expand": ["data.refunds"]}).data if each.id == charge
    )
    assert listed.refunds is not None
    assert listed.refunds.url == f"/v1/charges/{charge}/refunds"
    assert [each.id for each in listed.refunds.auto_paging_iter()] == made[::-1]


def test_a_refund_in_a_currency_that_the_account_does_not_hold_moves_the_one_it_holds(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    account.settle_in("usd", {"eur": 1.1})
    charge = buy(account, clock.time, currency="eur")["id"]
    account.refund(charge, at=clock.time, amount=400)
    (newest, oldest) = client.balance_transactions.list().data
    assert (oldest.amount, oldest.currency, oldest.exchange_rate) == (1100, "usd", 1.1)
    assert (newest.amount, newest.currency) == (-440, "usd")
    assert isinstance(client.charges.retrieve(charge), stripe.Charge)
