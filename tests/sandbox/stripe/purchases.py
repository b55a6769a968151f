"""What the tests buy, and how they look at answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Protocol

import stripe

from cascade_cli.sandbox.stripe import StripeAccount, StripeSandbox
from cascade_cli.sandbox.wire import Request, Response

V1 = stripe.V1Services


class ClientMaker(Protocol):
    """Makes an SDK client for a key."""

    def __call__(self, key: str, base: str = ...) -> V1: ...


PURCHASE = {"citizen_id": "NicoloBarbarigo", "ducat_amount": "100.0", "platform": "cascade"}
AUTHORIZED = {"authorization": "Bearer sk_test_cascade"}


def buy(account: StripeAccount, at: datetime, **details: Any) -> dict[str, Any]:
    """Ten dollars' worth of ducats, paid."""
    return account.pay(
        **{"amount": 1000, "currency": "usd", "metadata": PURCHASE, "at": at, **details}
    )


def ten_dollars(**more: Any) -> Any:
    """Parameters of a PaymentIntent or charge over ten dollars."""
    return {"amount": 1000, "currency": "usd", **more}


def session_params(**more: Any) -> Any:
    """Parameters of a Checkout Session over ten dollars."""
    price = {"currency": "usd", "unit_amount": 1000, "product_data": {"name": "100 ducats"}}
    return {
        "mode": "payment",
        "success_url": "https://shop.example/thanks?session={CHECKOUT_SESSION_ID}",
        "line_items": [{"price_data": price, "quantity": 1}],
        **more,
    }


def refusal(call: Callable[..., object], *args: Any) -> stripe.StripeError:
    """The SDK's exception for a call that must be refused."""
    try:
        call(*args)
    except stripe.StripeError as error:
        return error
    raise AssertionError("the call was not refused")


def code(call: Callable[..., object], *args: Any) -> tuple[int | None, str | None, str | None]:
    """Status, code and parameter of a refusal."""
    error = refusal(call, *args)
    return error.http_status, error.code, getattr(error, "param", None)


def raw(
    sandbox: StripeSandbox, method: str, target: str, body: str = "", **headers: str
) -> Response:
    """An answer as it goes over the wire; header names are written with underscores."""
    path, _, query = target.partition("?")
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return sandbox.handle(Request(method, path, query, {**AUTHORIZED, **named}, body.encode()))
