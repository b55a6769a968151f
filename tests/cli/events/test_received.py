"""`events list` tells what our webhook made of each event."""

from __future__ import annotations

from typing import Any

from cascade_cli.domain.records.stripe_events import EventState
from tests.harness.inbox_events import keep
from tests.harness.shop_day import ShopDay

PAYING_NOTHING = (
    "payment_intent.payment_failed",
    "charge.refunded",
    "charge.dispute.created",
    "charge.dispute.closed",
    "checkout.session.expired",
)


def webhook(day: ShopDay) -> dict[str, Any]:
    ended = day.cascade("events", "list", "--since", "1d", "--json")
    assert ended.code == 0, ended.err
    return {event["type"]: event["webhook"] for event in ended.data["events"]}


def test_without_a_webhook_nothing_is_said_of_one(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    assert set(webhook(day).values()) == {None}
    assert "webhook" not in day.cascade("events", "list", "--since", "1d").out


def test_what_was_received_is_told_with_what_became_of_it(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    keep(day, day.events("charge.succeeded"), EventState.ATTENTION, "unknown citizen")
    told = webhook(day)
    assert told.pop("charge.succeeded") == {
        "received_at": day.ago(hours=1).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "state": "attention",
        "note": "unknown citizen",
    }
    assert set(told.values()) == {None}
    out = day.cascade("events", "list", "--since", "1d").out
    assert "our webhook: it needs a person: unknown citizen" in out
    assert f"Our webhook did not receive {len(told)} of them." in out


def trouble(day: ShopDay) -> None:
    """A payment that fails, one that is refunded, one that is disputed, and a page left open."""
    account, at = day.sandboxed.app.stripe.account, day.ago(hours=2)
    failing = account.create_payment_intent(at=at, amount=1000, currency="usd")
    account.confirm(failing["id"], at=at, payment_method="pm_card_chargeDeclined")
    account.refund(day.sandboxed.pay(at)["id"], at=at)
    dispute = account.dispute(day.sandboxed.pay(at)["id"], at=at)
    account.close_dispute(dispute["id"], at=at)
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "Ducats"}}
    page = account.create_checkout_session(
        at=at,
        mode="payment",
        success_url="https://shop.example/thanks",
        line_items=[{"price_data": price, "quantity": 1}],
    )
    account.expire_checkout(page["id"], at=at)


def test_what_pays_nothing_is_shown_as_recorded(day: ShopDay) -> None:
    day.open("marco")
    trouble(day)
    for type_ in PAYING_NOTHING:
        keep(day, day.events(type_), EventState.RECORDED)
    told = webhook(day)
    assert {told[type_]["state"] for type_ in PAYING_NOTHING} == {"recorded"}
    for type_ in PAYING_NOTHING:
        out = day.cascade("events", "list", "--since", "1d", "--type", type_).out
        assert "our webhook: recorded, there is nothing to credit" in out


def test_a_journal_that_cannot_be_read_leaves_the_list_and_says_so(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=2))
    day.journal.parent.mkdir(exist_ok=True)
    day.journal.write_bytes(b"not a journal" * 100)
    ended = day.cascade("events", "list", "--since", "1d")
    assert (ended.code, "charge.succeeded" in ended.out) == (0, True)
    assert "what our webhook did is not shown" in ended.err
