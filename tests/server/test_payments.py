"""What `/api/payments` sells, refuses and tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.sandbox.wire import json_response
from tests.server.conftest import Shop, shop_in
from tests.server.events import paid

PATH = "/api/payments/create-payment-intent"


def kind(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["kind"]


def test_a_package_costs_what_the_list_says_and_names_its_bonus(shop: Shop) -> None:
    made = shop.create(citizen_id="marco", package="500").json()
    assert (made["amount_cents"], made["ducat_amount"], made["bonus_ducats"]) == (5000, "525", "25")
    assert made["client_secret"].startswith(made["payment_intent_id"])


def test_the_intent_at_stripe_carries_all_that_the_webhook_credits_by(shop: Shop) -> None:
    made = shop.create(citizen_id="marco", package="500").json()
    client = stripe_client(
        "sk_test_sandbox", f"{shop.place.url}/stripe", Transport(Pacer(0), lockout_seconds=1)
    )
    at_stripe = client.v1.payment_intents.retrieve(made["payment_intent_id"])
    assert at_stripe.metadata.to_dict() == {
        "citizen_id": "marco",
        "ducat_amount": "525",
        "exchange_rate": "0.10",
        "package": "500",
        "platform": "cascade",
        "type": "ducat_purchase",
    }


@pytest.mark.parametrize("amount", [12.5, "12.5"])
def test_an_amount_may_be_a_number_or_text(shop: Shop, amount: object) -> None:
    made = shop.create(citizen_id="marco", ducat_amount=amount).json()
    assert (made["amount_cents"], made["ducat_amount"]) == (125, "12.5")


def test_a_wrong_price_is_refused_with_the_right_one(shop: Shop) -> None:
    answer = shop.create(citizen_id="marco", ducat_amount=100, amount_cents=999)
    assert kind(answer) == (400, "price_mismatch")
    assert answer.json()["error"]["amount_cents"] == 1000
    assert not shop.place.recorder.to("stripe")


@pytest.mark.parametrize(
    "body",
    [
        {"citizen_id": "marco"},
        {"citizen_id": "marco", "ducat_amount": 100, "package": "100"},
        {"citizen_id": "marco", "ducat_amount": 9},
        {"citizen_id": "marco", "ducat_amount": 10001},
        {"citizen_id": "marco", "package": "no such"},
        {"citizen_id": "Marco", "ducat_amount": 100},
    ],
)
def test_what_is_not_sold_is_a_400_and_makes_nothing(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.create(**body).status_code == 400
    assert not [r for r in shop.place.recorder.to("stripe") if r.method == "POST"]


@pytest.mark.parametrize(
    "body",
    [
        {"citizen_id": "marco", "ducat_amount": "ten"},
        {"citizen_id": "marco", "ducat_amount": 10.0000001},
        {"citizen_id": "marco", "ducat_amount": True},
        {"citizen_id": "marco", "ducat_amount": 100, "price": 1},
        {"citizen_id": "", "ducat_amount": 100},
    ],
)
def test_what_makes_no_sense_is_a_422(shop: Shop, body: dict[str, Any]) -> None:
    assert kind(shop.create(**body)) == (422, "invalid_request")


def test_the_same_key_gives_the_same_intent(shop: Shop) -> None:
    body = {"citizen_id": "marco", "package": "500"}
    assert shop.create(key="k1", **body).json() == shop.create(key="k1", **body).json()


def test_a_key_used_for_another_purchase_is_a_409(shop: Shop) -> None:
    shop.create(key="k1", citizen_id="marco", package="500")
    answer = shop.create(key="k1", citizen_id="marco", package="1000")
    assert kind(answer) == (409, "idempotency_key_reused")


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic dG9rZW4=", "Bearer "])
def test_without_the_token_nothing_is_created(shop: Shop, header: str) -> None:
    body = {"citizen_id": "marco", "ducat_amount": 100}
    answer = shop.client.post(PATH, json=body, headers={"Authorization": header})
    assert kind(answer) == (401, "unauthorized")
    assert not shop.place.recorder.to("stripe")


def test_a_stranger_does_not_learn_what_a_purchase_should_be_like(shop: Shop) -> None:
    answer = shop.client.post(PATH, json={"citizen_id": 5})
    assert kind(answer) == (401, "unauthorized")


def test_without_a_token_in_the_settings_creating_is_shut(tmp_path: Path) -> None:
    with shop_in(tmp_path, CASCADE_API_TOKEN="") as shop:
        answer = shop.create(citizen_id="marco", ducat_amount=100)
        assert kind(answer) == (503, "service_unavailable")


def test_a_citizen_is_looked_for_once_a_minute(shop: Shop) -> None:
    for _ in range(3):
        shop.create(citizen_id="marco", ducat_amount=100)
    asked = [r for r in shop.place.recorder.to("airtable") if "CITIZENS" in r.path]
    assert len(asked) == 1


def test_stripe_out_of_order_is_a_503_that_says_nothing_of_keys(shop: Shop) -> None:
    broken = json_response(401, {"error": {"type": "invalid_request_error", "message": "sk_test"}})
    shop.place.recorder.break_from("stripe", 1, broken)
    answer = shop.create(citizen_id="marco", ducat_amount=100)
    assert kind(answer) == (503, "credentials")
    assert "sk_" not in answer.text


def test_a_body_that_is_too_large_is_a_413(shop: Shop) -> None:
    answer = shop.create(citizen_id="m" * 300_000, ducat_amount=100)
    assert kind(answer) == (413, "too_large")


def test_an_unknown_payment_is_a_404(shop: Shop) -> None:
    assert kind(shop.client.get("/api/payments/payment-intent/pi_nobody")) == (404, "not_found")


def test_a_payment_for_something_else_is_a_404(shop: Shop) -> None:
    account, now = shop.place.app.stripe.account, shop.place.app.now()
    charge = account.pay(amount=500, currency="usd", metadata={"type": "gondola"}, at=now)
    answer = shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}")
    assert answer.status_code == 404


def test_a_paid_intent_tells_that_no_transfer_is_there_yet(shop: Shop) -> None:
    charge = paid(shop.place.app, "marco")
    told = shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}").json()
    assert (told["status"], told["transfer"]["state"]) == ("succeeded", "none")
    assert "client_secret" not in told


@pytest.mark.parametrize("captured", [0, 1000])
def test_of_an_authorisation_it_is_told_how_much_was_captured(shop: Shop, captured: int) -> None:
    account, now = shop.place.app.stripe.account, shop.place.app.now()
    metadata = {"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"}
    charge = account.pay(amount=2500, currency="usd", metadata=metadata, at=now, capture=False)
    intent = charge["payment_intent"]
    if captured:
        account.capture(intent, at=now, amount_to_capture=captured)
    told = shop.client.get(f"/api/payments/payment-intent/{intent}").json()
    sums = told["amount_cents"], told["captured_cents"], told["refunded_cents"]
    assert sums == (2500, captured, 0)


def test_a_payment_is_known_by_what_only_its_charge_says(shop: Shop) -> None:
    account, now = shop.place.app.stripe.account, shop.place.app.now()
    charge = paid(shop.place.app, "marco")
    lacking = dict.fromkeys(charge["metadata"], "")
    account.update(charge["payment_intent"], at=now, metadata=lacking)
    told = shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}").json()
    assert (told["citizen_id"], told["ducat_amount"]) == ("marco", "100")


def test_a_payment_of_ours_asks_stripe_once(shop: Shop) -> None:
    charge = paid(shop.place.app, "marco")
    shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}")
    assert len(shop.place.recorder.to("stripe")) == 1


def test_while_venice_is_out_the_payment_is_told_and_its_transfer_unknown(shop: Shop) -> None:
    charge = paid(shop.place.app, "marco")
    shop.place.recorder.break_from("airtable", 1, json_response(422, {"error": "BROKEN"}))
    told = shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}").json()
    assert (told["status"], told["transfer"]["state"]) == ("succeeded", "unknown")


def test_the_price_list_is_public(shop: Shop) -> None:
    told = shop.client.get("/api/payments/pricing").json()
    assert {p["name"]: p["ducats"] for p in told["packages"]}["5000"] == "5750"


def test_a_citizen_who_only_looks_like_the_buyer_is_named_and_nothing_is_sold(shop: Shop) -> None:
    shop.place.move_in("Zoë", shop.place.app.now())
    answer = shop.create(citizen_id=normalize("NFD", "Zoë"), package="100")
    assert kind(answer) == (400, "unknown_citizen")
    told = "there is a 'Zoë', which is written without combining accents"
    assert told in answer.json()["error"]["message"]
    assert not shop.place.recorder.to("stripe")
