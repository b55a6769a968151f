"""What arrives at a webhook, how it is signed, and what events tell of it."""

from __future__ import annotations

import json

import pytest
import stripe

from cascade_cli.sandbox.app import SandboxApp
from tests.harness.clocks import ManualClock
from tests.sandbox.stripe.purchases import V1, buy, ten_dollars
from tests.sandbox.webhooks.conftest import register
from tests.sandbox.webhooks.receiver import Receiver, receiving

PAYMENT = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_each_event_of_a_payment_arrives_once_and_verifies(
    app: SandboxApp, receiver: Receiver
) -> None:
    buy(app.stripe.account, app.now())
    assert app.webhooks.deliver_due() == 4
    assert receiver.types == [*PAYMENT, "charge.updated"]
    assert app.webhooks.deliver_due() == 0


def test_what_a_client_does_over_http_is_told_as_well(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    assert receiver.types == ["payment_intent.created"]


def test_the_body_is_the_event_as_the_api_shows_it(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    client.payment_intents.create(ten_dollars(description="für “Venice”"))
    app.webhooks.deliver_due()
    listed = client.events.list().data[0].to_dict()
    assert json.loads(receiver.requests[0].body) == listed | {"pending_webhooks": 1}


def test_the_signature_covers_the_very_bytes(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    (request,) = receiver.requests
    again = json.dumps(json.loads(request.body), separators=(",", ":")).encode()
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(
            again, request.headers["stripe-signature"], receiver.secret, 0
        )


def test_the_signature_is_dated_by_the_sandbox_s_clock(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    client.payment_intents.create(ten_dollars())
    manual_clock.advance(seconds=90)
    app.webhooks.deliver_due()
    dated = receiver.requests[0].headers["stripe-signature"].partition(",")[0]
    assert dated == f"t={int(manual_clock().timestamp())}"


def test_it_is_posted_as_stripe_posts(app: SandboxApp, client: V1, receiver: Receiver) -> None:
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    (request,) = receiver.requests
    assert (request.method, request.path, request.query) == ("POST", "/hook", "from=stripe")
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert request.headers["user-agent"].startswith("Stripe/1.0")


def test_only_the_enabled_events_are_told(app: SandboxApp, client: V1) -> None:
    with receiving(Receiver()) as receiver:
        register(client, receiver, "payment_intent.succeeded", "charge.refunded")
        buy(app.stripe.account, app.now())
        app.webhooks.deliver_due()
    assert receiver.types == ["payment_intent.succeeded"]


def test_two_endpoints_are_told_each_with_its_own_signature(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    with receiving(Receiver()) as another:
        register(client, another)
        client.payment_intents.create(ten_dollars())
        assert client.events.list().data[0].pending_webhooks == 2
        app.webhooks.deliver_due()
        assert receiver.types == another.types == ["payment_intent.created"]


def test_an_endpoint_hears_of_nothing_that_happened_before_it(
    app: SandboxApp, client: V1, manual_clock: ManualClock
) -> None:
    buy(app.stripe.account, manual_clock())
    manual_clock.advance(days=1)
    with receiving(Receiver()) as receiver:
        register(client, receiver)
        # Somebody writes a past, as the seed does.
        buy(app.stripe.account, app.now().replace(hour=0))
        app.webhooks.deliver_due()
    assert receiver.requests == []


def test_a_disabled_endpoint_hears_of_nothing(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    endpoint = client.webhook_endpoints.list().data[0].id
    client.webhook_endpoints.update(endpoint, {"disabled": True})
    client.payment_intents.create(ten_dollars())
    client.webhook_endpoints.update(endpoint, {"disabled": False})
    app.webhooks.deliver_due()
    assert receiver.requests == []


def test_an_event_is_pending_until_it_is_accepted(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    client.payment_intents.create(ten_dollars())
    event = client.events.list().data[0]
    assert event.pending_webhooks == 1
    receiver.statuses = [500]
    app.webhooks.deliver_due()
    assert client.events.retrieve(event.id).pending_webhooks == 1


def test_an_accepted_event_is_pending_no_more(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    receiver.statuses = [204]
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    assert client.events.list().data[0].pending_webhooks == 0


def test_events_filter_by_whether_they_were_delivered(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    buy(app.stripe.account, app.now())
    receiver.statuses = [200, 500, 200, 200]
    app.webhooks.deliver_due()
    failed = client.events.list({"delivery_success": False}).data
    delivered = client.events.list({"delivery_success": True}).data
    assert [event.type for event in failed] == ["charge.succeeded"]
    assert len(delivered) == 3


def test_without_endpoints_every_event_counts_as_delivered(app: SandboxApp, client: V1) -> None:
    buy(app.stripe.account, app.now())
    assert len(client.events.list({"delivery_success": True}).data) == 4
    assert client.events.list({"delivery_success": False}).data == []


@pytest.mark.parametrize("status", [301, 302, 399, 400, 410, 500])
def test_anything_but_2xx_is_a_failure_and_no_redirection_is_followed(
    app: SandboxApp, client: V1, receiver: Receiver, status: int
) -> None:
    receiver.statuses = [status]
    client.payment_intents.create(ten_dollars())
    assert app.webhooks.deliver_due() == 0
    assert [request.path for request in receiver.requests] == ["/hook"]
