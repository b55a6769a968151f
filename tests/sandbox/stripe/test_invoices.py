"""Invoices as Stripe has them: attached payments, halves, credit, vouchers, several currencies."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from cascade_cli.sandbox.stripe import StripeAccount, StripeError
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1
from tests.sandbox.stripe.subscriptions import monthly, subscribe

EUR: dict[str, Any] = {"currency_options": {"eur": {"unit_amount": 5500}}}


def types(client: V1) -> list[str]:
    return [event.type for event in reversed(client.events.list({"limit": 100}).data)]


def ties(client: V1, invoice: str) -> list[dict[str, Any]]:
    found = client.invoice_payments.list({"invoice": invoice}).data
    return [one.to_dict() for one in reversed(found)]


def late(account: StripeAccount, clock: StoppedClock, **terms: Any) -> dict[str, Any]:
    """An open invoice of a second month, over 50 dollars, with terms as of a subscription."""
    id_ = subscribe(account, clock.time)["subscription"]
    if terms:
        account.update_subscription(id_, at=clock.time, **terms)
    return account.renew(id_, at=clock.time, fails=True)


def sent(account: StripeAccount, clock: StoppedClock) -> dict[str, Any]:
    return late(account, clock, collection_method="send_invoice")


def test_a_payment_that_is_attached_pays_the_invoice_when_it_succeeds(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    invoice = late(account, clock)
    terms: Any = {"amount": 5000, "currency": "usd", "customer": invoice["customer"]}
    intent = client.payment_intents.create(terms)
    open_ = client.invoices.attach_payment(invoice["id"], {"payment_intent": intent.id})
    assert (open_.status, [t["status"] for t in ties(client, invoice["id"])]) == (
        "open",
        ["open"] * 2,
    )
    paid = client.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert (paid.description, paid.metadata.to_dict()) == (None, {})
    default, attached = ties(client, invoice["id"])
    assert (default["status"], default["is_default"]) == ("canceled", True)
    assert (attached["status"], attached["amount_paid"]) == ("paid", 5000)
    assert attached["payment"]["payment_intent"] == intent.id
    shown = client.invoices.retrieve(invoice["id"])
    assert (shown.status, shown.amount_paid, shown.amount_remaining) == ("paid", 5000, 0)
    assert [t for t in types(client) if t.startswith("invoice_payment")] == [
        "invoice_payment.paid"
    ] * 2
    assert client.subscriptions.list({}).data[0].status == "active"


def test_a_payment_that_has_succeeded_pays_the_invoice_when_it_is_attached(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    invoice = late(account, clock)
    terms: Any = {"amount": 5000, "currency": "usd", "metadata": {}, "at": clock.time}
    charge = account.pay(**terms, customer=invoice["customer"])
    account.attach_payment(invoice["id"], charge["payment_intent"], at=clock.time)
    assert client.invoices.retrieve(invoice["id"]).status == "paid"


def test_halves_of_an_invoice_that_was_sent_pay_it_together(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    invoice = sent(account, clock)
    account.attach(invoice["id"], at=clock.time, amount=2000)
    half = client.invoices.retrieve(invoice["id"])
    assert (half.status, half.amount_due, half.amount_remaining) == ("open", 5000, 3000)
    assert ties(client, invoice["id"])[0]["amount_requested"] == 3000
    account.attach(invoice["id"], at=clock.time)
    whole = client.invoices.retrieve(invoice["id"])
    assert (whole.status, whole.amount_paid) == ("paid", 5000)
    paid = [t["amount_paid"] for t in ties(client, invoice["id"]) if t["status"] == "paid"]
    assert paid == [2000, 3000]


def test_what_was_paid_too_much_is_the_customer_s_credit(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    invoice = late(account, clock)
    terms: Any = {"amount": 6000, "currency": "usd", "metadata": {}, "at": clock.time}
    charge = account.pay(**terms, customer=invoice["customer"])
    account.attach_payment(invoice["id"], charge["payment_intent"], at=clock.time)
    assert client.invoices.retrieve(invoice["id"]).amount_overpaid == 1000
    assert client.customers.retrieve(invoice["customer"]).balance == -1000


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"customer": "another"}, "same customer"),
        ({"currency": "eur"}, "same customer and currency"),
        ({"amount": 6000}, "more than what remains"),
        ({"amount": 2000}, "no partial payments"),
    ],
)
def test_a_payment_that_does_not_fit_the_invoice_is_not_attached(
    client: V1, account: StripeAccount, clock: StoppedClock, terms: dict[str, Any], why: str
) -> None:
    invoice = late(account, clock)
    if "customer" in terms:
        terms["customer"] = account.create_customer(at=clock.time)["id"]
    made: Any = {"amount": 5000, "currency": "usd", "customer": invoice["customer"], **terms}
    intent = client.payment_intents.create(made)
    with pytest.raises(stripe.InvalidRequestError, match=why):
        client.invoices.attach_payment(invoice["id"], {"payment_intent": intent.id})


def test_a_price_is_billed_in_the_subscription_s_currency_and_shows_its_options_when_asked(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    account.create_product(at=clock.time, id="cascade_ducats_500_25", name="500 and 25")
    recurring = {"interval": "month"}
    terms: Any = {"currency": "usd", "unit_amount": 5000, "product": "cascade_ducats_500_25"}
    asked: Any = {**terms, "recurring": recurring, **EUR}
    price = client.prices.create(asked)
    assert "currency_options" not in price.to_dict()
    item = {"price": price.id, "quantity": 2}
    session = account.create_checkout_session(
        at=clock.time, mode="subscription", success_url="https://a.example",
        currency="eur", line_items=[item],
    )  # fmt: skip
    assert (session["currency"], session["amount_total"]) == ("eur", 11_000)
    paid = account.complete_checkout(session["id"], at=clock.time)
    invoice = client.invoices.retrieve(paid["invoice"])
    (line,) = invoice.lines.data
    assert (invoice.currency, line.currency, line.amount) == ("eur", "eur", 11_000)
    shown = client.prices.retrieve(price.id, {"expand": ["currency_options"]}).to_dict()
    assert (shown["currency"], shown["unit_amount"]) == ("usd", 5000)
    amounts = {code: one["unit_amount"] for code, one in shown["currency_options"].items()}
    assert amounts == {"usd": 5000, "eur": 5500}


def test_a_price_without_the_currency_is_refused(
    account: StripeAccount, clock: StoppedClock
) -> None:
    subscribe(account, clock.time)
    with pytest.raises(StripeError, match="only supports `usd`"):
        account.create_checkout_session(
            at=clock.time, mode="subscription", success_url="https://a.example",
            currency="eur", line_items=[monthly()],
        )  # fmt: skip


def test_credit_pays_of_the_whole_invoice_and_not_of_its_lines(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    items = monthly(), monthly("newsletter", 900)
    id_ = subscribe(account, clock.time, *items)["subscription"]
    customer = client.subscriptions.retrieve(id_).customer
    account.give_credit(str(customer), at=clock.time, amount=2000)
    invoice = account.renew(id_, at=clock.time)
    assert (invoice["total"], invoice["amount_due"]) == (5900, 3900)
    assert (invoice["starting_balance"], invoice["ending_balance"]) == (-2000, 0)
    assert [line["amount"] for line in invoice["lines"]["data"]] == [5000, 900]


def test_what_is_too_little_for_a_card_is_owed_with_the_next_invoice(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    id_ = subscribe(account, clock.time)["subscription"]
    customer = str(client.subscriptions.retrieve(id_).customer)
    account.give_credit(customer, at=clock.time, amount=4990)
    invoice = account.renew(id_, at=clock.time)
    assert (invoice["status"], invoice["amount_due"], invoice["ending_balance"]) == ("paid", 0, 10)
    assert account.renew(id_, at=clock.time)["amount_due"] == 5010


@pytest.mark.parametrize(
    ("coupon", "taken"),
    [
        ({"percent_off": 10}, [500, 90]),
        ({"amount_off": 1000, "currency": "usd"}, [847, 153]),
        ({"amount_off": 9000, "currency": "usd"}, [5000, 900]),
        ({"percent_off": 100, "applies_to": {"products": ["newsletter"]}}, [None, 900]),
    ],
)
def test_a_voucher_is_spread_over_the_lines_that_it_is_for(
    account: StripeAccount, clock: StoppedClock, coupon: dict[str, Any], taken: list[int | None]
) -> None:
    items = monthly(), monthly("newsletter", 900)
    id_ = subscribe(account, clock.time, *items)["subscription"]
    account.discount(id_, at=clock.time, **coupon)
    invoice = account.renew(id_, at=clock.time)
    found = [
        one["discount_amounts"][0]["amount"] if one["discount_amounts"] else None
        for one in invoice["lines"]["data"]
    ]
    assert found == taken
    assert invoice["total"] == 5900 - sum(one or 0 for one in taken)


def test_a_further_product_is_billed_from_the_next_month_on(
    account: StripeAccount, clock: StoppedClock
) -> None:
    id_ = subscribe(account, clock.time)["subscription"]
    account.add_product(id_, at=clock.time, product="newsletter", unit_amount=900)
    assert account.renew(id_, at=clock.time)["total"] == 5900
