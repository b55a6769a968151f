"""Read the Stripe account for doctor: what the key may read, and which events each webhook gets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import stripe

from cascade_cli.adapters.stripe.client import translated_errors
from cascade_cli.adapters.stripe.documents import PAGE_SIZE, get, listed, or_none, page
from cascade_cli.adapters.stripe.events import is_event, to_event
from cascade_cli.domain.doctor.stripe import Account, Right
from cascade_cli.domain.doctor.webhook import Endpoint, Undelivered
from cascade_cli.domain.records.stripe_events import PAYING_TYPES
from cascade_cli.errors import RightsError

MOST_UNDELIVERED = 300
_EVENTS, _ENDPOINTS = "/v1/events", "/v1/webhook_endpoints"
# What doctor asks for one object of: how it calls that, where it is, and whether it is needed.
_READ = (
    ("Charges", "/v1/charges", True),
    ("PaymentIntents", "/v1/payment_intents", True),
    ("Disputes", "/v1/disputes", True),
    ("Events", _EVENTS, False),
    ("Refunds", "/v1/refunds", False),
    ("Checkout Sessions", "/v1/checkout/sessions", False),
    ("Webhook Endpoints", _ENDPOINTS, False),
    # Only for shops with subscriptions.
    ("Invoices", "/v1/invoices", False),
    ("Prices", "/v1/prices", False),
)


class AccountProbe:
    """Every method is one or a few GETs, and raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    def account(self) -> Account:
        """The key's account. Stripe may refuse to tell it to a restricted key that is valid."""
        try:
            with translated_errors():
                found = get(self._client, "/v1/account")
                return Account(str(found["id"]), bool(found["charges_enabled"]))
        except RightsError:
            return Account("", None)

    def rights(self) -> Iterator[Right]:
        """Ask for one object of each kind, to find out whether the key may read it."""
        for name, path, is_needed in _READ:
            yield Right(name, is_needed, self._refusal(path))

    def _refusal(self, path: str) -> str:
        try:
            with translated_errors():
                or_none(lambda: page(self._client, path, limit=1))
        except RightsError as error:
            return error.message
        return ""

    def endpoints(self) -> list[Endpoint]:
        """The webhook endpoints of the key's mode."""
        with translated_errors():
            return [
                Endpoint(
                    url=str(found["url"]),
                    is_enabled=found["status"] == "enabled",
                    types=tuple(map(str, found["enabled_events"])),
                )
                for found in listed(self._client, _ENDPOINTS)
            ]

    def undelivered(self, since: datetime) -> list[Undelivered]:
        """The newest events that some endpoint has not accepted, at most MOST_UNDELIVERED."""
        with translated_errors():
            created = {"gte": int(since.timestamp())}
            documents = listed(self._client, _EVENTS, delivery_success=False, created=created)
            newest = islice(filter(is_event, documents), MOST_UNDELIVERED)
            return [_undelivered(document) for document in newest]

    def latest_payments(self) -> list[str]:
        """The ids of the newest events about a payment."""
        with translated_errors():
            found = page(self._client, _EVENTS, types=sorted(PAYING_TYPES), limit=PAGE_SIZE)
            return [str(document["id"]) for document in found["data"]]


def _undelivered(document: dict[str, Any]) -> Undelivered:
    event = to_event(document, b"")
    return Undelivered(event.id, event.type, event.created_at)
