"""Subscriptions for the tests: what is bought every month, and how it comes to be."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cascade_cli.sandbox.stripe import StripeAccount

METADATA = {"citizen_id": "marco", "platform": "cascade", "type": "ducat_purchase"}


def monthly(product: str = "cascade_ducats_500_25", cents: int = 5000, **more: Any) -> Any:
    """One line item of a session: a product's price for a month."""
    price = {
        "currency": "usd",
        "unit_amount": cents,
        "product": product,
        "recurring": {"interval": "month"},
    }
    return {"price_data": price, "quantity": 1, **more}


def subscribe(
    account: StripeAccount, at: datetime, *items: Any, card: str = "pm_card_visa", **metadata: str
) -> dict[str, Any]:
    """A paid session of mode `subscription`, made at `at`."""
    for item in items or (monthly(),):
        product = item["price_data"].get("product")
        with account.writing(at) as writer:
            known = writer.exists("product", product)
        if not known:
            account.create_product(at=at, id=product, name=product)
    session = account.create_checkout_session(
        at=at,
        mode="subscription",
        success_url="https://shop.example/thanks",
        line_items=list(items or (monthly(),)),
        subscription_data={"metadata": {**METADATA, **metadata}},
    )
    return account.complete_checkout(session["id"], at=at, payment_method=card)
