"""What the payment API sells every month, and what its webhook credits of it."""

from __future__ import annotations

import json
import time
from typing import Any

import requests

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.selling.payment_status import ANSWER_KEPT_SECONDS
from tests.sandbox.stripe.subscriptions import subscribe
from tests.server.conftest import Shop
from tests.server.events import event_body
from tests.server.test_payments import kind

WANTED = {"citizen_id": "marco", "package": "500"}


def test_a_subscription_is_sold_by_a_page_and_credited_once_whatever_is_told_how_often(
    shop: Shop,
) -> None:
    made = shop.create("subscription", **WANTED).json()
    assert (made["amount_cents"], made["ducat_amount"], made["bonus_ducats"]) == (5000, "525", "25")
    app = shop.place.app
    app.stripe.account.complete_checkout(made["checkout_session"], at=app.now())
    told = requests.get(
        f"{shop.place.url}/stripe/v1/events?limit=100",
        headers={"Authorization": "Bearer sk_test_sandbox"},
        timeout=30,
    ).json()["data"]
    for _ in range(2):
        for event in told:
            assert shop.tell(json.dumps(event).encode()).status_code == 200
    shop.wait_until_dealt_with()
    (row,) = [row for row in shop.stratagems() if row["TargetCitizen"] == "marco"]
    assert row["Status"] == "active"


def subscribed(shop: Shop, **metadata: str) -> tuple[str, dict[str, Any]]:
    """A paid first month: the invoice's id, and its charge."""
    account, now = shop.place.app.stripe.account, shop.place.app.now()
    invoice = subscribe(account, now, **metadata)["invoice"]
    charge = account.charge_of(invoice, at=now)
    with account.writing(now) as writer:
        return invoice, writer.get("charge", charge)


def asked(shop: Shop, charge: dict[str, Any]) -> requests.Response:
    return shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}")


def test_a_subscription_s_payment_tells_where_it_stands(shop: Shop) -> None:
    invoice, charge = subscribed(shop)
    told = asked(shop, charge).json()
    assert (told["citizen_id"], told["ducat_amount"], told["amount_cents"]) == (
        "marco",
        "525",
        5000,
    )
    assert (told["status"], told["transfer"]["state"]) == ("succeeded", "none")
    body = event_body("evt_paid", "invoice.paid", {"id": invoice, "object": "invoice"})
    assert shop.tell(body).status_code == 200
    shop.wait_until_dealt_with()
    time.sleep(ANSWER_KEPT_SECONDS)
    transfer = asked(shop, charge).json()["transfer"]
    assert (transfer["state"], transfer["event"]) == ("live", "credited")
    assert transfer["stratagem_id"] == f"cascade_payment_{charge['payment_intent']}"


def test_a_subscription_that_is_a_gift_names_its_giver_and_message(shop: Shop) -> None:
    shop.place.move_in("lucia", shop.place.app.now())
    _, charge = subscribed(shop, giver_id="lucia", gift_message="every month")
    gift = asked(shop, charge).json()["gift"]
    assert gift == {"giver_id": "lucia", "message": "every month", "anonymous": False}


def test_an_anonymous_gift_s_giver_is_not_told(shop: Shop) -> None:
    _, charge = subscribed(shop, giver_id="lucia", gift_anonymous="true")
    assert asked(shop, charge).json()["gift"]["giver_id"] is None


def test_another_shop_s_subscription_is_no_payment_of_ours(shop: Shop) -> None:
    _, charge = subscribed(shop, platform="rialto")
    assert kind(asked(shop, charge)) == (404, "not_found")


def test_the_same_key_sells_the_same_page(shop: Shop) -> None:
    first, second = (shop.create("subscription", key="k1", **WANTED).json() for _ in range(2))
    assert first == second
    other = shop.create("subscription", key="k1", citizen_id="marco", package="1000")
    assert kind(other) == (409, "idempotency_key_reused")


def test_what_cannot_be_sold_once_is_not_sold_every_month(shop: Shop) -> None:
    for citizen in ("nobody", PROCESSOR):
        assert kind(shop.create("subscription", citizen_id=citizen, package="500"))[0] == 400
    assert not [r for r in shop.place.recorder.to("stripe") if r.method == "POST"]
