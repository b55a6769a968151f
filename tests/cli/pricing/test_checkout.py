"""`cascade checkout`: a page at Stripe that charges the right price for the right citizen."""

from __future__ import annotations

import stat
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import stripe

from cascade_cli.adapters.http.pacing import Pacer
from cascade_cli.adapters.http.transport import Transport
from cascade_cli.adapters.stripe.checkout_sessions import CheckoutPages
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.selling.sales import Sale
from cascade_cli.errors import AnswerError
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.wire import Handler, Request, Response, json_response
from tests.cli.pricing.conftest import Shop


def pay(url: str) -> str:
    """Pay on the page; returns where it led to."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, b"payment_method=pm_card_visa") as landing:
        return str(landing.url)


def intents(shop: Shop) -> list[dict[str, Any]]:
    url = f"{shop.place.url}/stripe"
    client = stripe_client("sk_test_sandbox", url, Transport(Pacer(0), lockout_seconds=0))
    return [intent.to_dict() for intent in client.v1.payment_intents.list().data]


def local_pages(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"{shop.place.url}/stripe/pay"
    monkeypatch.setenv("CASCADE_CHECKOUT_SUCCESS_URL", f"{url}/thanks")
    monkeypatch.setenv("CASCADE_CHECKOUT_CANCEL_URL", f"{url}/cancelled")


def test_paying_the_link_makes_a_payment_that_names_what_was_bought(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_pages(shop, monkeypatch)
    data = shop.ask("checkout", "NLR", "--package", "500")["data"]
    assert pay(data["url"]).endswith("/stripe/pay/thanks")
    (intent,) = intents(shop)
    assert (intent["status"], intent["amount"], intent["currency"]) == ("succeeded", 5_000, "usd")
    assert intent["metadata"] == {
        "citizen_id": "NLR",
        "ducat_amount": "525",
        "exchange_rate": "0.10",
        "package": "500",
        "platform": "cascade",
        "type": "ducat_purchase",
    }


def test_reconcile_takes_it_for_a_full_price_purchase_in_flight(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_pages(shop, monkeypatch)
    pay(shop.ask("checkout", "NLR", "--package", "1000")["data"]["url"])
    data = shop.ask("reconcile", "--since", "1h", "--all")["data"]
    assert [(i["kind"], i["ducats"], i["amount_cents"]) for i in data["items"]] == [
        ("in_flight", "1075", 10_000)
    ]


def test_a_custom_amount_names_no_package(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    local_pages(shop, monkeypatch)
    data = shop.ask("checkout", "NLR", "--ducats", "12.35")["data"]
    pay(data["url"])
    (intent,) = intents(shop)
    assert (data["amount_cents"], intent["amount"]) == (124, 124)
    assert intent["metadata"]["ducat_amount"] == "12.35"
    assert "package" not in intent["metadata"]


def test_people_see_price_amount_and_an_unbroken_link(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    answer = shop.run("checkout", "NLR", "--package", "500")
    lines = answer.out.splitlines()
    assert answer.code == 0
    assert lines[0] == "525 ducats for NLR: 50.00 USD"
    assert any(line.startswith(f"{shop.place.url}/stripe/pay/cs_test_") for line in lines)


def test_a_citizen_who_is_not_there_to_the_letter_buys_nothing(shop: Shop) -> None:
    answer = shop.run("checkout", "nlr", "--package", "500")
    assert (answer.code, answer.out) == (7, "")
    assert "Did you mean 'NLR', which differs in upper and lower case?" in answer.err
    assert shop.place.recorder.to("stripe") == []


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["--ducats", "9"], 2, "9 ducats are not sold"),
        (["--ducats", "1e3"], 2, "--ducats: '1e3' is not"),
        (["--package", "Gold"], 2, "There is no package 'Gold'"),
        (["--package", ""], 2, "There is no package ''"),
        (["--ducats", "100", "--package", "100"], 2, "either --ducats or --package"),
        ([], 2, "either --ducats or --package"),
    ],
)
def test_what_is_not_sold_is_refused_before_any_request(
    shop: Shop, words: list[str], code: int, why: str
) -> None:
    answer = shop.run("checkout", "NLR", *words)
    assert (answer.code, why in answer.err) == (code, True), answer.err
    assert shop.place.recorder.requests == []


def test_more_than_may_be_credited_at_once_is_not_sold(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CASCADE_MAX_DUCATS_PER_CREDIT", "5749")
    answer = shop.run("checkout", "NLR", "--package", "5000")
    assert (answer.code, "would not be delivered" in answer.err) == (7, True)


def test_a_key_that_may_only_read_is_told_which_right_it_lacks(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRIPE_SECRET_KEY", "rk_test_readonly")
    answer = shop.run("checkout", "NLR", "--package", "500")
    assert (answer.code, "write Checkout Sessions" in answer.err) == (4, True)


def test_open_hands_the_link_to_the_browser(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/visited\n')
    browser.chmod(stat.S_IRWXU)
    monkeypatch.setenv("BROWSER", f"{browser} %s")
    url = shop.ask("checkout", "NLR", "--package", "500", "--open")["data"]["url"]
    assert (tmp_path / "visited").read_text().strip() == url


def test_without_a_served_sandbox_the_command_says_that_its_link_is_dead(shop: Shop) -> None:
    answer = shop.run("--sandbox", "checkout", "NLR", "--package", "500")
    assert "start `cascade sandbox serve`" in answer.err


SALE = Sale(
    "NLR", PriceList().quote(package="500"), "https://a.example/paid", "https://a.example/back"
)


def pages(url: str) -> CheckoutPages:
    """With a transport that repeats at once."""
    transport = Transport(Pacer(0), lockout_seconds=0, sleep=lambda _seconds: None)
    return CheckoutPages(stripe_client("sk_test_sandbox", url, transport))


class LosesAnswers:
    """Carries out each request, and tells of the first few only that something broke."""

    def __init__(self, handler: Handler, lost: int) -> None:
        self._handler, self._lost = handler, lost
        self.keys: list[str | None] = []

    def __call__(self, request: Request) -> Response:
        self.keys.append(request.headers.get("idempotency-key"))
        response = self._handler(request)
        if len(self.keys) <= self._lost:
            return json_response(500, {"error": {"type": "api_error", "message": "lost"}})
        return response


def test_a_lost_answer_is_asked_for_again_under_the_same_key(shop: Shop) -> None:
    handler = LosesAnswers(shop.place.app.handle, lost=2)
    with SandboxServer(handler) as server:
        page = pages(f"{server.url}/stripe").create(SALE, "one-key")
        assert handler.keys == ["one-key"] * 3
        client = stripe.StripeClient("sk_test_x", base_addresses={"api": f"{server.url}/stripe"})
        assert [s.id for s in client.v1.checkout.sessions.list().data] == [page.id]


def test_a_page_with_another_price_is_not_handed_on(shop: Shop) -> None:
    def cheaper(request: Request) -> Response:
        answer = shop.place.app.handle(request)
        body = answer.body.replace(b'"amount_total":5000', b'"amount_total":500')
        return Response(answer.status, body, answer.headers)

    with (
        SandboxServer(cheaper) as server,
        pytest.raises(AnswerError, match=r"not a page for 50.00"),
    ):
        pages(f"{server.url}/stripe").create(SALE, "one-key")
