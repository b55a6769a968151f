"""One event that tells us nothing, or tells it in a new way, stops none of the others."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.cli.events.test_forward import SECRET, Shop, shop
from tests.cli.events.test_replay import results
from tests.harness.shop_day import ShopDay
from tests.harness.strange_events import body_of, strange_events

__all__ = ["shop"]

STRANGE = dict(strange_events())
every = pytest.mark.parametrize("wish", STRANGE.values(), ids=STRANGE)


def sent(day: ShopDay, wish: dict[str, Any]) -> str:
    """Let Stripe keep it between two events of a payment; its id."""
    account = day.sandboxed.app.stripe.account
    return str(account.announce(**wish, at=day.ago(hours=2))["id"])


@every
def test_it_is_listed_beside_the_others(day: ShopDay, wish: dict[str, Any]) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    strange = sent(day, wish)
    ended = day.cascade("events", "list", "--since", "1d", "--json")
    assert (ended.code, len(ended.data["events"])) == (0, 5)
    assert strange in {event["id"] for event in ended.data["events"]}
    assert strange in day.cascade("events", "list", "--since", "1d").out


@every
def test_a_replay_passes_it_over(day: ShopDay, wish: dict[str, Any]) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    strange = sent(day, wish)
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: "credited"})
    assert day.cascade("events", "replay", strange, "--yes").code == 0


@every
def test_a_saved_one_spoils_no_file(day: ShopDay, wish: dict[str, Any]) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    paid = day.events("payment_intent.succeeded")[0].raw
    file = day.save("saved.jsonl", body_of(1, **wish), paid)
    ended = day.cascade("events", "replay", "--file", file, "--yes", "--json")
    assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: "credited"})


@every
def test_it_is_forwarded_beside_the_others(day: ShopDay, shop: Shop, wish: dict[str, Any]) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    strange = sent(day, wish)
    told = ("events", "replay", "--since", "1d", "--forward-to", shop.url, "--yes", "--json")
    ended = day.cascade(*told, STRIPE_WEBHOOK_SECRET=SECRET)
    assert (ended.code, len(shop.bodies)) == (0, 5)
    assert strange in {json.loads(body)["id"] for body in shop.bodies}


@every
def test_the_story_of_a_payment_beside_it_is_told(day: ShopDay, wish: dict[str, Any]) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    strange = sent(day, wish)
    ended = day.cascade("explain", charge["payment_intent"], "--json")
    assert ended.code == 0, ended.err
    told = [line for line in ended.data["timeline"] if line["id"].startswith("evt_")]
    assert strange not in {line["id"] for line in told}
    assert len(told) == 4


@every
def test_it_has_a_story_of_its_own(day: ShopDay, wish: dict[str, Any]) -> None:
    day.open()
    strange = sent(day, wish)
    ended = day.cascade("explain", strange, "--json")
    assert ended.code == 0, ended.err


def test_doctor_counts_it_among_what_was_not_delivered(day: ShopDay) -> None:
    day.open()
    account = day.sandboxed.app.stripe.account
    url = "http://127.0.0.1:9/api/payments/webhook"
    account.register_webhook(url, at=day.ago(hours=3), secret="whsec_1")
    for wish in STRANGE.values():
        sent(day, wish)
    found = day.cascade("doctor", "--json").data["checks"]
    (deliveries,) = [each for each in found if each["name"] == "deliveries"]
    # Of the strange ones, two are of a type that tells of payments.
    assert deliveries["code"] == "webhook.payments_wait"
    assert deliveries["found"].startswith("2 pending, the oldest charge.succeeded")


def test_undated_events_do_not_let_a_replay_list_all_charges_there_are(day: ShopDay) -> None:
    day.open("marco")
    for minutes in range(25):
        day.sandboxed.pay(day.ago(minutes=minutes + 1))
    events = [json.loads(event.raw) for event in day.events("payment_intent.succeeded")]
    undated = {name: value for name, value in events[0].items() if name != "created"}
    lines = [json.dumps(event).encode() for event in (undated, *events[1:])]
    day.sandboxed.recorder.requests.clear()
    file = day.save("saved.jsonl", *lines)
    ended = day.cascade("events", "replay", "--file", file, "--dry-run", "--json")
    assert list(results(ended.data).values()) == ["due"] * 25
    queries = (parse_qs(r.query) for r in day.sandboxed.recorder.to("stripe"))
    since = [float(q["created[gte]"][0]) for q in queries if "created[gte]" in q]
    assert since
    assert min(since) > day.ago(days=2).timestamp()


def test_an_event_of_the_other_mode_still_refuses_the_file(day: ShopDay) -> None:
    file = day.save("saved.jsonl", body_of(1, "charge.updated", said={"livemode": True}))
    ended = day.cascade("events", "replay", "--file", file, "--yes")
    assert ended.code == 7
    assert "evt_strange1 is an event of live mode, and the Stripe key is a test key" in ended.err
