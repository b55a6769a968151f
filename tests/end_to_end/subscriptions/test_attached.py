"""Payments that somebody attached to an invoice: nothing on them says so, Stripe's invoice does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.end_to_end.subscriptions.test_whole_way import (
    delivered,
    reconciled,
    replayed,
    step,
    subscribed,
)
from tests.harness.counter import Counter


class LateSubscription:
    """marco's subscription to 525 ducats a month, its first month delivered, the next one late."""

    def __init__(self, counter: Counter, *, sent: bool = False) -> None:
        self.counter, self.account = counter, counter.sandboxed.app.stripe.account
        self.subscription = subscribed(counter)["subscription"]
        assert replayed(counter) == ["credited"]
        assert delivered(counter) == 525
        counter.pass_time(days=31)
        if sent:
            terms = {"collection_method": "send_invoice"}
            step(counter, "update_subscription", self.subscription, **terms)
        self.invoice = step(counter, "renew", self.subscription, fails=True)

    def attach(self, amount: int | None = None, **terms: Any) -> str:
        """The payment intent."""
        at = self.counter.now()
        charge = self.account.attach(self.invoice["id"], at=at, amount=amount, **terms)
        return str(charge["payment_intent"])

    def pay_and_attach_later(self, **later: float) -> str:
        """A payment by the same customer, attached when it was paid already."""
        terms: Any = {"amount": 5000, "currency": "usd", "metadata": {}}
        customer = self.invoice["customer"]
        paid = self.account.pay(**terms, customer=customer, at=self.counter.now())
        self.counter.pass_time(**later)
        intent = str(paid["payment_intent"])
        self.account.attach_payment(self.invoice["id"], intent, at=self.counter.now())
        return intent


@pytest.fixture
def late(counter: Counter) -> LateSubscription:
    return LateSubscription(counter)


def kinds(counter: Counter) -> dict[str, str]:
    return {item["payment_intent"]: item["kind"] for item in reconciled(counter)["items"]}


def test_reconcile_finds_an_attached_payment_missing_and_repairs_it(
    counter: Counter, late: LateSubscription
) -> None:
    intent = late.attach()
    counter.pass_time(hours=1)
    assert kinds(counter)[intent] == "missing"
    assert counter.type("reconcile", "--since", "100d", "--repair", "--yes").code == 0
    assert delivered(counter) == 1050
    assert kinds(counter)[intent] == "settled"


@pytest.mark.parametrize("type_", ["invoice.paid", "charge.succeeded", "payment_intent.succeeded"])
def test_an_attached_payment_is_credited_by_whichever_event_tells_of_it(
    counter: Counter, late: LateSubscription, type_: str
) -> None:
    late.attach()
    assert "credited" in replayed(counter, "--type", type_)
    assert delivered(counter) == 1050
    assert set(replayed(counter)) == {"already"}


def test_explain_tells_of_an_attached_payment_by_its_own_id_and_by_its_invoice_s(
    counter: Counter, late: LateSubscription
) -> None:
    intent = late.attach()
    for identity in (intent, late.invoice["id"], late.subscription):
        told = counter.type("explain", identity, "--json").data
        assert told["payment"]["payment_intent"] == intent
        assert told["payment"]["period"]["invoice"] == late.invoice["id"]
        assert "invoice for 50.00 USD" in json.dumps(told["timeline"])


def test_a_payment_that_was_attached_afterwards_is_found(
    counter: Counter, late: LateSubscription
) -> None:
    intent = late.pay_and_attach_later(days=4)
    assert kinds(counter)[intent] == "missing"


def test_a_run_since_the_last_hears_of_a_payment_attached_after_it(
    counter: Counter, late: LateSubscription
) -> None:
    terms: Any = {"amount": 5000, "currency": "usd", "metadata": {}}
    customer = late.invoice["customer"]
    paid = late.account.pay(**terms, customer=customer, at=counter.now())
    counter.pass_time(days=2)
    assert counter.type("reconcile", "--since", "9d").code == 0
    counter.pass_time(days=3)
    intent = str(paid["payment_intent"])
    late.account.attach_payment(late.invoice["id"], intent, at=counter.now())
    counter.pass_time(hours=1)
    found = counter.type("reconcile", "--since", "last", "--json").data
    assert {item["payment_intent"]: item["kind"] for item in found["items"]} == {intent: "missing"}


def test_halves_of_an_invoice_are_each_left_to_people_wherever_they_are_met(
    counter: Counter,
) -> None:
    late = LateSubscription(counter, sent=True)
    halves = {late.attach(2500), late.attach()}
    found = {item["payment_intent"]: item for item in reconciled(counter)["items"]}
    assert {found[half]["kind"] for half in halves} == {"unattributable"}
    assert all("more than this payment" in json.dumps(found[half]) for half in halves)
    words = "events", "replay", "--since", "2h", "--type", "invoice.paid", "--yes", "--json"
    told = {one["payment"]: one["result"] for one in counter.type(*words).data["payments"]}
    assert told == dict.fromkeys(halves, "unattributable")
    for half in halves:
        story = counter.type("explain", half, "--json").data
        assert story["verdict"]["kind"] == "unattributable"
    assert delivered(counter) == 525


def test_a_half_is_left_to_people_before_the_other_half_comes(counter: Counter) -> None:
    late = LateSubscription(counter, sent=True)
    half = late.attach(2500)
    assert kinds(counter)[half] == "unattributable"
    assert set(replayed(counter)) == {"unattributable"}


def test_a_half_beside_one_in_cash_is_left_to_people(counter: Counter) -> None:
    late = LateSubscription(counter, sent=True)
    half = late.attach(2500)
    step(counter, "pay_invoice", late.subscription, elsewhere=True)
    assert kinds(counter)[half] == "unattributable"
    assert set(replayed(counter, "--type", "invoice.paid")) == {"unattributable"}


def test_a_payment_that_says_itself_what_it_sold_is_believed_before_its_invoice(
    counter: Counter, late: LateSubscription
) -> None:
    said = {"platform": "cascade", "type": "ducat_purchase", "citizen_id": "marco"}
    intent = late.attach(metadata={**said, "ducat_amount": "500"})
    items = {item["payment_intent"]: item for item in reconciled(counter)["items"]}
    assert items[intent]["ducats"] == "500"


def test_a_payment_that_names_a_citizen_and_no_ducats_has_them_from_its_invoice(
    counter: Counter, late: LateSubscription
) -> None:
    said = {"platform": "cascade", "type": "ducat_purchase", "citizen_id": "marco"}
    intent = late.attach(metadata=said)
    items = {item["payment_intent"]: item for item in reconciled(counter)["items"]}
    assert items[intent]["ducats"] == "525"


def test_a_payment_of_two_invoices_is_credited_by_the_one_over_ducats(
    counter: Counter, late: LateSubscription
) -> None:
    """It has paid another shop's invoice as well."""
    other = a_second_invoice(counter, late, "newsletter", 900)
    intent = paying(counter, late, {other: 900, late.invoice["id"]: 5000})
    (item,) = [i for i in reconciled(counter)["items"] if i["payment_intent"] == intent]
    assert (item["kind"], item["ducats"]) == ("missing", "525")


def test_a_payment_of_two_invoices_over_ducats_is_left_to_people(
    counter: Counter, late: LateSubscription
) -> None:
    other = a_second_invoice(counter, late, "cascade_ducats_100", 1000)
    intent = paying(counter, late, {late.invoice["id"]: 5000, other: 1000})
    (item,) = [i for i in reconciled(counter)["items"] if i["payment_intent"] == intent]
    assert item["kind"] == "unattributable"
    assert other in json.dumps(item)


def a_second_invoice(counter: Counter, late: LateSubscription, product: str, cents: int) -> str:
    """Of another subscription of the same customer, open."""
    account, at = late.account, counter.now()
    with account.writing(at) as writer:
        if not writer.exists("product", product):
            account.create_product(at=at, id=product, name=product)
    price = {
        "currency": "usd",
        "unit_amount": cents,
        "product": product,
        "recurring": {"interval": "month"},
    }
    session = account.create_checkout_session(
        at=at,
        mode="subscription",
        success_url="https://shop.example/thanks",
        customer=late.invoice["customer"],
        line_items=[{"price_data": price}],
    )
    paid = account.complete_checkout(session["id"], at=at)
    return str(account.renew(paid["subscription"], at=at, fails=True)["id"])


def paying(counter: Counter, late: LateSubscription, parts: dict[str, int]) -> str:
    """One payment of several invoices, each in full."""
    at = counter.now()
    terms: Any = {"amount": sum(parts.values()), "currency": "usd", "metadata": {}}
    paid = late.account.pay(**terms, customer=late.invoice["customer"], at=at)
    intent = str(paid["payment_intent"])
    for invoice, amount in parts.items():
        late.account.attach_payment(invoice, intent, at=at, amount=amount)
    counter.pass_time(hours=1)
    return intent


def test_payments_of_nobody_s_are_not_asked_about(counter: Counter) -> None:
    """Only a customer has invoices."""
    account, at = counter.sandboxed.app.stripe.account, counter.now()
    for _ in range(4):
        account.pay(amount=700, currency="usd", metadata={}, at=at, description="A print")
    assert asked(counter) == ["charges"]


def test_payments_of_customers_are_asked_about_in_one_listing(counter: Counter) -> None:
    account, at = counter.sandboxed.app.stripe.account, counter.now()
    for days in (0, 3, 20):
        customer = account.create_customer(at=at)["id"]
        terms: Any = {"amount": 700, "currency": "usd", "metadata": {}, "customer": customer}
        account.pay(**terms, at=at - timedelta(days=days))
    assert asked(counter) == ["charges", "invoice_payments"]


def test_payments_that_are_another_shop_s_are_not_asked_about(counter: Counter) -> None:
    account, at = counter.sandboxed.app.stripe.account, counter.now()
    customer = account.create_customer(at=at)["id"]
    for said in ({"platform": "other"}, {"type": "print"}):
        terms: Any = {"amount": 700, "currency": "usd", "metadata": said, "customer": customer}
        account.pay(**terms, at=at)
    assert asked(counter) == ["charges"]


def asked(counter: Counter) -> list[str]:
    before = len(counter.requests)
    assert counter.type("reconcile", "--since", "30d").code == 0
    paths = [request.path for request in counter.requests[before:]]
    return [path.removeprefix("/stripe/v1/") for path in paths if path.startswith("/stripe/")]
