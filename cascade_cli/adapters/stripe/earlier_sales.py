"""What was sold under an idempotency key, where Stripe refuses to sell by it again.

A price list or an exchange rate may change between a request and its repetition. Stripe then only
says that the key was used for something else; which payment that was, the event of its making
tells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import stripe

from cascade_cli.adapters.stripe.checkout_sessions import purchase_metadata
from cascade_cli.adapters.stripe.errors import KeyReusedError, our_errors
from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.adapters.stripe.purchase_parser import (
    CURRENCY_RATE,
    CURRENCY_RATE_DATE,
    DUCATS,
    PACKAGE,
    RATE,
)
from cascade_cli.adapters.stripe.ranges import PAGE_SIZE
from cascade_cli.domain.selling.sales import Sale
from cascade_cli.domain.shop.money import format_money
from cascade_cli.errors import CascadeError

# Of so many payments the newest are looked through: five requests, and only after a refusal.
MOST_PAGES = 5
_BY_THE_DAY = frozenset({RATE, CURRENCY_RATE, CURRENCY_RATE_DATE})


def intent_made_with(client: stripe.StripeClient, key: str) -> str | None:
    """The id of the PaymentIntent that was made under the key lately; None where nobody can tell,
    for example because our key to Stripe may not read events."""
    try:
        with our_errors():
            return next((_intent(event) for event in _newest(client) if _key(event) == key), None)
    except CascadeError:
        return None


def price_changed(sale: Sale, earlier: stripe.PaymentIntent) -> KeyReusedError | None:
    """What to say if the earlier sale under the same key was this one at another price."""
    before, now = earlier.metadata.to_dict(), purchase_metadata(sale)
    if earlier.currency != sale.quote.currency or _lasting(before) != _lasting(now):
        return None
    was = _offer(earlier.amount, earlier.currency, before)
    offered = _offer(sale.quote.amount_cents, sale.quote.currency, now)
    change = f"{was} then, {offered} now" if was != offered else "its exchange rate is another now"
    return KeyReusedError(
        "The price has changed since this Idempotency-Key was used for the same purchase: "
        f"{change}.",
        f"Nothing more was sold. {earlier.id}, made then, has the status {earlier.status}; take a "
        "new key to sell at today's price.",
    )


def _lasting(metadata: dict[str, str]) -> dict[str, str]:
    """What a buyer chose. What a package gives is the list's choice, as its price is."""
    changing = _BY_THE_DAY | ({DUCATS} if PACKAGE in metadata else set())
    return {name: text for name, text in metadata.items() if name not in changing}


def _offer(cents: int, currency: str, metadata: dict[str, str]) -> str:
    ducats = f" for {metadata[DUCATS]} ducats" if DUCATS in metadata else ""
    return format_money(cents, currency) + ducats


def _newest(client: stripe.StripeClient) -> Iterator[dict[str, Any]]:
    page = client.v1.events.list({"type": "payment_intent.created", "limit": PAGE_SIZE})
    for _ in range(MOST_PAGES - 1):
        yield from page.to_dict()["data"]
        if not page.has_more:
            return
        page = page.next_page()
    yield from page.to_dict()["data"]


def _key(event: dict[str, Any]) -> str | None:
    request = event.get("request")
    return request.get("idempotency_key") if isinstance(request, dict) else None


def _intent(event: dict[str, Any]) -> str | None:
    return to_event(event, b"").payment_id
