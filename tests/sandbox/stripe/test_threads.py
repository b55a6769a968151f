"""Many clients at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.sandbox.stripe.purchases import ClientMaker, ten_dollars


def test_clients_that_pay_at_once_each_get_their_own_charge(client_for: ClientMaker) -> None:
    def pay(number: int) -> list[str]:
        client = client_for(f"sk_test_cascade{number}")
        params = ten_dollars(payment_method="pm_card_visa", confirm=True)
        return [str(client.payment_intents.create(params).latest_charge) for _ in range(10)]

    with ThreadPoolExecutor(8) as pool:
        made = [charge for charges in pool.map(pay, range(8)) for charge in charges]
    listed = client_for("sk_test_cascade").charges.list({"limit": 100}).data
    assert len(set(made)) == 80
    assert {charge.id for charge in listed} == set(made)


def test_clients_that_send_one_key_at_once_make_one_charge(client_for: ClientMaker) -> None:
    def pay(number: int) -> str:
        client = client_for(f"sk_test_cascade{number}")
        params = ten_dollars(payment_method="pm_card_visa", confirm=True)
        # A 409 while the first is under way is the one answer that the SDK repeats by itself.
        options = {"idempotency_key": "order-1", "max_network_retries": 5}
        return client.payment_intents.create(params, options).id  # type: ignore[arg-type]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(pay, range(8)))) == 1
    assert len(client_for("sk_test_cascade").charges.list().data) == 1
