"""Deliveries that fail: tried again on the sandbox's clock, and not for ever."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.server import SandboxServer
from cascade_cli.sandbox.stripe import Mischief, WebhookSender
from cascade_cli.sandbox.stripe.deliveries import INTERVALS_SECONDS, LEASE_SECONDS
from tests.harness.clocks import ManualClock
from tests.sandbox.stripe.purchases import V1, buy, ten_dollars
from tests.sandbox.webhooks.receiver import Receiver, receiving


def test_a_failed_delivery_follows_after_each_interval_and_not_before(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    receiver.statuses = [500] * 100
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    for number, interval in enumerate(INTERVALS_SECONDS, 1):
        manual_clock.advance(seconds=interval - 0.1)
        app.webhooks.deliver_due()
        assert len(receiver.requests) == number
        manual_clock.advance(seconds=0.1)
        app.webhooks.deliver_due()
        assert len(receiver.requests) == number + 1


def test_after_the_last_interval_it_is_given_up_and_stays_pending(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    receiver.statuses = [500] * 100
    client.payment_intents.create(ten_dollars())
    for _ in range(20):
        app.webhooks.deliver_due()
        manual_clock.advance(days=1)
    assert len(receiver.requests) == len(INTERVALS_SECONDS) + 1
    assert client.events.list({"delivery_success": False}).data[0].pending_webhooks == 1


def test_the_first_retry_comes_within_a_second_and_the_third_within_a_minute() -> None:
    assert INTERVALS_SECONDS[0] <= 1
    assert sum(INTERVALS_SECONDS[:3]) <= 60


def test_a_retry_brings_the_same_event_freshly_signed(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    receiver.statuses = [500]
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    manual_clock.advance(seconds=INTERVALS_SECONDS[0])
    app.webhooks.deliver_due()
    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["stripe-signature"] != second.headers["stripe-signature"]
    assert client.events.list().data[0].pending_webhooks == 0


def test_a_receiver_that_is_not_there_is_tried_again(
    app: SandboxApp, client: V1, manual_clock: ManualClock
) -> None:
    with receiving(Receiver("whsec_sandbox")) as receiver:
        app.stripe.account.register_webhook(receiver.url, at=app.now(), secret="whsec_sandbox")
    client.payment_intents.create(ten_dollars())
    assert app.webhooks.deliver_due() == 0
    port = int(receiver.url.rpartition(":")[2])
    with SandboxServer(receiver, port):
        manual_clock.advance(seconds=INTERVALS_SECONDS[0])
        assert app.webhooks.deliver_due() == 1


def test_what_was_not_delivered_survives_a_restart(
    tmp_path: Path, manual_clock: ManualClock
) -> None:
    state = tmp_path / "state.sqlite3"
    with receiving(Receiver("whsec_sandbox")) as receiver:
        with closing(SandboxApp(state, now=manual_clock)) as app:
            app.stripe.account.register_webhook(
                receiver.url, at=manual_clock(), secret="whsec_sandbox"
            )
            buy(app.stripe.account, manual_clock())
        with closing(SandboxApp(state, now=manual_clock)) as app:
            assert app.webhooks.deliver_due() == 4
    assert len({event.id for event in receiver.events}) == 4


@pytest.mark.usefixtures("receiver")
def test_a_delivery_whose_courier_died_is_due_again_when_its_lease_ends(
    app: SandboxApp, client: V1, manual_clock: ManualClock
) -> None:
    client.payment_intents.create(ten_dollars())
    assert len(app.webhooks.claim(10)) == 1
    manual_clock.advance(seconds=LEASE_SECONDS - 1)
    assert app.webhooks.deliver_due() == 0
    manual_clock.advance(seconds=1)
    assert app.webhooks.deliver_due() == 1


def test_a_failure_told_too_late_does_not_undo_another_courier_s_success(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    client.payment_intents.create(ten_dollars())
    (late,) = app.webhooks.claim(1)
    manual_clock.advance(seconds=LEASE_SECONDS)
    assert app.webhooks.deliver_due() == 1
    receiver.statuses = [500]
    app.webhooks.deliver(late)
    manual_clock.advance(days=1)
    assert app.webhooks.deliver_due() == 0
    assert client.events.list().data[0].pending_webhooks == 0


@pytest.mark.usefixtures("receiver")
def test_two_couriers_do_not_carry_the_same_delivery(
    app: SandboxApp, manual_clock: ManualClock
) -> None:
    buy(app.stripe.account, manual_clock())
    another = WebhookSender(app.store, manual_clock, random.Random(1))  # noqa: S311
    claimed = [*app.webhooks.claim(2), *another.claim(10)]
    assert len({delivery.seq for delivery in claimed}) == len(claimed) == 4


def test_what_falls_due_while_its_endpoint_is_disabled_is_not_tried_again(
    app: SandboxApp, client: V1, receiver: Receiver, manual_clock: ManualClock
) -> None:
    receiver.statuses = [500]
    client.payment_intents.create(ten_dollars())
    app.webhooks.deliver_due()
    endpoint = client.webhook_endpoints.list().data[0].id
    client.webhook_endpoints.update(endpoint, {"disabled": True})
    manual_clock.advance(seconds=INTERVALS_SECONDS[0])
    app.webhooks.deliver_due()
    client.webhook_endpoints.update(endpoint, {"disabled": False})
    manual_clock.advance(days=1)
    app.webhooks.deliver_due()
    assert len(receiver.requests) == 1


def test_what_was_to_go_to_a_deleted_endpoint_is_pending_no_more(
    app: SandboxApp, client: V1, receiver: Receiver
) -> None:
    client.payment_intents.create(ten_dollars())
    client.webhook_endpoints.delete(client.webhook_endpoints.list().data[0].id)
    app.webhooks.deliver_due()
    assert receiver.requests == []
    assert client.events.list().data[0].pending_webhooks == 0


def test_asked_to_the_courier_brings_every_event_twice(
    app: SandboxApp, receiver: Receiver, manual_clock: ManualClock
) -> None:
    buy(app.stripe.account, manual_clock())
    chance = random.Random(1)  # noqa: S311
    assert WebhookSender(app.store, manual_clock, chance, Mischief(twice=1)).deliver_due() == 4
    ids = [event.id for event in receiver.events]
    assert len(ids) == 8
    assert all(ids.count(id) == 2 for id in ids)


@pytest.mark.parametrize("seed", range(3))
def test_asked_to_the_courier_brings_events_in_any_order(
    app: SandboxApp, receiver: Receiver, manual_clock: ManualClock, seed: int
) -> None:
    for _ in range(5):
        buy(app.stripe.account, manual_clock())
    chance = random.Random(seed)  # noqa: S311
    WebhookSender(app.store, manual_clock, chance, Mischief(shuffled=True)).deliver_due()
    in_order = ["payment_intent.created", "charge.succeeded"]
    assert len(receiver.events) == 20
    assert receiver.types[:2] != in_order or receiver.types[4:6] != in_order
