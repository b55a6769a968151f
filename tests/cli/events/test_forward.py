from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import stripe

from tests.harness.shop_day import ShopDay

SECRET = "whsec_of_the_test"


class Shop:
    """A webhook as a shop runs it: it takes what Stripe's SDK takes, and answers `statuses`."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.bodies: list[bytes] = []
        self.statuses: list[int] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = shop.take(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                self.wfile.write(b"the shop's answer")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/webhook"

    def take(self, body: bytes, signature: str) -> int:
        try:
            event = stripe.Webhook.construct_event(body, signature, SECRET)
        except stripe.SignatureVerificationError:
            return 400
        self.taken.append(event)
        self.bodies.append(body)
        return self.statuses.pop(0) if self.statuses else 200


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    thread = threading.Thread(target=shop.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()
    thread.join()


def forward(day: ShopDay, shop: Shop, *arguments: str, secret: str = SECRET) -> Any:
    told = ("events", "replay", *arguments, "--forward-to", shop.url, "--yes", "--json")
    return day.cascade(*told, STRIPE_WEBHOOK_SECRET=secret)


def test_events_arrive_signed_and_in_order_and_nothing_is_credited(
    day: ShopDay, shop: Shop
) -> None:
    day.open("marco")
    for hours in (9, 5, 7):
        day.sandboxed.pay(day.ago(hours=hours))
    ended = forward(day, shop, "--since", "1d")
    created = [event.created for event in shop.taken]
    assert (ended.code, len(created)) == (0, 12)
    assert created == sorted(created)
    assert [reply["status"] for reply in ended.data["replies"]] == [200] * 12
    assert (day.stratagems(), day.writes(), day.journal.exists()) == ([], [], False)


def test_the_bytes_of_a_saved_event_arrive_as_they_are(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2), citizen="Niccolò")
    raw = day.events("charge.succeeded")[0].raw.replace(b'"id":', b'"id" :  ')
    file = day.save("saved.jsonl", raw)
    assert forward(day, shop, "--file", file).code == 0
    assert shop.bodies == [raw]


def test_an_old_event_gets_a_new_timestamp(day: ShopDay, shop: Shop) -> None:
    """The SDK refuses a signature older than five minutes; the shop asks for the SDK's verdict."""
    day.sandboxed.pay(day.ago(days=20))
    assert forward(day, shop, "--since", "25d", "--type", "charge.succeeded").code == 0
    assert len(shop.taken) == 1


def test_a_refusal_is_shown_ends_with_5_and_stops_no_other(day: ShopDay, shop: Shop) -> None:
    for hours in (9, 5, 7):
        day.sandboxed.pay(day.ago(hours=hours))
    shop.statuses = [200, 503, 302]
    ended = forward(day, shop, "--since", "1d", "--type", "charge.succeeded")
    assert ended.code == 5
    assert [reply["status"] for reply in ended.data["replies"]] == [200, 503, 302]
    assert ended.data["replies"][1]["text"] == "the shop's answer"
    assert len(shop.taken) == 3


def test_a_wrong_secret_is_refused_by_the_shop(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    ended = forward(day, shop, "--since", "1d", secret="whsec_another")
    assert (ended.code, shop.taken) == (5, [])
    assert {reply["status"] for reply in ended.data["replies"]} == {400}


def test_the_secret_is_in_no_output(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    ended = forward(day, shop, "--since", "1d")
    assert SECRET not in ended.out + ended.err


def test_a_webhook_that_nobody_serves_ends_with_5_and_says_what_was_not_sent(
    day: ShopDay,
) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    told = ("--since", "1d", "--forward-to", "http://127.0.0.1:9/webhook", "--yes", "--json")
    ended = day.cascade("events", "replay", *told)
    assert (ended.code, ended.data["not_sent"], ended.data["replies"]) == (5, 4, [])


def test_the_older_name_of_the_secret_serves_too(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    told = ("events", "replay", "--since", "1d", "--forward-to", shop.url, "--yes")
    named = {"STRIPE_WEBHOOK_SECRET": "", "STRIPE_ENDPOINT_SECRET": SECRET}
    assert day.cascade(*told, **named).code == 0


def test_without_a_secret_nothing_is_sent(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    ended = forward(day, shop, "--since", "1d", secret="")
    assert (ended.code, shop.bodies) == (4, [])
    assert "STRIPE_WEBHOOK_SECRET" in ended.err


def test_a_dry_run_sends_nothing(day: ShopDay, shop: Shop) -> None:
    day.sandboxed.pay(day.ago(hours=2))
    ended = forward(day, shop, "--since", "1d", "--dry-run")
    assert (ended.code, shop.bodies, ended.data["not_sent"]) == (0, [], 4)


def test_limit_leaves_the_newer_ones_and_says_so(day: ShopDay, shop: Shop) -> None:
    for hours in (9, 5):
        day.sandboxed.pay(day.ago(hours=hours))
    narrow = ("--since", "1d", "--type", "charge.succeeded", "--limit", "1")
    ended = forward(day, shop, *narrow)
    assert (ended.code, len(shop.taken), ended.data["left"]) == (0, 1, 1)
    assert shop.taken[0].created == int(day.ago(hours=9).timestamp())
