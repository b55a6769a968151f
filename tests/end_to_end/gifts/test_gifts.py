"""Gifts from the page on which they are paid to what both citizens were told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from cascade_cli.sandbox.wire import json_response
from tests.harness.commands import Answer
from tests.harness.counter import Counter
from tests.harness.faults import is_notification
from tests.server.conftest import Shop, eventually
from tests.server.events import succeeded

GIFT = {"giver_id": "marco", "gift_message": "For <b>you</b> [bold]=1+1", "gift_anonymous": "false"}
WORDS = GIFT["gift_message"]


def bought(counter: Counter, *words: str) -> str:
    """100 ducats for lucia from marco, paid on the page; the intent's id."""
    page = counter.type(
        "checkout", "lucia", "--ducats", "100", "--from", "marco", "--json", *words
    ).data
    paying = requests.post(
        page["url"], data={"payment_method": "pm_card_visa"}, timeout=10, allow_redirects=False
    )
    assert paying.status_code == 303
    listed = counter.type("events", "list", "--type", "payment_intent.succeeded", "--json").data
    return str(listed["events"][-1]["payment"])


def replayed(counter: Counter) -> Answer:
    return counter.type("events", "replay", "--since", "1h", "--yes", "--json")


def told(counter: Counter, citizen: str, kind: str = "cascade_transfer_on_its_way") -> list[str]:
    rows = counter.rows("NOTIFICATIONS")
    return [row["Content"] for row in rows if (row["Citizen"], row["Type"]) == (citizen, kind)]


def unwrapped(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


def explained(counter: Counter, intent: str) -> Any:
    return counter.type("explain", intent, "--json").data


def test_a_gift_goes_from_page_to_citizen_and_back_and_both_are_told(counter: Counter) -> None:
    intent = bought(counter, "--message", WORDS)
    assert replayed(counter).code == 0
    (to_lucia,), (to_marco,) = told(counter, "lucia"), told(counter, "marco")
    assert to_lucia.startswith("100 ducats are on their way to you, a gift from marco (")
    assert to_marco.startswith("Your gift of 100 ducats to lucia is on its way (")
    assert to_lucia.endswith(f"Message: {WORDS}")
    assert to_marco.endswith(f"Message: {WORDS}")
    details = [json.loads(row["Details"]) for row in counter.rows("NOTIFICATIONS")]
    key = f"cascade_payment_{intent}"
    assert {d["stratagem_id"] for d in details} == {key}
    assert {d.get("notice") for d in details} == {None, f"{key}_giver"}
    counter.sandboxed.app.engine.run()
    assert (counter.ducats_of("lucia"), counter.ducats_of("marco")) == (100, 0)
    assert counter.row(key)["Description"].endswith("to lucia, a gift from marco")

    story = explained(counter, intent)
    assert story["verdict"]["kind"] == "settled"
    gift = {"giver": "marco", "message": WORDS, "anonymous": False}
    assert story["payment"]["gift"] == gift
    happened = [entry["what"] for entry in story["timeline"]]
    assert f"'lucia' was told: {to_lucia}" in happened
    assert f"'marco' was told: {to_marco}" in happened
    assert any(what.startswith("notify the giver: done") for what in happened)
    page = counter.type("explain", intent).out
    assert "a gift from 'marco'" in page
    assert f"“{WORDS}”" in page

    account = counter.sandboxed.app.stripe.account
    back = account.refund(story["payment"]["charge"], at=counter.now(), amount=None)
    assert counter.type("refund", intent, "--yes").code == 0
    for citizen, words in (
        ("lucia", "100 ducats go back from you, a gift from marco (Refund"),
        ("marco", "Your gift of 100 ducats to lucia goes back (Refund"),
    ):
        assert [text.startswith(words) for text in told(counter, citizen)].count(True) == 1
    counter.sandboxed.app.engine.run()
    assert (counter.ducats_of("lucia"), counter.ducats_of("marco")) == (0, 0)
    assert counter.type("reconcile", "--since", "7d", "--json").data["items"] == []

    account.settle_refund(back["id"], at=counter.now(), status="failed")
    assert counter.type("refund", intent, "--yes").code == 0
    for citizen, words in (
        ("lucia", "100 ducats are on their way to you, a gift from marco (A refund that failed"),
        ("marco", "Your gift of 100 ducats to lucia is on its way (A refund that failed"),
    ):
        (text,) = [text for text in told(counter, citizen) if text.startswith(words)]
        assert "Message" not in text


def test_an_anonymous_giver_is_named_to_nobody_in_venice_and_to_the_operator(
    counter: Counter,
) -> None:
    intent = bought(counter, "--anonymous")
    assert replayed(counter).code == 0
    (to_lucia,) = told(counter, "lucia")
    assert "a gift from somebody who does not want to be named" in to_lucia
    assert "The recipient is not told your name." in told(counter, "marco")[0]
    counter.sandboxed.app.engine.run()
    story = explained(counter, intent)
    account = counter.sandboxed.app.stripe.account
    account.refund(story["payment"]["charge"], at=counter.now(), amount=None)
    assert counter.type("refund", intent, "--yes").code == 0
    counter.sandboxed.app.engine.run()
    named = [
        row
        for table in ("STRATAGEMS", "NOTIFICATIONS")
        for row in counter.rows(table)
        if "marco" in json.dumps(row) and row.get("Citizen") != "marco"
    ]
    assert named == []
    assert story["payment"]["gift"]["giver"] == "marco"
    entries = counter.type("journal", "export", "--key", f"cascade_payment_{intent}").out
    assert '"giver":"marco"' in entries.replace(" ", "")
    assert "who is not to be named" in unwrapped(counter.type("explain", "lucia").out)
    assert "to 'lucia'" in unwrapped(counter.type("explain", "marco").out)


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--from", "Marco"], 7, "Did you mean 'marco', which differs in upper and lower case?"),
        (["--from", "lucia"], 2, "cannot be both giver and recipient"),
        (["--from", ""], 2, "a gift needs a giver"),
        (["--from", "marco", "--message", "a\nb"], 2, "character 2 of the message is U+000A"),
        (["--from", "marco", "--message", "x" * 501], 2, "501 characters"),
        (["--message", "hello"], 2, "go with --from"),
        (["--anonymous"], 2, "go with --from"),
    ],
)
def test_what_is_no_gift_is_not_sold(
    counter: Counter, words: list[str], code: int, why: str
) -> None:
    answer = counter.type("checkout", "lucia", "--ducats", "100", *words)
    assert (answer.code, answer.out) == (code, "")
    assert why in unwrapped(answer.err)
    assert counter.sandboxed.recorder.to("stripe") == []


def given(counter: Counter, **changed: str) -> str:
    metadata = {
        "citizen_id": "lucia",
        "ducat_amount": "100",
        "exchange_rate": "0.1",
        "platform": "cascade",
        "type": "ducat_purchase",
        **GIFT,
        **changed,
    }
    account = counter.sandboxed.app.stripe.account
    return str(
        account.pay(amount=1000, currency="usd", metadata=metadata, at=counter.now())[
            "payment_intent"
        ]
    )


def test_a_refused_notification_of_the_giver_touches_neither_transfer_nor_recipient(
    counter: Counter,
) -> None:
    refusal = json_response(422, {"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": "no"}})
    intent = given(counter)
    counter.network.break_(lambda r: is_notification(r) and b"_giver" in r.body, refusal)
    for _ in range(2):
        answer = counter.credit("lucia", "100", "--payment", intent)
        assert answer.code == 0
        assert [row["Citizen"] for row in counter.rows("NOTIFICATIONS")] == ["lucia"]
    assert counter.row(f"cascade_payment_{intent}")["Status"] == "active"
    assert len(counter.rows()) == 1


def test_givers_are_told_in_writes_of_ten(counter: Counter) -> None:
    for _ in range(12):
        given(counter)
    assert replayed(counter).code == 0
    writes = [
        len(json.loads(request.body)["records"])
        for request in counter.writes
        if is_notification(request)
    ]
    assert writes == [10, 2, 10, 2]


def test_a_gift_whose_giver_is_nobody_is_credited(counter: Counter) -> None:
    given(counter, giver_id="No\u202ebody\n")
    assert replayed(counter).code == 0
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("lucia") == 100
    assert "a gift from No\\u202ebody\\n (" in told(counter, "lucia")[0]


def test_the_older_layout_of_notifications_tells_both(counter: Counter) -> None:
    counter.sandboxed.app.airtable.tables.catalogue.use_legacy_notifications()
    intent = given(counter)
    assert replayed(counter).code == 0
    rows = counter.rows("NOTIFICATIONS")
    assert {(row["CitizenUsername"], row["Title"]) for row in rows} == {
        ("lucia", "A gift of ducats on its way"),
        ("marco", "Your gift is on its way"),
    }
    happened = [entry["what"] for entry in explained(counter, intent)["timeline"]]
    assert "'marco' was told: Your gift is on its way" in happened


def test_serve_sells_a_gift_and_tells_both_when_it_is_paid(shop: Shop) -> None:
    place = shop.place
    place.move_in("lucia", place.app.now())
    body: Any = {"citizen_id": "lucia", "ducat_amount": 100, "giver_id": "marco"}
    made = shop.create(**body, gift_message="for you", gift_anonymous=True).json()
    assert made["gift"] == {"giver_id": "marco", "message": "for you", "anonymous": True}
    intent = made["payment_intent_id"]
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": f"{place.url}/stripe"})
    params: Any = {"payment_method": "pm_card_visa", "return_url": "https://shop.example/"}
    client.v1.payment_intents.confirm(intent, params)
    assert shop.tell(succeeded({"payment_intent": intent})).status_code == 200
    assert shop.wait_until_dealt_with() == {"credited": 1}
    tables = place.app.airtable.tables
    eventually(lambda: len(tables.select("NOTIFICATIONS")) == 2)
    told = {r["fields"]["Citizen"]: r["fields"]["Content"] for r in tables.select("NOTIFICATIONS")}
    assert "marco" not in told["lucia"]
    assert "for you" in told["lucia"]
    assert told["marco"].startswith("Your gift of 100 ducats to lucia is on its way")
    state = shop.client.get(f"/api/payments/payment-intent/{intent}").json()
    assert state["gift"] == {"giver_id": None, "message": "for you", "anonymous": True}
    assert "marco" not in json.dumps(state)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"giver_id": "lucia"}, 400),
        ({"giver_id": "Marco"}, 400),
        ({"gift_message": "hello"}, 400),
        ({"gift_anonymous": True}, 400),
        ({"giver_id": "marco", "gift_message": "a\u202eb"}, 400),
        ({"giver_id": "marco", "gift_message": "x" * 501}, 422),
        ({"giver_id": ""}, 422),
    ],
)
def test_the_api_sells_no_gift_that_makes_no_sense(
    shop: Shop, body: dict[str, Any], status: int
) -> None:
    shop.place.move_in("lucia", shop.place.app.now())
    answer = shop.create(citizen_id="lucia", ducat_amount=100, **body)
    assert answer.status_code == status, answer.text
    assert not [r for r in shop.place.recorder.to("stripe") if r.method == "POST"]


def test_what_a_stranger_calls_a_giver_is_text_in_every_report(
    counter: Counter, tmp_path: Path
) -> None:
    given(counter, giver_id="<img src=x> [red]\x1b[2J", citizen_id="nobody")
    page = tmp_path / "night.html"
    counter.pass_time(hours=1)
    told = counter.type("reconcile", "--since", "7d", "--report", str(page))
    assert "\x1b[2J" not in told.out
    text = page.read_text(encoding="utf-8")
    assert "a gift from" in text
    assert "&lt;img src=x&gt; [red]" in text
    assert "<img src=x>" not in text
    assert "\x1b" not in text
