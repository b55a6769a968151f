"""What the webhook received stands in the story, and what became of it."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.domain.records.stripe_events import EventState
from tests.harness.commands import Answer
from tests.harness.inbox_events import event, keep
from tests.harness.shop_day import ShopDay


def _told(ended: Answer) -> list[dict[str, Any]]:
    """The lines of the webhook in a story's timeline."""
    assert ended.code == 0, ended.err
    return [line for line in ended.data["timeline"] if "the webhook received" in line["what"]]


def _explained(day: ShopDay, identity: str) -> Answer:
    return day.cascade("explain", identity, "--json")


def test_an_event_that_needs_a_person_is_told_with_its_reason(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    (paid,) = day.events("charge.succeeded")
    keep(day, [paid], EventState.ATTENTION, "the citizen does not exist")
    for identity in (charge["payment_intent"], charge["id"], paid.id):
        (line,) = _told(_explained(day, identity))
        assert (line["at"], line["source"], line["id"]) == (
            "2026-11-20T14:00:00Z",
            "journal",
            paid.id,
        )
        assert line["what"] == (
            "the webhook received charge.succeeded; it needs a person: the citizen does not exist"
        )


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (EventState.CREDITED, "credited: a note"),
        (EventState.RECORDED, "recorded, there is nothing to credit: a note"),
        (EventState.WAITING, "it waits to be processed, next 2026-11-20 14:00 UTC: a note"),
    ],
)
def test_every_state_is_told_in_words(day: ShopDay, state: EventState, words: str) -> None:
    day.open("marco")
    intent = day.sandboxed.pay(day.ago(hours=5))["payment_intent"]
    keep(day, [event("evt_1", "charge.succeeded", intent, day.ago(hours=5))], state, "a note")
    (line,) = _told(_explained(day, intent))
    assert line["what"].endswith(f"; {words}")


def test_refund_and_dispute_events_stand_in_the_story(day: ShopDay) -> None:
    day.open("marco")
    charge = day.sandboxed.pay(day.ago(hours=5))
    account = day.sandboxed.app.stripe.account
    account.refund(charge["id"], at=day.ago(hours=3), amount=200)
    account.dispute(charge["id"], at=day.ago(hours=2))
    received = day.events("charge.refunded", "charge.dispute.created")
    keep(day, received, EventState.RECORDED)
    told = {line["id"] for line in _told(_explained(day, charge["payment_intent"]))}
    assert told == {event.id for event in received}
    assert len(told) == 2


def test_a_failed_payment_and_a_session_that_expired_are_told(day: ShopDay) -> None:
    day.open("marco")
    account = day.sandboxed.app.stripe.account
    failed = account.pay(
        amount=1000,
        currency="usd",
        metadata={"citizen_id": "marco", "ducat_amount": "100", "type": "ducat_purchase"},
        at=day.ago(hours=2),
        payment_method="pm_card_chargeDeclined",
    )["payment_intent"]
    at = day.ago(hours=2)
    keep(
        day,
        [
            event("evt_failed", "payment_intent.payment_failed", failed, at),
            event("evt_session", "checkout.session.expired", failed, at),
        ],
        EventState.RECORDED,
    )
    told = [line["what"].split(";")[0] for line in _told(_explained(day, failed))]
    assert sorted(told) == [
        "the webhook received checkout.session.expired",
        "the webhook received payment_intent.payment_failed",
    ]


def test_an_event_that_stripe_has_forgotten_still_leads_to_its_payment(day: ShopDay) -> None:
    day.open("marco")
    intent = day.sandboxed.pay(day.ago(hours=5))["payment_intent"]
    old = event("evt_forgotten", "charge.succeeded", intent, day.ago(hours=5))
    keep(day, [old], EventState.ATTENTION, "refused")
    ended = _explained(day, "evt_forgotten")
    assert ended.data["payment"]["payment_intent"] == intent
    assert len(_told(ended)) == 1


def test_an_event_of_a_payment_that_nobody_else_knows_is_found(day: ShopDay) -> None:
    day.open("marco")
    foreign = event("evt_live", "charge.succeeded", "pi_live", day.ago(hours=5))
    keep(day, [foreign], EventState.ATTENTION, "of live mode")
    for identity in ("evt_live", "pi_live"):
        ended = _explained(day, identity)
        assert "this Stripe key and Venice know nothing of it" in ended.data["verdict"]["sentence"]
        assert _told(ended)[0]["what"].endswith("it needs a person: of live mode")


def test_what_the_inbox_does_not_know_either_is_not_found(day: ShopDay) -> None:
    day.open("marco")
    keep(day, [event("evt_1", "charge.succeeded", "pi_1", day.clock())], EventState.CREDITED)
    assert _explained(day, "evt_2").code == 3


def test_explaining_makes_no_inbox_in_a_journal_without_one(day: ShopDay) -> None:
    day.open("marco")
    day.cascade("reconcile")
    intent = day.sandboxed.pay(day.ago(hours=5))["payment_intent"]
    before = day.journal.read_bytes()
    assert _explained(day, intent).code == 0
    assert day.journal.read_bytes() == before
