"""A StripeAccount writes a past, repeatably and all or nothing."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import SCHEMA, StripeAccount
from cascade_cli.sandbox.stripe.errors import StripeError
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, buy


def history(seed: int, clock: StoppedClock) -> list[tuple[Any, ...]]:
    """Everything on the shelf after a payment and its refund."""
    store = Store(":memory:", SCHEMA)
    account = StripeAccount(store, Random(seed))  # noqa: S311 - wanted: repeatable ids
    account.refund(buy(account, clock.time)["id"], at=clock.time)
    with store.read() as connection:
        rows = connection.execute("SELECT id, body FROM stripe_objects ORDER BY seq").fetchall()
    store.close()
    return rows


def test_the_same_seed_writes_the_same_history(clock: StoppedClock) -> None:
    assert history(7, clock) == history(7, clock)


def test_another_seed_writes_other_ids(clock: StoppedClock) -> None:
    assert {row[0] for row in history(7, clock)} & {row[0] for row in history(8, clock)} == set()


def test_the_same_seed_on_a_used_file_draws_new_ids(store: Store, clock: StoppedClock) -> None:
    charges = {
        buy(StripeAccount(store, Random(7)), clock.time)["id"]  # noqa: S311 - wanted: repeatable ids
        for _ in range(3)
    }
    assert len(charges) == 3


def test_things_happen_when_they_are_said_to(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    paid, refunded = clock.time - timedelta(days=5), clock.time - timedelta(days=2)
    charge = buy(account, paid)
    account.refund(charge["id"], at=refunded)
    events = {event.type: event.created for event in client.events.list().data}
    assert client.charges.retrieve(charge["id"]).created == int(paid.timestamp())
    assert events["charge.succeeded"] == int(paid.timestamp())
    assert events["charge.refunded"] == int(refunded.timestamp())


def test_what_books_return_is_what_the_api_shows(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    charge = buy(account, clock.time)
    assert client.charges.retrieve(charge["id"]).to_dict() == charge


def test_a_declined_payment_is_a_failed_charge(account: StripeAccount, clock: StoppedClock) -> None:
    charge = buy(account, clock.time, payment_method="pm_card_chargeDeclinedInsufficientFunds")
    assert (charge["status"], charge["failure_message"]) == (
        "failed",
        "Your card has insufficient funds.",
    )


def test_many_things_written_in_one_block_are_written_together(
    client: V1, account: StripeAccount, store: Store, clock: StoppedClock
) -> None:
    def interrupted() -> None:
        with store.write():
            for _ in range(3):
                buy(account, clock.time)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        interrupted()
    assert client.charges.list().data == []
    assert client.events.list().data == []


def test_what_stripe_would_refuse_changes_nothing(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    charge = buy(account, clock.time)
    before = [event.id for event in client.events.list().data]
    with pytest.raises(StripeError, match="greater than unrefunded amount"):
        account.refund(charge["id"], at=clock.time, amount=1001)
    assert [event.id for event in client.events.list().data] == before
    assert client.charges.retrieve(charge["id"]).to_dict() == charge


def test_steps_of_a_payment_can_be_taken_apart(account: StripeAccount, clock: StoppedClock) -> None:
    intent = account.create_payment_intent(at=clock.time, amount=1000, currency="usd")
    declined = account.confirm(
        intent["id"], at=clock.pass_(minutes=1), payment_method="pm_card_chargeDeclined"
    )
    account.update(intent["id"], at=clock.pass_(minutes=1), metadata={"citizen_id": "Late"})
    paid = account.confirm(
        intent["id"], at=clock.pass_(minutes=1), payment_method="pm_card_mastercard"
    )
    assert (declined["status"], paid["status"]) == ("requires_payment_method", "succeeded")
    assert paid["metadata"] == {"citizen_id": "Late"}
