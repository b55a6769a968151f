"""What the webhook keeps, what it refuses, and what becomes of it."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import requests

from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.sandbox.wire import json_response
from tests.server.conftest import Shop, eventually, shop_in
from tests.server.events import event_body, paid, signature, succeeded

LIMIT = 1024 * 1024


def endow(shop: Shop, ducats: int) -> None:
    """Let the processor have so many."""
    tables = shop.place.app.airtable.tables
    rows = tables.select("CITIZENS")
    processor = next(row for row in rows if row["fields"]["Username"] == PROCESSOR)
    tables.update("CITIZENS", processor["id"], {"Ducats": ducats})


def accepted_at_once(shop: Shop, charges: Sequence[dict[str, Any]]) -> None:
    """In one transaction, so that the worker takes all of them at once."""
    bodies = [succeeded(charge) for charge in charges]
    shop.inbox.accept([to_event(json.loads(body), body) for body in bodies])


def key_of(charge: dict[str, Any]) -> str:
    return f"cascade_payment_{charge['payment_intent']}"


def why(answer: requests.Response) -> str:
    return str(answer.json()["error"]["message"])


def test_a_paid_charge_is_credited_once_however_often_it_is_told(shop: Shop) -> None:
    charge = paid(shop.place.app, "marco")
    for number in (0, 0, 1, 2):
        assert shop.tell(succeeded(charge, number)).status_code == 200
    assert shop.wait_until_dealt_with() == {"credited": 3}
    (row,) = shop.stratagems()
    assert (row["Status"], row["TargetCitizen"]) == ("active", "marco")


def test_a_redelivery_is_acknowledged_as_known(shop: Shop) -> None:
    body = event_body("evt_1", "charge.refunded")
    assert [shop.tell(body).json()["new"] for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    "type_",
    [
        "payment_intent.payment_failed",
        "charge.refunded",
        "charge.dispute.created",
        "checkout.session.expired",
        "some.new.type",
    ],
)
def test_what_pays_nothing_is_recorded(shop: Shop, type_: str) -> None:
    charge = paid(shop.place.app, "marco")
    subject = {"id": charge["payment_intent"], "object": "payment_intent"}
    assert shop.tell(event_body("evt_1", type_, subject)).status_code == 200
    assert shop.counts() == {"recorded": 1}
    assert not shop.stratagems()


@pytest.mark.parametrize(
    ("type_", "id_"),
    [("charge.succeeded", "id"), ("checkout.session.completed", "payment_intent")],
)
def test_other_types_that_tell_of_money_credit_as_well(shop: Shop, type_: str, id_: str) -> None:
    charge = paid(shop.place.app, "marco")
    subject = {"id": "cs_test_1", "payment_intent": charge["payment_intent"]}
    subject = charge if id_ == "id" else subject
    shop.tell(event_body("evt_1", type_, subject))
    assert shop.wait_until_dealt_with() == {"credited": 1}


def test_each_secret_of_a_rotation_signs(tmp_path: Path) -> None:
    with shop_in(tmp_path, STRIPE_WEBHOOK_SECRET="whsec_old,whsec_new,") as shop:
        body = event_body("evt_1", "charge.refunded")
        answers = [
            shop.tell(body, signature(body, secret=secret)).status_code
            for secret in ("whsec_old", "whsec_new", "", "whsec_old,whsec_new,")
        ]
    assert answers == [200, 200, 400, 400]


@pytest.mark.parametrize(
    ("seconds", "status"), [(-290, 200), (-301, 400), (-3600, 400), (10, 200), (60, 400)]
)
def test_old_and_future_signatures_are_refused(shop: Shop, seconds: int, status: int) -> None:
    body = event_body("evt_1", "charge.refunded")
    answer = shop.tell(body, signature(body, at=time.time() + seconds))
    assert answer.status_code == status


@pytest.mark.parametrize(
    "header", ["", "t=1", "v1=ab", "t=x,v1=ab", "t=1,t=2,v1=ab", "t=-1,v1=ab", "t=1,v0=ab", "=,=,="]
)
def test_a_header_that_is_no_signature_is_refused(shop: Shop, header: str) -> None:
    answer = shop.tell(event_body("evt_1"), header)
    assert "Stripe-Signature" in why(answer)
    assert shop.counts() == {}


def test_json_written_anew_is_refused(shop: Shop) -> None:
    body = event_body("evt_1")
    assert shop.tell(body.replace(b": ", b":"), signature(body)).status_code == 400


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff\xfe", b"[" * 100_000, b"null"])
def test_what_is_signed_but_no_event_is_refused(shop: Shop, body: bytes) -> None:
    assert shop.tell(body).status_code == 400
    assert shop.counts() == {}


def test_a_live_event_at_a_test_shop_is_refused(shop: Shop) -> None:
    answer = shop.tell(event_body("evt_1", livemode=True))
    assert "live mode" in why(answer)
    assert shop.counts() == {}


def test_the_largest_body_is_kept_and_one_byte_more_is_refused(shop: Shop) -> None:
    body = event_body("evt_1", "charge.refunded")
    for size, status in ((LIMIT, 200), (LIMIT + 1, 413)):
        padded = body + b" " * (size - len(body))
        assert shop.tell(padded).status_code == status


def test_a_journal_that_cannot_be_written_acknowledges_nothing(shop: Shop, tmp_path: Path) -> None:
    shop.tell(event_body("evt_1", "charge.refunded"))
    with sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None) as hand:
        hand.execute("ALTER TABLE cascade_events RENAME TO elsewhere")
        answer = shop.tell(event_body("evt_2", "charge.refunded"))
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert shop.client.get("/readyz").json()["parts"]["journal"]["ok"] is False
        hand.execute("ALTER TABLE elsewhere RENAME TO cascade_events")
    assert shop.tell(event_body("evt_2", "charge.refunded")).status_code == 200


@pytest.mark.parametrize(
    ("citizen", "ducats", "note"),
    [
        ("nobody", 100, "no citizen"),
        ("marco", 10_001, "limit"),
        (PROCESSOR, 100, "would mint"),
        ("marco\u00a0", 100, "there is a 'marco', which lacks the no-break space at its end"),
    ],
)
def test_a_payment_that_may_not_be_credited_asks_for_attention(
    shop: Shop, citizen: str, ducats: int, note: str
) -> None:
    shop.tell(succeeded(paid(shop.place.app, citizen, ducats)))
    assert shop.wait_until_dealt_with() == {"attention": 1}
    assert not shop.stratagems()
    assert any(note in line for line in shop.said)


def test_a_poor_processor_keeps_events_waiting_until_it_is_replenished(shop: Shop) -> None:
    endow(shop, 1)
    shop.tell(succeeded(paid(shop.place.app, "marco")))
    eventually(lambda: any("too few ducats" in line for line in shop.said))
    answer = shop.client.get("/readyz")
    assert (answer.status_code, shop.counts()) == (503, {"waiting": 1})
    assert "1 wait for it" in answer.json()["parts"]["events"]["why"]
    endow(shop, 1000)
    assert shop.wait_until_dealt_with() == {"credited": 1}
    eventually(lambda: shop.client.get("/readyz").status_code == 200)


def test_a_payment_that_the_processor_cannot_pay_holds_up_no_other(shop: Shop) -> None:
    endow(shop, 150)
    charges = [paid(shop.place.app, "marco", ducats) for ducats in (500, 100)]
    accepted_at_once(shop, charges)
    eventually(lambda: shop.counts() == {"waiting": 1, "credited": 1})
    assert [row["StratagemId"] for row in shop.stratagems()] == [key_of(charges[1])]


def test_what_was_promised_and_has_not_left_yet_is_not_promised_again(shop: Shop) -> None:
    endow(shop, 150)
    first, second = (paid(shop.place.app, "marco") for _ in range(2))
    shop.tell(succeeded(first))
    assert shop.wait_until_dealt_with() == {"credited": 1}
    shop.tell(succeeded(second))
    eventually(lambda: any("too few ducats" in line for line in shop.said))
    assert [row["StratagemId"] for row in shop.stratagems()] == [key_of(first)]


def test_what_has_left_is_not_taken_for_a_promise(shop: Shop) -> None:
    endow(shop, 210)
    first, second = (paid(shop.place.app, "marco") for _ in range(2))
    shop.tell(succeeded(first))
    assert shop.wait_until_dealt_with() == {"credited": 1}
    shop.place.app.engine.run()
    shop.tell(succeeded(second))
    assert shop.wait_until_dealt_with() == {"credited": 2}


def test_beyond_the_day_s_limit_an_event_waits_for_tomorrow(tmp_path: Path) -> None:
    with shop_in(tmp_path, CASCADE_MAX_DUCATS_PER_DAY="150") as shop:
        charges = [paid(shop.place.app, "marco") for _ in range(2)]
        for charge in charges:
            shop.tell(succeeded(charge))
        eventually(lambda: shop.counts() == {"waiting": 1, "credited": 1} and not shop.inbox.due(9))
        kept = [shop.inbox.of_payment(charge["payment_intent"])[0] for charge in charges]
        (late,) = [k for k in kept if k.state is EventState.WAITING]
        assert len(shop.stratagems()) == 1
    assert "the day's limit" in late.note
    assert late.next_at.date() > late.accepted.received_at.date()


def test_one_senseless_answer_does_not_hold_up_the_others(shop: Shop) -> None:
    good, bad = paid(shop.place.app, "marco"), paid(shop.place.app, "marco")
    handler = shop.place.recorder._handler
    shop.place.recorder._handler = lambda request: (
        json_response(200, {"object": "list", "data": [{}], "has_more": False})
        if bad["payment_intent"] in request.query
        else handler(request)
    )
    accepted_at_once(shop, [bad, good])
    eventually(lambda: shop.counts() == {"waiting": 1, "credited": 1})


def test_nothing_secret_stands_in_the_journal_the_metrics_or_what_is_said(
    shop: Shop, tmp_path: Path
) -> None:
    made = shop.create(citizen_id="marco", package="500").json()
    account = shop.place.app.stripe.account
    intent = made["payment_intent_id"]
    account.confirm(intent, at=shop.place.app.now(), payment_method="pm_card_visa")
    subject = {"id": intent, "object": "payment_intent", "client_secret": made["client_secret"]}
    shop.tell(event_body("evt_1", subject=subject))
    shop.wait_until_dealt_with()
    texts = [path.read_bytes() for path in tmp_path.iterdir()]
    texts += [shop.client.get("/metrics").content, "".join(shop.said).encode()]
    secrets = (made["client_secret"], "token-of-the-shop", "whsec_sandbox", "sk_test_sandbox")
    assert not [s for s in secrets for text in texts if s.encode() in text]
