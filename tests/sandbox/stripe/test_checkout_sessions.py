"""Checkout Sessions and the page on which citizens pay."""

from __future__ import annotations

import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlencode

import pytest
import stripe

from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.stripe import StripeAccount, StripeSandbox
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import PURCHASE, V1, ClientMaker, code, refusal, session_params


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def fetch(url: str | None, **form: str) -> tuple[int, str, str]:
    """Status, text and Location of a page, without following redirections or proxies."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    body = urlencode(form).encode() if form else None
    try:
        with opener.open(str(url), body) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers.get("Location", "")


def create(client: V1, **more: Any) -> stripe.checkout.Session:
    return client.checkout.sessions.create(session_params(**more))


def test_a_new_session_is_open_and_unpaid(client: V1) -> None:
    session = create(client)
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert (session.amount_total, session.currency) == (1000, "usd")
    assert session.payment_intent is None


def test_the_page_shows_what_is_bought(client: V1) -> None:
    status, text, _ = fetch(create(client).url)
    assert status == 200
    assert "100 ducats" in text
    assert "$10.00 USD" in text


def test_what_the_shop_writes_cannot_change_the_page(client: V1) -> None:
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "<b>100</b>"}}
    session = create(client, line_items=[{"price_data": price, "quantity": 1}])
    assert "&lt;b&gt;100&lt;/b&gt;" in fetch(session.url)[1]


def test_paying_on_the_page_leads_to_the_success_url(client: V1) -> None:
    session = create(client)
    status, _, location = fetch(session.url, payment_method="pm_card_visa")
    paid = client.checkout.sessions.retrieve(session.id)
    assert (status, location) == (303, f"https://shop.example/thanks?session={session.id}")
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert len(client.charges.list({"payment_intent": str(paid.payment_intent)}).data) == 1


def test_a_declined_card_leaves_the_session_open_for_another(client: V1) -> None:
    session = create(client)
    status, text, _ = fetch(session.url, payment_method="pm_card_chargeDeclined")
    assert (status, "Your card was declined." in text) == (402, True)
    assert client.checkout.sessions.retrieve(session.id).status == "open"
    assert fetch(session.url, payment_method="pm_card_visa")[0] == 303
    assert len(client.payment_intents.list().data) == 1


def test_a_paid_session_cannot_be_paid_again(client: V1) -> None:
    url = create(client).url
    fetch(url, payment_method="pm_card_visa")
    assert fetch(url, payment_method="pm_card_visa")[0] == 410
    assert len(client.charges.list().data) == 1


def test_a_page_of_no_session_is_not_found(url: str) -> None:
    assert fetch(f"{url}/pay/cs_test_a1No")[0] == 404


def test_the_url_leads_back_to_where_the_service_is_mounted(
    sandbox: StripeSandbox, client_for: ClientMaker
) -> None:
    def mounted(request: Any) -> Any:
        return sandbox.handle(request.below("/stripe"))

    with SandboxServer(mounted) as server:
        client = client_for("sk_test_cascade", f"{server.url}/stripe")
        session = create(client)
        assert session.url == f"{server.url}/stripe/pay/{session.id}"
        assert fetch(session.url)[0] == 200


def test_session_metadata_does_not_reach_the_payment_intent(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    session = create(client, metadata={"cart": "7"}, payment_intent_data={"metadata": PURCHASE})
    account.complete_checkout(session.id, at=clock.time)
    paid = client.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent"]})
    assert isinstance(paid.payment_intent, stripe.PaymentIntent)
    assert paid.metadata is not None
    assert paid.metadata.to_dict() == {"cart": "7"}
    assert paid.payment_intent.metadata.to_dict() == PURCHASE
    (charge,) = client.charges.list().data
    assert charge.metadata.to_dict() == PURCHASE


def test_line_items_are_listed_apart_and_expanded_on_request(client: V1) -> None:
    session = create(client)
    assert "line_items" not in session
    (listed,) = client.checkout.sessions.line_items.list(session.id).data
    expanded = client.checkout.sessions.retrieve(session.id, {"expand": ["line_items"]})
    assert expanded.line_items is not None
    assert expanded.line_items.data[0].to_dict() == listed.to_dict()
    assert (listed.description, listed.amount_total) == ("100 ducats", 1000)


def test_a_session_expires_after_a_day_by_itself(client: V1, clock: StoppedClock) -> None:
    session = create(client)
    clock.pass_(hours=25)
    expired = client.checkout.sessions.retrieve(session.id)
    (event,) = client.events.list({"type": "checkout.session.expired"}).data
    assert (expired.status, expired.url) == ("expired", None)
    assert event.created == session.expires_at


def test_only_an_open_session_can_be_expired(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    session = create(client).id
    account.complete_checkout(session, at=clock.time)
    assert refusal(client.checkout.sessions.expire, session).http_status == 400


@pytest.mark.parametrize("minutes", [29, 24 * 60 + 1])
def test_a_session_lives_between_half_an_hour_and_a_day(
    client: V1, clock: StoppedClock, minutes: int
) -> None:
    params = session_params(expires_at=int(clock.time.timestamp()) + minutes * 60)
    expected = (400, None, "expires_at")
    assert code(client.checkout.sessions.create, params) == expected


@pytest.mark.parametrize("name", ["success_url", "line_items", "mode"])
def test_a_session_needs(client: V1, name: str) -> None:
    params = session_params()
    del params[name]
    expected = (400, "parameter_missing", name)
    assert code(client.checkout.sessions.create, params) == expected


def test_a_price_that_does_not_exist_is_missing(client: V1) -> None:
    params = session_params(line_items=[{"price": "price_1No", "quantity": 1}])
    expected = (400, "resource_missing", "line_items[0][price]")
    assert code(client.checkout.sessions.create, params) == expected


def test_sessions_filter_by_status_and_by_payment_intent(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    still_open, paid = create(client).id, create(client).id
    intent = account.complete_checkout(paid, at=clock.time)["payment_intent"]
    sessions = client.checkout.sessions
    assert [each.id for each in sessions.list({"status": "open"}).data] == [still_open]
    assert [each.id for each in sessions.list({"payment_intent": intent}).data] == [paid]
