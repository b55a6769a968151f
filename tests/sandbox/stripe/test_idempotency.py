"""The same idempotency key does a thing once."""

from __future__ import annotations

import threading

import stripe

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe import StripeSandbox
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, raw, refusal, ten_dollars

BODY = "amount=1000&currency=usd"


def test_a_replay_gets_the_same_answer_and_does_nothing(client: V1) -> None:
    first, second = (
        client.payment_intents.create(ten_dollars(), {"idempotency_key": "order-1"})
        for _ in range(2)
    )
    assert second.id == first.id
    assert len(client.payment_intents.list().data) == 1
    assert first.last_response is not None
    assert second.last_response is not None
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id


def test_parameters_may_come_in_another_order(sandbox: StripeSandbox) -> None:
    raw(sandbox, "POST", "/v1/payment_intents", BODY, idempotency_key="k")
    turned = raw(
        sandbox, "POST", "/v1/payment_intents", "currency=usd&amount=1000", idempotency_key="k"
    )
    assert turned.headers["Idempotent-Replayed"] == "true"


def test_other_parameters_under_the_same_key_are_an_error(client: V1) -> None:
    client.payment_intents.create(ten_dollars(), {"idempotency_key": "order-1"})
    more = ten_dollars(description="more")
    error = refusal(client.payment_intents.create, more, {"idempotency_key": "order-1"})
    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400
    assert len(client.payment_intents.list().data) == 1


def test_another_endpoint_under_the_same_key_is_an_error(client: V1) -> None:
    first, second = (client.payment_intents.create(ten_dollars()).id for _ in range(2))
    client.payment_intents.cancel(first, {}, {"idempotency_key": "cancel-1"})
    error = refusal(client.payment_intents.cancel, second, {}, {"idempotency_key": "cancel-1"})
    assert isinstance(error, stripe.IdempotencyError)
    assert client.payment_intents.retrieve(second).status == "requires_payment_method"


def test_a_declined_card_is_declined_again_without_a_second_charge(client: V1) -> None:
    params = ten_dollars(payment_method="pm_card_chargeDeclined", confirm=True)
    errors = [
        refusal(client.payment_intents.create, params, {"idempotency_key": "order-1"})
        for _ in range(2)
    ]
    assert [error.http_status for error in errors] == [402, 402]
    assert len(client.charges.list().data) == 1


def test_wrong_parameters_do_not_use_the_key_up(client: V1) -> None:
    wrong = ten_dollars(currency="ducats")
    refusal(client.payment_intents.create, wrong, {"idempotency_key": "order-1"})
    made = client.payment_intents.create(ten_dollars(), {"idempotency_key": "order-1"})
    assert made.status == "requires_payment_method"


def test_a_key_is_forgotten_after_a_day(client: V1, clock: StoppedClock) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "order-1"}
    first = client.payment_intents.create(ten_dollars(), options)
    clock.pass_(hours=23, minutes=59)
    assert client.payment_intents.create(ten_dollars(), options).id == first.id
    clock.pass_(minutes=1)
    assert client.payment_intents.create(ten_dollars(), options).id != first.id


def test_a_key_has_at_most_255_characters(client: V1) -> None:
    client.payment_intents.create(ten_dollars(), {"idempotency_key": "k" * 255})
    error = refusal(client.payment_intents.create, ten_dollars(), {"idempotency_key": "k" * 256})
    assert isinstance(error, stripe.IdempotencyError)


def test_keys_survive_a_restart(store: Store, clock: StoppedClock) -> None:
    before, after = (
        raw(StripeSandbox(store, clock), "POST", "/v1/payment_intents", BODY, idempotency_key="k")
        for _ in range(2)
    )
    assert after.body == before.body


def test_a_key_whose_request_is_under_way_is_a_conflict(
    sandbox: StripeSandbox, store: Store
) -> None:
    answers: list[int] = []

    def post() -> None:
        answer = raw(sandbox, "POST", "/v1/payment_intents", BODY, idempotency_key="k")
        answers.append(answer.status)

    threads = [threading.Thread(target=post) for _ in range(2)]
    # Whoever comes first waits for the store; the other is turned away without it.
    with store.write():
        for thread in threads:
            thread.start()
        while not answers and any(thread.is_alive() for thread in threads):
            threads[0].join(0.01)
            threads[1].join(0.01)
    for thread in threads:
        thread.join()
    assert answers == [409, 200]
