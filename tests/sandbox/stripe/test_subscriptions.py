"""Subscriptions as Stripe has them: what bills what, and what says nothing of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cascade_cli.sandbox.stripe import StripeAccount, StripeError
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, code
from tests.sandbox.stripe.subscriptions import METADATA, monthly, subscribe


def payments(client: V1, **params: Any) -> list[Any]:
    return client.invoice_payments.list(params).data  # type: ignore[arg-type]


def types(client: V1) -> list[str]:
    return [event.type for event in reversed(client.events.list({"limit": 100}).data)]


def test_the_payment_of_an_invoice_carries_no_metadata_and_is_found_by_its_invoice_payment(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    session = subscribe(account, clock.time)
    assert session["payment_intent"] is None
    (tie,) = payments(client, invoice=session["invoice"])
    intent = client.payment_intents.retrieve(tie.payment.payment_intent).to_dict()
    charge = client.charges.retrieve(intent["latest_charge"])
    assert (intent["metadata"], charge.metadata.to_dict()) == ({}, {})
    assert intent["payment_details"]["order_reference"] == session["invoice"]
    named = {"type": "payment_intent", "payment_intent": intent["id"]}
    assert [one.id for one in payments(client, payment=named)] == [tie.id]


def test_an_invoice_holds_the_subscription_s_metadata_as_it_was_then(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    session = subscribe(account, clock.time)
    client.subscriptions.update(session["subscription"], {"metadata": {"citizen_id": "lucia"}})
    details = client.invoices.retrieve(session["invoice"]).to_dict()["parent"]
    assert details["subscription_details"]["metadata"] == METADATA
    later = account.renew(session["subscription"], at=clock.time)
    assert later["parent"]["subscription_details"]["metadata"]["citizen_id"] == "lucia"


def test_a_first_invoice_is_told_of_by_its_events(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscribe(account, clock.time)
    told = types(client)
    wanted = [
        "customer.subscription.created", "charge.succeeded", "payment_intent.succeeded",
        "invoice.paid", "customer.subscription.updated", "checkout.session.completed",
    ]  # fmt: skip
    assert [type_ for type_ in told if type_ in wanted] == wanted


def test_a_renewal_bills_the_month_after(account: StripeAccount, clock: StoppedClock) -> None:
    clock.time = datetime(2026, 1, 31, 12, tzinfo=UTC)
    session = subscribe(account, clock.time)
    ends = []
    for _ in range(3):
        invoice = account.renew(session["subscription"], at=clock.time)
        ends.append(datetime.fromtimestamp(invoice["period_end"], UTC).date().isoformat())
    assert ends == ["2026-03-31", "2026-04-30", "2026-05-31"]


def test_before_a_renewal_an_invoice_without_an_id_is_told_of(
    account: StripeAccount, clock: StoppedClock, client: V1
) -> None:
    session = subscribe(account, clock(), monthly())
    renewed = account.renew(session["subscription"], at=clock())
    (event,) = client.events.list({"type": "invoice.upcoming"}).data
    upcoming = event.data.object.to_dict()
    assert "id" not in upcoming
    assert (upcoming["total"], upcoming["lines"]["total_count"]) == (renewed["total"], 1)


def test_a_failed_renewal_leaves_the_invoice_open_and_is_paid_later(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscription = subscribe(account, clock.time)["subscription"]
    invoice = account.renew(subscription, at=clock.time, fails=True)
    assert invoice["status"] == "open"
    assert client.subscriptions.retrieve(subscription).status == "past_due"
    assert "invoice.payment_failed" in types(client)
    assert account.pay_invoice(subscription, at=clock.time)["status"] == "paid"
    assert client.subscriptions.retrieve(subscription).status == "active"


def test_a_change_of_plan_is_billed_for_what_is_left_of_the_month(
    account: StripeAccount, clock: StoppedClock
) -> None:
    clock.time = datetime(2026, 11, 1, tzinfo=UTC)
    subscription = subscribe(account, clock.time)["subscription"]
    invoice = account.change_plan(
        subscription,
        at=clock.pass_(days=15),
        product="cascade_ducats_1000_75",
        unit_amount=10_000,
    )
    assert [line["amount"] for line in invoice["lines"]["data"]] == [-2500, 5000]
    assert (invoice["amount_paid"], invoice["status"]) == (2500, "paid")


def test_what_a_smaller_plan_gives_back_pays_of_the_next_invoice(
    account: StripeAccount, clock: StoppedClock
) -> None:
    clock.time = datetime(2026, 11, 1, tzinfo=UTC)
    subscription = subscribe(account, clock.time)["subscription"]
    change = account.change_plan(
        subscription, at=clock.pass_(days=15), product="cascade_ducats_100", unit_amount=1000
    )
    assert (change["total"], change["amount_due"], change["status"]) == (-2000, 0, "paid")
    renewal = account.renew(subscription, at=clock.time)
    assert (renewal["total"], renewal["amount_due"], renewal["starting_balance"]) == (
        1000, 0, -2000,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("behavior", "status"),
    [("void", "void"), ("mark_uncollectible", "uncollectible"), ("keep_as_draft", "draft")],
)
def test_nobody_is_asked_for_money_while_collection_is_paused(
    client: V1, account: StripeAccount, clock: StoppedClock, behavior: str, status: str
) -> None:
    subscription = subscribe(account, clock.time)["subscription"]
    client.subscriptions.update(subscription, {"pause_collection": {"behavior": behavior}})
    invoice = account.renew(subscription, at=clock.time)
    assert (invoice["status"], payments(client, invoice=invoice["id"])) == (status, [])
    client.subscriptions.update(subscription, {"pause_collection": ""})
    assert account.renew(subscription, at=clock.time)["status"] == "paid"


def test_what_was_cancelled_is_billed_no_more_and_listed_only_on_request(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscription = subscribe(account, clock.time)["subscription"]
    client.subscriptions.cancel(subscription)
    with pytest.raises(StripeError, match="canceled"):
        account.renew(subscription, at=clock.time)
    assert client.subscriptions.list().data == []
    assert len(client.subscriptions.list({"status": "canceled"}).data) == 1
    assert "customer.subscription.deleted" in types(client)


def test_a_refused_card_leaves_the_session_open_and_the_next_one_pays_the_same_invoice(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    session = subscribe(account, clock.time, card="pm_card_chargeDeclined")
    assert (session["status"], session["subscription"]) == ("open", None)
    again = account.complete_checkout(session["id"], at=clock.time)
    assert (again["status"], again["payment_status"]) == ("complete", "paid")
    assert len(payments(client)) == 1


def test_an_invoice_that_was_paid_elsewhere_has_a_payment_record_and_no_charge(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscription = subscribe(account, clock.time)["subscription"]
    invoice = account.renew(subscription, at=clock.time, fails=True)
    account.pay_invoice(subscription, at=clock.time, elsewhere=True)
    found = [(p.payment.type, p.status) for p in payments(client, invoice=invoice["id"])]
    assert sorted(found) == [("payment_intent", "canceled"), ("payment_record", "paid")]


def test_an_invoice_shows_ten_lines_and_lists_the_rest(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    fees = [monthly(f"fee_{n}", 100 + n) for n in range(12)]
    session = subscribe(account, clock.time, *fees)
    invoice = client.invoices.retrieve(session["invoice"])
    assert (len(invoice.lines.data), invoice.lines.has_more) == (10, True)
    assert len(list(invoice.lines.auto_paging_iter())) == 12


def test_invoice_payments_are_listed_by_time_and_page(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscription = subscribe(account, clock.time)["subscription"]
    second = int(clock.pass_(hours=1).timestamp())
    for _ in range(3):
        account.renew(subscription, at=clock.time)
    page = client.invoice_payments.list({"created": {"gte": second}, "limit": 2})
    assert len(list(page.auto_paging_iter())) == 3


def test_a_product_may_have_the_shop_s_own_id_once(client: V1) -> None:
    client.products.create({"id": "cascade_ducats_100", "name": "100 ducats"})
    params: Any = {"id": "cascade_ducats_100", "name": "again"}
    assert code(client.products.create, params)[1] == "resource_already_exists"


@pytest.mark.parametrize(("mode", "recurring"), [("payment", True), ("subscription", False)])
def test_a_session_s_mode_and_its_prices_must_agree(
    account: StripeAccount, clock: StoppedClock, mode: str, recurring: bool
) -> None:
    item = monthly()
    price = item["price_data"] | {"product_data": {"name": "x"}}
    price = {k: v for k, v in price.items() if k != "product" and (recurring or k != "recurring")}
    with pytest.raises(StripeError):
        account.create_checkout_session(
            at=clock.time, mode=mode, success_url="x", line_items=[{"price_data": price}]
        )
