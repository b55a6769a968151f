from __future__ import annotations

import json
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.harness.shop_day import ShopDay

PAYING = ("payment_intent.succeeded", "charge.succeeded")


def results(data: dict[str, Any]) -> dict[str, str]:
    return {payment["payment"]: payment["result"] for payment in data["payments"]}


def key_of(charge: dict[str, Any]) -> str:
    return f"cascade_payment_{charge['payment_intent']}"


def test_all_events_of_one_payment_in_any_order_and_twice_are_one_credit(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    raw = [event.raw for event in day.events(*PAYING)]
    assert len(raw) == 2
    file = day.save("saved.jsonl", *reversed(raw), *raw)
    ended = day.cascade("events", "replay", "--file", file, "--yes", "--json")
    assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: "credited"})
    assert [row["StratagemId"] for row in day.stratagems()] == [key_of(charge)]
    assert day.active() == {key_of(charge): "marco"}


def test_a_checkout_session_is_the_same_credit_as_its_payment(day: ShopDay) -> None:
    day.open("marco")
    metadata = {"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"}
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Ducats"}}
    account = day.sandboxed.app.stripe.account
    session = account.create_checkout_session(
        at=day.ago(hours=2),
        mode="payment",
        success_url="https://shop.example/thanks",
        line_items=[{"price_data": price, "quantity": 1}],
        payment_intent_data={"metadata": metadata},
    )
    account.complete_checkout(session["id"], at=day.ago(hours=1))
    assert "checkout.session.completed" in {event.type for event in day.events()}
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert list(results(ended.data).values()) == ["credited"]
    assert len(ended.data["payments"][0]["events"]) == 3
    assert len(day.stratagems()) == 1


def test_a_second_replay_finds_everything_credited_already(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    for expected in ("credited", "already"):
        ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
        assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: expected})
    assert len(day.stratagems()) == 1


def test_payments_are_credited_in_the_order_of_their_events(day: ShopDay) -> None:
    day.open("marco")
    paid = [day.sandboxed.pay(day.ago(hours=hours)) for hours in (9, 5, 7)]
    raw = [event.raw for event in day.events("payment_intent.succeeded")]
    file = day.save("saved.jsonl", raw[1], raw[2], raw[0])
    ended = day.cascade("events", "replay", "--file", file, "--yes", "--json")
    oldest_first = [paid[index]["payment_intent"] for index in (0, 2, 1)]
    assert [payment["payment"] for payment in ended.data["payments"]] == oldest_first


def test_what_the_older_connector_paid_is_not_paid_again(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=80))
    at = day.ago(hours=20)
    notes = json.dumps({"source": "cascade_payment_processor", "amount": 100.0})
    day.sandboxed.transfer(f"cascade_payment_marco_{int(at.timestamp())}", at, Notes=notes)
    ended = day.cascade("events", "replay", "--since", "7d", "--yes", "--json")
    assert results(ended.data) == {charge["payment_intent"]: "already"}
    assert day.active() == {}


def test_a_row_of_another_payment_does_not_pass_for_this_one_s(day: ShopDay) -> None:
    """Same citizen, same amount: the older connector's one row can be only one payment's."""
    day.open("marco")
    first, second = (day.sandboxed.pay(day.ago(hours=hours)) for hours in (30, 20))
    at = day.ago(hours=19)
    notes = json.dumps({"source": "cascade_payment_processor", "amount": 100.0})
    day.sandboxed.transfer(f"cascade_payment_marco_{int(at.timestamp())}", at, Notes=notes)
    name = next(e.id for e in day.events(*PAYING) if first["payment_intent"] == e.payment_id)
    ended = day.cascade("events", "replay", name, "--yes", "--json")
    assert results(ended.data) == {first["payment_intent"]: "credited"}
    ended = day.cascade("events", "replay", "--since", "7d", "--yes", "--json")
    assert results(ended.data)[second["payment_intent"]] == "already"


def test_amount_and_citizen_are_stripe_s_whatever_the_event_says(day: ShopDay) -> None:
    day.open("marco", "thief")
    charge = day.sandboxed.pay(day.ago(hours=2))
    event = json.loads(day.events("payment_intent.succeeded")[0].raw)
    event["data"]["object"]["metadata"] |= {"citizen_id": "thief", "ducat_amount": "9999"}
    event["data"]["object"]["amount"] = 99_990_000
    file = day.save("forged.json", json.dumps(event, indent=2).encode())
    assert day.cascade("events", "replay", "--file", file, "--yes").code == 0
    (row,) = day.stratagems()
    assert (row["StratagemId"], row["TargetCitizen"]) == (key_of(charge), "marco")
    assert json.loads(row["Notes"])["amount"] == 100.0


def test_the_stratagem_names_the_event_and_the_operator(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    (event,) = day.events("payment_intent.succeeded")
    day.cascade("events", "replay", event.id, "--yes")
    notes = json.loads(day.stratagems()[0]["Notes"])
    assert (notes["event"], notes["livemode"]) == (event.id, False)
    assert notes["operator"]


def test_other_events_are_counted_and_left_alone(day: ShopDay) -> None:
    day.open("marco")
    account = day.sandboxed.app.stripe.account
    account.create_customer(at=day.ago(hours=3), name="A customer")
    account.pay(amount=500, currency="usd", metadata={"order_id": "7"}, at=day.ago(hours=2))
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert ended.code == 0
    assert ended.data["other_events"]["customer.created"] == 1
    assert list(results(ended.data).values()) == ["left_alone"]
    assert day.stratagems() == []


def test_a_dry_run_writes_nothing_and_says_what_it_would(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=2))
    ended = day.cascade("events", "replay", "--since", "1d", "--dry-run", "--json")
    assert (ended.code, results(ended.data)) == (0, {charge["payment_intent"]: "due"})
    assert (day.writes(), day.stratagems()) == ([], [])


def test_without_a_terminal_nothing_is_credited_unless_yes(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    ended = day.cascade("events", "replay", "--since", "1d")
    assert (ended.code, day.stratagems()) == (7, [])
    assert "--yes" in ended.err


def test_a_processor_without_ducats_credits_nobody(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    tables = day.sandboxed.app.airtable.tables
    (processor,) = [
        row for row in tables.select("CITIZENS") if row["fields"]["Username"] == PROCESSOR
    ]
    tables.update("CITIZENS", processor["id"], {"Ducats": 99.0})
    ended = day.cascade("events", "replay", "--since", "1d", "--yes")
    assert (ended.code, day.stratagems()) == (7, [])
    assert "replenish" in ended.err


def test_limit_says_how_many_are_left_and_where_to_go_on(day: ShopDay) -> None:
    day.open("marco")
    for hours in (9, 7, 5):
        day.sandboxed.pay(day.ago(hours=hours))
    told = ("--type", "payment_intent.succeeded", "--limit", "1")
    ended = day.cascade("events", "replay", "--since", "1d", *told, "--yes", "--json")
    assert (ended.code, ended.data["events"], ended.data["left"]) == (0, 1, 2)
    assert len(day.active()) == 1
    shown = day.cascade("events", "replay", "--since", "1d", *told, "--yes")
    assert "--limit left out 2 events; the next is of 2026-11-20T08:00:00Z" in shown.out


def test_many_payments_are_resolved_by_listing_not_one_by_one(day: ShopDay) -> None:
    day.open("marco")
    for minutes in range(30):
        day.sandboxed.pay(day.ago(minutes=100 + minutes), ducats=str(50 + minutes), cents=2000)
    day.sandboxed.recorder.requests.clear()
    ended = day.cascade("events", "replay", "--since", "1d", "--yes", "--json")
    assert set(results(ended.data).values()) == {"credited"}
    assert len(day.sandboxed.recorder.to("stripe")) <= 4


def test_in_a_busy_hour_no_page_is_read_for_the_sake_of_one_payment(day: ShopDay) -> None:
    day.open("marco")
    others = {"type": "something_else"}
    account = day.sandboxed.app.stripe.account
    for seconds in range(310, 3300, 3):
        account.pay(amount=500, currency="usd", metadata=others, at=day.ago(seconds=seconds))
    for number in range(29):
        day.sandboxed.pay(day.ago(seconds=2), ducats=str(50 + number), cents=2000)
    day.sandboxed.pay(day.ago(seconds=120), ducats="40", cents=2000)
    day.sandboxed.recorder.requests.clear()
    ended = day.cascade("events", "replay", "--since", "5m", "--yes", "--json")
    assert len(ended.data["payments"]) == 30
    read = [r for r in day.sandboxed.recorder.to("stripe") if r.path.endswith("/v1/charges")]
    assert len(read) == 2
