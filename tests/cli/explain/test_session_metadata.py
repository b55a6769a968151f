"""A Checkout Session whose metadata never reached its payment: what `explain` makes of it."""

from __future__ import annotations

from typing import Any

import stripe

from tests.harness.pasted import pasted
from tests.harness.shop_day import ShopDay

SOLD = {"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"}


def opened(day: ShopDay, **data: Any) -> str:
    """A session whose own metadata sells 100 ducats to marco; its id."""
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Ducats"}}
    session = day.sandboxed.app.stripe.account.create_checkout_session(
        at=day.ago(hours=2),
        mode="payment",
        success_url="https://shop.example/thanks",
        line_items=[{"price_data": price, "quantity": 1}],
        metadata=SOLD,
        **data,
    )
    return str(session["id"])


def paid(day: ShopDay, session: str) -> str:
    """It is paid on its page; its intent's id."""
    account = day.sandboxed.app.stripe.account
    return str(account.complete_checkout(session, at=day.ago(hours=1))["payment_intent"])


def explained(day: ShopDay, identity: str) -> Any:
    return day.cascade("explain", identity, "--json").data["verdict"]


def test_the_session_and_its_payment_say_what_the_session_sold_and_why_nothing_came(
    day: ShopDay,
) -> None:
    day.open("marco")
    session = opened(day)
    intent = paid(day, session)
    for identity in (session, intent):
        verdict = explained(day, identity)
        assert verdict["sentence"] == (
            f"the payment names no ducats: checkout session {session} names '100' ducats for "
            "'marco' in metadata of its own, which Stripe does not copy to the payment"
        )
        assert "payment_intent_data.metadata" in verdict["advice"]


def test_what_the_advice_says_makes_it_an_ordinary_purchase(day: ShopDay) -> None:
    day.open("marco")
    intent = paid(day, opened(day))
    client = stripe.StripeClient(
        "sk_test_sandbox", base_addresses={"api": f"{day.sandboxed.url}/stripe"}
    )
    client.v1.payment_intents.update(intent, {"metadata": SOLD})
    verdict = explained(day, intent)
    assert verdict["kind"] == "missing"
    assert day.cascade("reconcile", "--repair", "--since", "1d", "--yes").code == 0
    assert day.active() == {f"cascade_payment_{intent}": "marco"}


def test_a_payment_that_only_lacks_the_citizen_prints_the_credit_that_the_session_means(
    day: ShopDay,
) -> None:
    day.open("marco")
    session = opened(day, payment_intent_data={"metadata": {"platform": "cascade"}})
    intent = paid(day, session)
    verdict = explained(day, intent)
    assert verdict["kind"] == "unattributable"
    assert f"checkout session {session} names '100' ducats for 'marco'" in verdict["sentence"]
    assert verdict["repair"]["automatic"] is False
    words = pasted(verdict["repair"]["command"])
    assert day.cascade("credit", "--yes", *words[2:]).code == 0
    assert day.active() == {f"cascade_payment_{intent}": "marco"}


def test_no_credit_is_printed_once_the_money_went_back(day: ShopDay) -> None:
    day.open("marco")
    intent = paid(day, opened(day, payment_intent_data={"metadata": {"platform": "cascade"}}))
    account = day.sandboxed.app.stripe.account
    with account.writing(day.clock()) as writer:
        charge = writer.get("payment_intent", intent)["latest_charge"]
    account.refund(charge, at=day.ago(minutes=30), amount=400)
    assert explained(day, intent)["repair"] is None


def test_a_session_that_nobody_has_paid_says_what_it_names(day: ShopDay) -> None:
    day.open("marco")
    session = opened(day)
    assert explained(day, session)["sentence"] == (
        f"Stripe knows this session, and no payment belongs to it; checkout session {session} "
        "names '100' ducats for 'marco' in metadata of its own"
    )


def test_a_session_that_sells_something_else_is_not_mentioned(day: ShopDay) -> None:
    day.open("marco")
    data = {"metadata": SOLD}
    intent = paid(day, opened(day, payment_intent_data=data))
    assert "session" not in explained(day, intent)["sentence"]


def test_it_costs_no_request(day: ShopDay) -> None:
    day.open("marco")
    intents = [paid(day, opened(day)), paid(day, opened(day, payment_intent_data={}))]
    for intent in intents:
        day.sandboxed.recorder.requests.clear()
        explained(day, intent)
        asked = [r.path for r in day.sandboxed.recorder.to("stripe")]
        assert asked.count("/stripe/v1/checkout/sessions") == 1
