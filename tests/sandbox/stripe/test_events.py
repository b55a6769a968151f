"""Events: one for each change, with the object as it was then."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import (
    PURCHASE,
    V1,
    buy,
    code,
    refusal,
    session_params,
    ten_dollars,
)


def types(client: V1, **params: Any) -> list[str]:
    """In the order in which they happened."""
    listed: Any = {"limit": 100, **params}
    return [str(event.type) for event in client.events.list(listed).data][::-1]


def test_a_payment_tells_of_each_step(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    buy(account, clock.time)
    assert types(client) == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "charge.updated",
    ]


def test_a_refused_payment_tells_of_its_failure(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    buy(account, clock.time, payment_method="pm_card_chargeDeclined")
    assert types(client) == [
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
    ]


def test_authorisation_capture_and_refund(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    charge = buy(account, clock.time, capture=False)
    account.capture(charge["payment_intent"], at=clock.time)
    refund = client.refunds.create({"charge": charge["id"], "amount": 100})
    client.refunds.update(refund.id, {"metadata": {"why": "asked"}})
    assert types(client)[1:] == [
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "charge.captured",
        "payment_intent.succeeded",
        "refund.created",
        "charge.refunded",
        "refund.updated",
        "charge.refund.updated",
    ]


def test_cancellation_and_authentication(client: V1) -> None:
    params = ten_dollars(payment_method="pm_card_authenticationRequired", confirm=True)
    intent = client.payment_intents.create(params)
    client.payment_intents.cancel(intent.id)
    assert types(client)[1:] == ["payment_intent.requires_action", "payment_intent.canceled"]


def test_a_dispute_from_beginning_to_end(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    dispute = account.dispute(buy(account, clock.time)["id"], at=clock.time)
    account.close_dispute(dispute["id"], at=clock.time, won=True)
    assert types(client, type="charge.dispute.*") == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    ]


def test_checkout_sessions_complete_and_expire(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    paid, left = (client.checkout.sessions.create(session_params()).id for _ in range(2))
    account.complete_checkout(paid, at=clock.time)
    client.checkout.sessions.expire(left)
    expected = ["checkout.session.completed", "checkout.session.expired"]
    assert types(client, type="checkout.session.*") == expected


def test_an_edited_payment_intent_makes_no_event(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    intent = buy(account, clock.time)["payment_intent"]
    before = types(client)
    client.payment_intents.update(intent, {"metadata": {"citizen_id": "Somebody"}})
    assert types(client) == before


def test_an_event_shows_the_object_as_it_was_then(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    charge = buy(account, clock.time)
    account.refund(charge["id"], at=clock.time)
    succeeded, refunded = (
        client.events.list({"type": type_}).data[0].data
        for type_ in ("charge.succeeded", "charge.refunded")
    )
    assert (succeeded.object["refunded"], refunded.object["refunded"]) == (False, True)
    assert succeeded.object["metadata"].to_dict() == PURCHASE
    assert refunded.previous_attributes is not None
    assert refunded.previous_attributes.to_dict() == {"amount_refunded": 0, "refunded": False}


def test_the_balance_transaction_comes_with_the_update(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    buy(account, clock.time)
    succeeded, updated = (
        client.events.list({"type": type_}).data[0].data
        for type_ in ("charge.succeeded", "charge.updated")
    )
    assert succeeded.object["balance_transaction"] is None
    assert updated.object["balance_transaction"].startswith("txn_")


def test_an_event_names_the_request_and_key_that_caused_it(client: V1) -> None:
    intent = client.payment_intents.create(ten_dollars(), {"idempotency_key": "order-1"})
    event = client.events.list().data[0]
    assert event.request is not None
    assert intent.last_response is not None
    assert event.request.id == intent.last_response.request_id
    assert event.request.idempotency_key == "order-1"
    assert event.api_version == "2026-10-28.endive"


def test_what_happens_without_a_request_names_none(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    buy(account, clock.time)
    event = client.events.list().data[0]
    assert event.request is not None
    assert event.request.to_dict() == {"id": None, "idempotency_key": None}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"type": "charge.*"}, {"charge.succeeded", "charge.updated", "charge.refunded"}),
        ({"type": "charge.succeeded"}, {"charge.succeeded"}),
        ({"type": "*.created"}, {"payment_intent.created", "refund.created"}),
        ({"type": "charge.?ucceeded"}, set()),
        ({"types": ["refund.created", "charge.updated"]}, {"refund.created", "charge.updated"}),
        ({"delivery_success": False}, set()),
    ],
)
def test_events_filter_by_type(
    client: V1,
    account: StripeAccount,
    clock: StoppedClock,
    params: dict[str, Any],
    expected: set[str],
) -> None:
    account.refund(buy(account, clock.time)["id"], at=clock.time)
    assert set(types(client, **params)) == expected


def test_more_than_twenty_types_are_refused(client: V1) -> None:
    params = {"types": [f"charge.n{n}" for n in range(21)]}
    assert code(client.events.list, params)[::2] == (400, "types")


def test_type_and_types_exclude_each_other(client: V1) -> None:
    params = {"type": "charge.*", "types": ["charge.updated"]}
    assert code(client.events.list, params)[1] == "parameters_exclusive"


def test_events_are_forgotten_after_thirty_days(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    buy(account, clock.time)
    event = client.events.list().data[0].id
    clock.pass_(days=30)
    assert client.events.list().data == []
    assert refusal(client.events.retrieve, event).http_status == 404
    assert len(client.charges.list().data) == 1
