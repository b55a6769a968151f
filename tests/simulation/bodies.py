"""What Stripe posts to the webhook, byte for byte."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

_PAYING = {
    "payment_intent.succeeded": "payment_intent",
    "charge.succeeded": "charge",
    "checkout.session.completed": "checkout.session",
}


def an_event(payment_id: str, number: int, at: datetime) -> bytes:
    """One of those that Stripe sends about a payment, or about the invoice that it paid."""
    name = f"evt_{payment_id}_{number}"
    if payment_id.startswith("in_"):
        return _body(name, "invoice.paid", {"id": payment_id, "object": "invoice"}, at)
    type_, object_ = list(_PAYING.items())[number % len(_PAYING)]
    return _body(name, type_, _about(payment_id, object_), at)


def a_tiding(payment_intent: str, type_: str, number: int, at: datetime) -> bytes:
    """One that tells of money which went back, or may."""
    object_ = "refund" if "refund." in type_ else "dispute" if "dispute" in type_ else "charge"
    return _body(f"evt_{payment_intent}_back{number}", type_, _about(payment_intent, object_), at)


def _about(payment_intent: str, object_: str) -> dict[str, Any]:
    if object_ == "payment_intent":
        return {"id": payment_intent, "object": object_}
    return {"id": f"{object_}_1", "object": object_, "payment_intent": payment_intent}


def _body(name: str, type_: str, subject: dict[str, Any], at: datetime) -> bytes:
    event = {
        "id": name,
        "object": "event",
        "created": int(at.timestamp()),
        "livemode": False,
        "pending_webhooks": 1,
        "type": type_,
        "data": {"object": subject},
    }
    return json.dumps(event).encode()
