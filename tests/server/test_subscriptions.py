"""What the payment API sells every month, and what its webhook credits of it."""

from __future__ import annotations

import json

import requests

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.server.conftest import Shop
from tests.server.test_payments import kind

WANTED = {"citizen_id": "marco", "package": "500"}


def test_a_subscription_is_sold_by_a_page_and_credited_once_whatever_is_told_how_often(
    shop: Shop,
) -> None:
    made = shop.create("subscription", **WANTED).json()
    assert (made["amount_cents"], made["ducat_amount"], made["bonus_ducats"]) == (5000, "525", "25")
    app = shop.place.app
    app.stripe.books.complete_checkout(made["checkout_session"], at=app.now())
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


def test_the_same_key_sells_the_same_page(shop: Shop) -> None:
    first, second = (shop.create("subscription", key="k1", **WANTED).json() for _ in range(2))
    assert first == second
    other = shop.create("subscription", key="k1", citizen_id="marco", package="1000")
    assert kind(other) == (409, "idempotency_key_reused")


def test_what_cannot_be_sold_once_is_not_sold_every_month(shop: Shop) -> None:
    for citizen in ("nobody", PROCESSOR):
        assert kind(shop.create("subscription", citizen_id=citizen, package="500"))[0] == 400
    assert not [r for r in shop.place.recorder.to("stripe") if r.method == "POST"]
