"""What `GET /api/payments/payment-intent/{id}` tells a client, beside what reconcile says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.end_to_end.agreement.rows import FITTING
from tests.end_to_end.agreement.views import Item, Shop
from tests.server.conftest import shop_at

_ROUTE = "/api/payments/payment-intent/"


def told(shop: Shop, folder: Path) -> Iterator[str]:
    """A sentence for each payment of which the API says something else."""
    by_intent: dict[str, list[Item]] = {}
    for item in shop.items:
        if str(item["payment_intent"]).startswith("pi_"):
            by_intent.setdefault(item["payment_intent"], []).append(item)
    if not by_intent:
        return
    place, state = shop.counter.sandboxed, str(shop.counter.state)
    with shop_at(place, folder, CASCADE_STATE_DIR=state) as api:
        answers = {intent: api.client.get(_ROUTE + intent) for intent in by_intent}
    for intent, answer in answers.items():
        if answer.status_code == 200:
            yield from _contradictions(shop, answer.json(), by_intent[intent])
        else:
            yield f"GET {intent} answers {answer.status_code}: {answer.text}"


def _contradictions(shop: Shop, told: dict[str, Any], items: list[Item]) -> Iterator[str]:
    intent = told["payment_intent_id"]
    story = shop.read("explain", "--json", "--", intent).data["payment"]
    if told["refunded_cents"] != story["refunded_cents"]:
        yield f"GET {intent}: {told['refunded_cents']} cents back, not {story['refunded_cents']}"
    captured = story["amount_cents"] if told["status"] == "succeeded" else 0
    if told["captured_cents"] != captured:
        yield f"GET {intent}: {told['captured_cents']} cents captured, not {captured}"
    parts = told["allocation"] or [told]
    items = sorted(items, key=lambda item: item["portion"]["number"] if item["portion"] else 0)
    if len(parts) != len(items):
        yield f"GET {intent} has {len(parts)} parts, not {len(items)}"
        return
    for part, item in zip(parts, items, strict=True):
        yield from _transfer(intent, part["transfer"]["state"], item)


def _transfer(intent: str, state: str, item: Item) -> Iterator[str]:
    if (state == "none") is not (not item["stratagem_ids"]):
        yield f"GET {intent}: transfer {state} of {item['stratagem_ids']}"
    fitting = FITTING.get(item["kind"])
    is_void = "all money went back before any ducats moved: nothing is owed" in item["evidence"]
    is_of_return = any("may or may not have come back" in said for said in item["evidence"])
    if fitting and not is_void and not is_of_return and state not in {"none", *fitting}:
        yield f"GET {intent}: transfer {state} of what is {item['kind']}"
