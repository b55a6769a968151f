"""What of an invoice a payment has paid for: other currencies, credit, vouchers, other lines."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.end_to_end.subscriptions.test_whole_way import delivered, replayed
from tests.harness.counter import Counter
from tests.sandbox.stripe.subscriptions import METADATA, monthly, subscribe

LARGE: dict[str, Any] = {"product": "cascade_ducats_1000", "unit_amount": 11_000}


class Month:
    """marco's first month was delivered; what comes after it is bought now."""

    def __init__(self, counter: Counter) -> None:
        self.counter, self.account = counter, counter.sandboxed.app.stripe.account

    def begin(self, *items: Any) -> None:
        """The first month, long delivered when the second is billed."""
        at = self.counter.now()
        session = subscribe(self.account, at, *items, exchange_rate="0.1")
        self.subscription, self.customer = session["subscription"], session["customer"]
        replayed(self.counter)
        delivered(self.counter)
        self.counter.pass_time(days=31)

    def renew(self) -> dict[str, Any]:
        """The second month, as `reconcile` has it an hour later."""
        invoice = self.account.renew(self.subscription, at=self.counter.now())
        return self.billed(invoice)

    def billed(self, invoice: dict[str, Any]) -> dict[str, Any]:
        """What `reconcile` says of an invoice's payment; empty if it is none over ducats."""
        self.counter.pass_time(hours=1)
        words = "reconcile", "--since", "2d", "--all", "--json"
        items = self.counter.type(*words).data["items"]
        found = [i for i in items if i["period"] and i["period"]["invoice"] == invoice["id"]]
        return dict(found[0]) if found else {}


@pytest.fixture
def month(counter: Counter) -> Month:
    return Month(counter)


def in_euros(month: Month) -> None:
    """A subscription in euros to a price in dollars, which costs 55 euros as well."""
    account, at = month.account, month.counter.now()
    account.create_product(at=at, id="cascade_ducats_500", name="500 ducats")
    price = account.create_price(
        at=at,
        currency="usd",
        unit_amount=5000,
        product="cascade_ducats_500",
        recurring={"interval": "month"},
        currency_options={"eur": {"unit_amount": 5500}},
    )
    session = account.create_checkout_session(
        at=at,
        mode="subscription",
        success_url="https://shop.example/thanks",
        currency="eur",
        line_items=[{"price": price["id"]}],
        subscription_data={"metadata": METADATA},
    )
    paid = account.complete_checkout(session["id"], at=at)
    month.subscription = paid["subscription"]
    month.counter.pass_time(days=15)


def test_a_part_of_a_month_counts_by_the_price_in_the_invoice_s_currency(month: Month) -> None:
    """A month of 500 ducats is 55 euros; of the half that is left, half the ducats are left."""
    in_euros(month)
    listed = "usd", 10_000
    invoice = month.account.change_plan(
        month.subscription, at=month.counter.now(), listed=listed, **LARGE
    )
    back, more = (line["amount"] for line in invoice["lines"]["data"])
    (charge,) = read(month, invoice)
    wanted = Decimal(more) * 1000 / 11_000 + Decimal(back) * 500 / 5500
    assert charge.ducats
    assert abs(charge.ducats - wanted) < Decimal("0.00001")


def test_a_price_that_does_not_tell_the_invoice_s_currency_is_left_to_people(month: Month) -> None:
    in_euros(month)
    listed = "usd", 10_000
    invoice = month.account.change_plan(
        month.subscription, at=month.counter.now(), listed=listed, **LARGE
    )
    forget_the_euros(month, invoice)
    (charge,) = read(month, invoice)
    assert charge.ducats is None
    assert "whole price" in charge.ducats_text


def forget_the_euros(month: Month, invoice: dict[str, Any]) -> None:
    price = invoice["lines"]["data"][1]["pricing"]["price_details"]["price"]
    with month.account.writing(month.counter.now()) as writer:
        writer.remove(f"{price}#currency_options")


def read(month: Month, invoice: dict[str, Any]) -> tuple[Any, ...]:
    with month.counter.sandboxed.wired() as wiring:
        return tuple(wiring.payments.portions(invoice["id"]))


def test_credit_pays_of_every_line_alike_so_that_ducats_beside_another_product_are_underpaid(
    month: Month,
) -> None:
    """Of 60 dollars, 10 are for ducats; credit has paid 30 of the 60, and so 5 of the 10."""
    month.begin(monthly("cascade_ducats_100", 1000), monthly("newsletter", 5000))
    month.account.give_credit(month.customer, at=month.counter.now(), amount=3000)
    item = month.renew()
    assert item["amount_cents"] == 3000
    assert "5.00 USD less" in json.dumps(item["evidence"])
    assert not item["repair"]["automatic"]
    assert replayed(month.counter) == ["underpaid"]


def test_a_debt_of_before_pays_for_no_ducats(month: Month) -> None:
    month.begin(monthly("cascade_ducats_100", 1000), monthly("newsletter", 1000))
    month.account.give_credit(month.customer, at=month.counter.now(), amount=-500)
    item = month.renew()
    assert (item["kind"], item["amount_cents"]) == ("missing", 2500)
    (charge,) = read(month, {"id": item["period"]["invoice"]})
    assert charge.ducats_cents == 1000


@pytest.mark.parametrize("coupon", [{"percent_off": 100}, {"amount_off": 1000, "currency": "usd"}])
def test_ducats_that_a_voucher_pays_whole_are_owed_by_nobody(
    month: Month, coupon: dict[str, Any]
) -> None:
    """The charge is for the newsletter alone, and every command says so."""
    month.begin(monthly("cascade_ducats_100", 1000), monthly("newsletter", 900))
    applies = {"applies_to": {"products": ["cascade_ducats_100"]}}
    month.account.discount(month.subscription, at=month.counter.now(), **coupon, **applies)
    invoice = month.account.renew(month.subscription, at=month.counter.now())
    assert invoice["amount_due"] == 900
    assert month.billed(invoice) == {}
    counter, intent = month.counter, intent_of(month, invoice)
    results = counter.type("events", "replay", "--since", "2h", "--yes", "--json")
    told = {one["payment"]: one["result"] for one in results.data["payments"]}
    assert told == {intent: "left_alone", invoice["id"]: "left_alone"}
    story = counter.type("explain", intent, "--json").data
    assert "no paid purchase of ducats" in story["verdict"]["sentence"]
    assert counter.type("status", "--json").code == 0
    assert counter.type("reconcile", "--since", "2d", "--json").code == 0
    assert counter.credit("marco", "100", "--payment", intent).code == 7
    assert delivered(counter) == 100


def intent_of(month: Month, invoice: dict[str, Any]) -> str:
    at = month.counter.now()
    charge = month.account.charge_of(invoice["id"], at=at)
    with month.account.writing(at) as writer:
        return str(writer.get("charge", charge)["payment_intent"])


def test_a_voucher_for_a_part_leaves_the_ducats_underpaid_by_its_share(month: Month) -> None:
    """Of a voucher over 11.80 dollars, 10 are the ducats' and 1.80 the newsletter's."""
    month.begin(monthly("cascade_ducats_500", 5000), monthly("newsletter", 900))
    terms: dict[str, Any] = {"amount_off": 1180, "currency": "usd"}
    month.account.discount(month.subscription, at=month.counter.now(), **terms)
    item = month.renew()
    assert "10.00 USD less" in json.dumps(item["evidence"])
    assert replayed(month.counter) == ["underpaid"]


def test_a_voucher_for_another_line_takes_nothing_from_the_ducats(month: Month) -> None:
    month.begin(monthly("cascade_ducats_500", 5000), monthly("newsletter", 900))
    applies = {"applies_to": {"products": ["newsletter"]}}
    month.account.discount(month.subscription, at=month.counter.now(), percent_off=50, **applies)
    assert month.renew()["kind"] == "missing"


def test_credit_that_was_granted_for_a_line_is_not_paid_by_the_charge(month: Month) -> None:
    """Billing credits stand beside the vouchers on each line."""
    month.begin(monthly("cascade_ducats_500", 5000))
    invoice = month.account.renew(month.subscription, at=month.counter.now())
    with month.account.writing(month.counter.now()) as writer:
        found = writer.get("invoice", invoice["id"])
        granted = {"amount": 2000, "type": "credit_balance_transaction"}
        found["lines"]["data"][0]["pretax_credit_amounts"] = [granted]
        writer.replace(found | {"total": 3000, "amount_due": 3000})
    (charge,) = read(month, invoice)
    assert charge.ducats_cents == 3000
