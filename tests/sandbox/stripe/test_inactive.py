"""What a shop has taken off its shelves is sold to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from cascade_cli.sandbox.stripe import StripeAccount
from tests.sandbox.stripe.conftest import StoppedClock
from tests.sandbox.stripe.purchases import V1, refusal, session_params
from tests.sandbox.stripe.subscriptions import subscribe


@pytest.fixture
def product(client: V1) -> str:
    return client.products.create({"name": "500 ducats"}).id


def priced(product: str) -> Any:
    data = {"currency": "usd", "unit_amount": 5000, "product": product}
    return session_params(line_items=[{"price_data": data, "quantity": 1}])


def test_an_inactive_product_is_not_sold(client: V1, product: str) -> None:
    client.checkout.sessions.create(priced(product))
    assert not client.products.update(product, {"active": False}).active
    error = refusal(client.checkout.sessions.create, priced(product))
    assert f"The product {product} is marked as inactive" in str(error)


def test_neither_is_an_inactive_price(client: V1, product: str) -> None:
    params: Any = {"currency": "usd", "unit_amount": 5000, "product": product}
    price = client.prices.create(params).id
    session = session_params(line_items=[{"price": price, "quantity": 1}])
    client.checkout.sessions.create(session)
    client.prices.update(price, {"active": False})
    error = refusal(client.checkout.sessions.create, session)
    assert "The price specified is inactive. This field only accepts active prices." in str(error)


def test_a_price_of_an_inactive_product_is_not_sold(client: V1, product: str) -> None:
    params: Any = {"currency": "usd", "unit_amount": 5000, "product": product}
    price = client.prices.create(params).id
    client.products.update(product, {"active": False})
    session = session_params(line_items=[{"price": price, "quantity": 1}])
    assert refusal(client.checkout.sessions.create, session).http_status == 400


def test_what_is_inactive_can_be_sold_again(client: V1, product: str) -> None:
    client.products.update(product, {"active": False})
    client.products.update(product, {"active": True})
    assert client.checkout.sessions.create(priced(product)).status == "open"


def test_a_subscription_goes_on_when_its_product_is_inactive(
    client: V1, account: StripeAccount, clock: StoppedClock
) -> None:
    subscribed = subscribe(account, clock.time)
    client.products.update("cascade_ducats_500_25", {"active": False})
    invoice = account.renew(subscribed["subscription"], at=clock.pass_(days=31))
    assert invoice["status"] == "paid"


@pytest.mark.parametrize("currency", ["isk", "ugx"])
def test_a_price_in_a_currency_without_decimals_ends_in_two_zeros(
    client: V1, product: str, currency: str
) -> None:
    params: Any = {"currency": currency, "unit_amount": 12_150, "product": product}
    error = refusal(client.prices.create, params)
    assert f"Amounts in {currency} must be evenly divisible by 100" in str(error)
