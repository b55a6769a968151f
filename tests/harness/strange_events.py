"""What Stripe may send beside what we know: without ids, of new types, lacking fields, extreme."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

BALANCE = {"object": "balance", "available": [{"amount": 100, "currency": "usd"}]}
UPCOMING = {"object": "invoice", "customer": "cus_1", "subscription": "sub_1", "total": 1000}

# Each the type, what it is about, and what else the event says.
SENT: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "balance": ("balance.available", BALANCE, {}),
    "upcoming_invoice": ("invoice.upcoming", UPCOMING, {}),
    "upcoming_with_an_id": ("invoice.upcoming", {**UPCOMING, "id": "upcoming_in_1"}, {}),
    "unknown_type": ("moon.risen", {"id": "moon_1", "object": "moon"}, {}),
    "long_type": ("x" * 5000, {"id": "x_1"}, {}),
    "type_of_no_text": ("balance.available", {}, {"type": 7}),
    "type_with_control_characters": ("balance.available", {}, {"type": "charge.\u0000\ud800ä"}),
    "no_object": ("charge.updated", None, {"data": {}}),
    "object_of_no_dict": ("charge.updated", ["ch_1"], {}),
    "data_of_no_dict": ("charge.updated", {}, {"data": "ch_1"}),
    "ids_of_no_text": ("charge.succeeded", {"id": 7, "payment_intent": ["pi_1"]}, {}),
    "endless_id": ("charge.succeeded", {"id": f"ch_{'a' * 9000}"}, {}),
    "half_a_surrogate": ("charge.updated", {"id": "ch_1", "description": "\ud83d"}, {}),
    "created_as_text": ("charge.updated", {}, {"created": "2026-11-20T10:00:00.000Z"}),
    "created_without_zone": ("charge.updated", {}, {"created": "2026-11-20T10:00:00"}),
    "created_in_milliseconds": ("charge.updated", {}, {"created": 1_795_000_000_000}),
    "created_beyond_all_time": ("charge.updated", {}, {"created": 10**30}),
    "created_before_all_time": ("charge.updated", {}, {"created": -(10**15)}),
    "created_infinite": ("charge.updated", {}, {"created": float("inf")}),
    "webhooks_of_no_number": ("charge.updated", {}, {"pending_webhooks": "many"}),
    "webhooks_below_zero": ("charge.updated", {}, {"pending_webhooks": -1}),
    "mode_of_no_kind": ("charge.updated", {}, {"livemode": "perhaps"}),
}
MAY_LACK = ("object", "created", "data", "livemode", "pending_webhooks", "request", "type")


def strange_events() -> Iterator[tuple[str, dict[str, Any]]]:
    """What is strange about it, and what `StripeAccount.announce` takes to make it."""
    for name, (type_, subject, said) in SENT.items():
        yield name, {"type": type_, "subject": subject, "said": said}
    for field in MAY_LACK:
        yield f"without_{field}", {"type": "charge.updated", "lacking": {field}}


def body_of(number: int, type: str, **wish: Any) -> bytes:
    """The same as Stripe posts it, with an id of its own."""
    event = {
        "id": f"evt_strange{number}",
        "object": "event",
        "created": 1_795_000_000,
        "type": type,
        "livemode": False,
        "pending_webhooks": 1,
        "request": {},
        "data": {"object": wish.get("subject", {})},
        **wish.get("said", {}),
    }
    lacking = wish.get("lacking", ())
    return json.dumps({k: v for k, v in event.items() if k not in lacking}).encode()
