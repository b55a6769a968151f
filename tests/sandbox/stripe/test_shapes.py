"""Objects have the fields of the SDK's own classes: none is missing, none is made up."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import stripe

from cascade_cli.sandbox.stripe import StripeAccount
from cascade_cli.sandbox.stripe.expansion import EXPANDABLE
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy, session_params
from tests.sandbox.stripe.subscriptions import subscribe

# What Stripe shows only when asked for by `expand`, or only of something that was deleted.
ON_REQUEST = {
    "Charge": {"refunds"},
    "Session": {"line_items"},
    "Customer": {
        "cash_balance", "deleted", "invoice_credit_balance", "sources", "subscriptions", "tax",
        "tax_ids",
    },
    "Account": {
        # Of other accounts, or of connected ones.
        "company", "deleted", "future_requirements", "groups", "individual", "requirements",
        "tos_acceptance",
    },
    "Balance": {"connect_reserved", "instant_available", "issuing"},
    "Price": {"currency_options", "deleted", "tiers"},
    "Invoice": {"deleted", "payments"},
    "InvoiceLineItem": {"tax_rates"},
    "Plan": {"deleted", "tiers"},
    "Product": {"deleted"},
    "SubscriptionItem": {"deleted"},
    "Card": {
        "account", "available_payout_methods", "currency", "default_for_currency", "deleted",
        "description", "iin", "issuer", "networks", "status",
    },
}  # fmt: skip
CLASSES: dict[str, Any] = {
    "account": stripe.Account,
    "balance": stripe.Balance,
    "balance_transaction": stripe.BalanceTransaction,
    "card": stripe.Card,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "item": stripe.LineItem,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "plan": stripe.Plan,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
}


@pytest.fixture
def shown(client: V1, account: StripeAccount, clock: StoppedClock) -> dict[str, dict[str, Any]]:
    """One object of each kind, as the SDK has it."""
    charge = buy(account, clock.time)
    refund = account.refund(charge["id"], at=clock.time, amount=100)
    dispute = account.dispute(buy(account, clock.time)["id"], at=clock.time)
    session = client.checkout.sessions.create(session_params())
    item = client.checkout.sessions.line_items.list(session.id).data[0]
    direct = client.charges.create({"amount": 500, "currency": "usd", "source": "tok_visa"})
    subscribed = subscribe(account, clock.time)
    subscription = client.subscriptions.retrieve(subscribed["subscription"])
    invoice = client.invoices.retrieve(subscribed["invoice"])
    (subscription_item,) = subscription["items"].data
    objects: list[Any] = [
        subscription,
        subscription_item,
        subscription_item.plan,
        invoice,
        invoice.lines.data[0],
        client.invoice_payments.list({"invoice": invoice.id}).data[0],
        client.products.retrieve("cascade_ducats_500_25"),
        client.accounts.retrieve_current(),
        client.balance.retrieve(),
        client.balance_transactions.retrieve(refund["balance_transaction"]),
        direct.source,
        client.charges.retrieve(charge["id"]),
        session,
        client.customers.create({"email": "nicolo@venice.example"}),
        client.disputes.retrieve(dispute["id"]),
        client.events.list().data[0],
        item,
        client.payment_intents.retrieve(charge["payment_intent"]),
        item.price,
        client.refunds.retrieve(refund["id"]),
    ]
    return {each.object: each.to_dict() for each in objects}


@pytest.mark.parametrize("kind", CLASSES)
def test_an_object_has_exactly_the_fields_of_its_sdk_class(
    kind: str, shown: dict[str, dict[str, Any]]
) -> None:
    declared = set(CLASSES[kind].__annotations__) - {"OBJECT_NAME"}
    assert set(shown[kind]) == declared - ON_REQUEST.get(CLASSES[kind].__name__, set())


@pytest.mark.parametrize("kind", CLASSES)
def test_only_a_field_that_the_sdk_calls_optional_is_null(
    kind: str, shown: dict[str, dict[str, Any]]
) -> None:
    nulls = {name for name, value in shown[kind].items() if value is None}
    types = CLASSES[kind].__annotations__
    assert {name for name in nulls if type(None) not in get_args(types[name])} == set()


@pytest.mark.parametrize("kind", ["charge", "payment_intent", "refund", "dispute"])
def test_every_id_that_the_sdk_calls_expandable_can_be_expanded(kind: str) -> None:
    types = CLASSES[kind].__annotations__
    expandable = {
        name
        for name, type_ in types.items()
        if str in get_args(type_) and "ForwardRef" in str(type_)
    }
    assert expandable - set(EXPANDABLE[kind]) == set()


def test_a_payment_method_has_the_fields_of_a_card(client: V1) -> None:
    intent = client.payment_intents.create(
        {"amount": 500, "currency": "usd", "payment_method": "pm_card_visa"}
    )
    assert isinstance(intent.payment_method, str)
    method = client.payment_methods.retrieve(intent.payment_method)
    declared = set(stripe.PaymentMethod.__annotations__)
    assert set(method.to_dict()) <= declared
    assert method.card is not None
    unnamed = {"description", "iin", "issuer"}
    assert set(method.card.to_dict()) == set(stripe.PaymentMethod.Card.__annotations__) - unnamed


def test_ids_look_like_stripes(shown: dict[str, dict[str, Any]]) -> None:
    charge, intent = shown["charge"], shown["payment_intent"]
    assert charge["id"].startswith("ch_3")
    assert len(charge["id"]) == len("ch_3MmlLrLkdIwHu7ix0snN0B15")
    assert intent["client_secret"].startswith(intent["id"] + "_secret_")
    assert charge["balance_transaction"].startswith("txn_3")
    assert shown["event"]["id"].startswith("evt_")
    assert shown["checkout.session"]["id"].startswith("cs_test_")
