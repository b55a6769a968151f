"""Webhook events as Stripe sends them: their JSON, and signatures for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.instance import WEBHOOK_SECRET


def signature(body: bytes, *, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    """A Stripe-Signature header made `at` (now if None), with our own HMAC."""
    moment = int(time.time() if at is None else at)
    code = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={code}"


def event_body(
    event_id: str,
    type_: str = "payment_intent.succeeded",
    subject: Mapping[str, Any] | None = None,
    *,
    livemode: bool = False,
) -> bytes:
    """An event about `subject`; by default about a payment that does not exist."""
    document = {
        "id": event_id,
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "type": type_,
        "livemode": livemode,
        "pending_webhooks": 1,
        "data": {"object": subject or {"id": "pi_nobody", "object": "payment_intent"}},
    }
    return json.dumps(document).encode()


def paid(app: SandboxApp, citizen: str, ducats: int = 100) -> dict[str, Any]:
    """A paid purchase at Stripe; returns the charge."""
    metadata = {
        "citizen_id": citizen,
        "ducat_amount": str(ducats),
        "exchange_rate": "0.10",
        "platform": "cascade",
        "type": "ducat_purchase",
    }
    cents = ducats * 10
    return app.stripe.account.pay(amount=cents, currency="usd", metadata=metadata, at=app.now())


def succeeded(charge: Mapping[str, Any], number: int = 0) -> bytes:
    """The event that tells of a paid charge by its intent."""
    intent = charge["payment_intent"]
    subject = {"id": intent, "object": "payment_intent", "status": "succeeded"}
    return event_body(f"evt_{intent.removeprefix('pi_')}{number}", subject=subject)
