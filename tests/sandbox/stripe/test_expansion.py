"""`expand` replaces ids by objects."""

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


def test_an_id_stays_an_id_unless_expanded(client: V1, charge: str) -> None:
    assert isinstance(client.charges.retrieve(charge).payment_intent, str)


def test_one_object_is_expanded_on_retrieval(client: V1, charge: str) -> None:
    found = client.charges.retrieve(charge, {"expand": ["payment_intent", "balance_transaction"]})
    assert isinstance(found.payment_intent, stripe.PaymentIntent)
    assert isinstance(found.balance_transaction, stripe.BalanceTransaction)
    assert found.payment_intent.latest_charge == charge


def test_each_object_of_a_list_is_expanded(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    second = buy(account, clock.time)["id"]
    listed = client.charges.list({"expand": ["data.payment_intent"]}).data
    intents = [each.payment_intent for each in listed]
    assert [getattr(intent, "latest_charge", None) for intent in intents] == [second, charge]


def test_a_buyer_s_metadata_is_never_taken_for_the_object_to_expand(
    client: V1, account: StripeAccount, clock: StoppedClock, charge: str
) -> None:
    """A page is expanded as text; metadata may have keys of any name and hold any id."""
    intent = str(client.charges.retrieve(charge).payment_intent)
    buy(account, clock.time, metadata={"payment_intent": intent, "customer": intent})
    newest, other = client.charges.list({"expand": ["data.payment_intent"]}).data
    assert newest.metadata["payment_intent"] == intent
    for listed in (newest, other):
        assert isinstance(listed.payment_intent, stripe.PaymentIntent)
        assert listed.payment_intent.latest_charge == listed.id


def test_a_page_that_is_expanded_as_text_is_the_page_that_is_expanded_one_by_one(
    client: V1, charge: str
) -> None:
    (listed,) = client.charges.list({"expand": ["data.payment_intent"]}).data
    one = client.charges.retrieve(charge, {"expand": ["payment_intent"]})
    assert listed.to_dict() == one.to_dict()


def test_a_path_may_lead_through_several_objects(client: V1, charge: str) -> None:
    (intent,) = client.payment_intents.list(
        {"expand": ["data.latest_charge.balance_transaction"]}
    ).data
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert intent.latest_charge.id == charge


def test_the_source_of_a_balance_transaction_is_what_moved_it(client: V1, charge: str) -> None:
    client.refunds.create({"charge": charge})
    moved = client.balance_transactions.list({"expand": ["data.source"]}).data
    assert [getattr(each.source, "object", None) for each in moved] == ["refund", "charge"]


def test_the_answer_to_a_change_can_be_expanded(client: V1) -> None:
    params: Any = {
        "amount": 1000,
        "currency": "usd",
        "confirm": True,
        "payment_method": "pm_card_visa",
        "expand": ["latest_charge", "payment_method"],
    }
    intent = client.payment_intents.create(params)
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.payment_method, stripe.PaymentMethod)


def test_refunds_of_a_charge_appear_when_asked_for(client: V1, charge: str) -> None:
    refund = client.refunds.create({"charge": charge, "amount": 100})
    assert "refunds" not in client.charges.retrieve(charge)
    found = client.charges.retrieve(charge, {"expand": ["refunds"]})
    assert found.refunds is not None
    assert [each.id for each in found.refunds.data] == [refund.id]


def test_a_null_stays_null(client: V1, charge: str) -> None:
    assert client.charges.retrieve(charge, {"expand": ["customer"]}).customer is None


@pytest.mark.parametrize("path", ["metadata", "amount", "nonsense", "payment_intent.nonsense"])
def test_what_cannot_be_expanded_is_refused(client: V1, charge: str, path: str) -> None:
    error = refusal(client.charges.retrieve, charge, {"expand": [path]})
    assert error.http_status == 400
    assert f"This property cannot be expanded ({path.rsplit('.', maxsplit=1)[-1]})" in str(error)


def test_a_list_hints_at_the_data_prefix(client: V1) -> None:
    error = refusal(client.charges.list, {"expand": ["payment_intent"]})
    assert "You may want to try expanding 'data.payment_intent' instead." in str(error)


def test_no_more_than_four_levels(client: V1, charge: str) -> None:
    path = "payment_intent.latest_charge.payment_intent.latest_charge.payment_intent"
    assert refusal(client.charges.retrieve, charge, {"expand": [path]}).http_status == 400


def test_a_change_with_a_wrong_expansion_does_not_happen(client: V1) -> None:
    params = {"amount": 1000, "currency": "usd", "expand": ["nonsense"]}
    assert refusal(client.payment_intents.create, params).http_status == 400
    assert client.payment_intents.list().data == []
