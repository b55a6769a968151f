"""`cascade serve` sells to many citizens at once, and one event becomes many transfers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.payment_intents import PaymentIntents
from cascade_cli.domain.selling.allocation import MOST_CITIZENS
from cascade_cli.services.selling.payment_status import PaymentStatuses
from tests.server.conftest import Shop, shop_in
from tests.server.events import succeeded

GUILD = [
    {"citizen_id": "marco", "ducat_amount": 100},
    {"citizen_id": "lucia", "ducat_amount": "50.5"},
]


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    with shop_in(tmp_path) as shop:
        shop.place.move_in("lucia", shop.place.app.now())
        yield shop


def bought(shop: Shop) -> dict[str, Any]:
    """Paid; Stripe's charge."""
    made = shop.create(allocation=GUILD).json()
    assert (made["amount_cents"], made["ducat_amount"], made["allocated"]) == (1505, "150.5", 2)
    assert made["citizen_id"] is None
    account, at = shop.place.app.stripe.account, shop.place.app.now()
    params = {"payment_method": "pm_card_visa", "return_url": "https://shop.example/"}
    account.confirm(made["payment_intent_id"], at=at, **params)
    return {"payment_intent": made["payment_intent_id"]}


def state(shop: Shop, charge: dict[str, Any]) -> Any:
    return shop.client.get(f"/api/payments/payment-intent/{charge['payment_intent']}").json()


def test_one_event_becomes_a_transfer_for_each_citizen_however_often_it_is_told(shop: Shop) -> None:
    charge = bought(shop)
    for number in (0, 0, 1):
        assert shop.tell(succeeded(charge, number)).status_code == 200
    assert shop.wait_until_dealt_with() == {"credited": 2}
    rows = {row["TargetCitizen"]: row["StratagemId"] for row in shop.stratagems()}
    key = f"cascade_payment_{charge['payment_intent']}"
    assert rows == {"marco": f"{key}.1", "lucia": f"{key}.2"}
    shop.place.app.engine.run(only=f"{key}.1")
    told = state(shop, charge)
    states = [(one["citizen_id"], one["transfer"]["state"]) for one in told["allocation"]]
    assert states == [("marco", "executed"), ("lucia", "live")]
    assert told["transfer"]["state"] == "live"


def test_one_who_vanished_needs_a_person_and_the_others_are_credited(shop: Shop) -> None:
    charge = bought(shop)
    tables = shop.place.app.airtable.tables
    (gone,) = tables.select("CITIZENS", "{Username} = 'lucia'")
    tables.delete("CITIZENS", gone["id"])
    shop.tell(succeeded(charge))
    assert shop.wait_until_dealt_with() == {"attention": 1}
    assert [row["TargetCitizen"] for row in shop.stratagems()] == ["marco"]
    (kept,) = shop.inbox.of_payment(charge["payment_intent"])
    assert kept.note == "1 of 2 citizens: lucia: Venice has no citizen 'lucia'"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"allocation": GUILD, "citizen_id": "marco"}, "either citizen_id or allocation"),
        ({"allocation": GUILD, "package": "500"}, "says how many ducats"),
        ({"allocation": [*GUILD, GUILD[0]]}, "'marco' stands in 2 rows"),
        ({"allocation": [{"citizen_id": "nobody", "ducat_amount": 20}]}, "no citizen 'nobody'"),
        ({"allocation": [{"citizen_id": "marco", "ducat_amount": 1}]}, "not sold"),
        ({"allocation": [{"citizen_id": "marco", "ducat_amount": 10_001}]}, "not sold"),
        ({"package": "500"}, "either citizen_id or allocation"),
    ],
)
def test_what_is_not_sold_to_many_is_a_400_and_makes_nothing(
    shop: Shop, body: dict[str, Any], why: str
) -> None:
    answer = shop.create(**body)
    assert (answer.status_code, why in answer.json()["error"]["message"]) == (400, True), (
        answer.json()
    )
    assert not shop.place.recorder.to("stripe")


def test_as_many_citizens_as_one_payment_is_for_can_be_named(shop: Shop) -> None:
    """The body is not too large; that nobody of them exists is told."""
    many = [{"citizen_id": f"{n:0200}", "ducat_amount": 12.5} for n in range(MOST_CITIZENS)]
    answer = shop.create(allocation=many)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith(" 997 more do not exist either.")


def test_one_citizen_s_part_is_told_by_its_own_id(shop: Shop) -> None:
    charge = bought(shop)
    whole = state(shop, charge)
    for number, part in enumerate(whole["allocation"], 1):
        own = state(shop, {"payment_intent": f"{charge['payment_intent']}.{number}"})
        assert (own["citizen_id"], own["ducat_amount"]) == (
            part["citizen_id"],
            part["ducat_amount"],
        )
        assert (own["transfer"], own["allocation"]) == (part["transfer"], None)
    beyond = (
        f"/api/payments/payment-intent/{charge['payment_intent']}.{len(whole['allocation']) + 1}"
    )
    assert shop.client.get(beyond).status_code == 404


def test_an_answer_about_many_is_given_again_for_longer(shop: Shop) -> None:
    intent, seconds, place = bought(shop)["payment_intent"], [0.0], shop.place
    with place.wired() as wiring:
        client = stripe_client(
            wiring.settings.stripe_key.reveal(), f"{place.url}/stripe", wiring.stripe
        )
        intents = PaymentIntents(client, wiring.allocations.find)
        statuses = PaymentStatuses(
            wiring.payments,
            wiring.transfers,
            intent_of=intents.get,
            events_of=shop.inbox.of_payment,
            now=utc_now,
            clock=lambda: seconds[0],
        )
        asked = []
        for moment in (0.0, 1.07, 1.09):
            seconds[0] = moment
            assert len(statuses.status_of(intent).portions) == 2
            asked.append(len(place.recorder.to("airtable")))
    assert asked[0] == asked[1] < asked[2]
