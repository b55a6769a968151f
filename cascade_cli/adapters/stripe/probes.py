"""Read the Stripe account for doctor: what the key may read, and which events each webhook gets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import stripe

from cascade_cli.adapters.stripe.client import or_none, translated_errors
from cascade_cli.adapters.stripe.events import is_event, to_event
from cascade_cli.adapters.stripe.ranges import PAGE_SIZE
from cascade_cli.domain.doctor.stripe import Account, Right
from cascade_cli.domain.doctor.webhook import Endpoint, Undelivered
from cascade_cli.domain.records.stripe_events import PAYING_TYPES
from cascade_cli.errors import RightsError

MOST_UNDELIVERED = 300
LATEST = 100


class AccountProbe:
    """Every method is one or a few GETs, and raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1 = client.v1

    def account(self) -> Account:
        """The key's account. Stripe may refuse to tell it to a restricted key that is valid."""
        try:
            with translated_errors():
                found = self._v1.accounts.retrieve_current().to_dict()
                return Account(str(found["id"]), bool(found["charges_enabled"]))
        except RightsError:
            return Account("", None)

    def rights(self) -> Iterator[Right]:
        """Ask for one object of each kind, to find out whether the key may read it."""
        v1 = self._v1
        yield _right("Charges", v1.charges, is_needed=True)
        yield _right("PaymentIntents", v1.payment_intents, is_needed=True)
        yield _right("Disputes", v1.disputes, is_needed=True)
        yield _right("Events", v1.events, is_needed=False)
        yield _right("Refunds", v1.refunds, is_needed=False)
        yield _right("Checkout Sessions", v1.checkout.sessions, is_needed=False)
        yield _right("Webhook Endpoints", v1.webhook_endpoints, is_needed=False)
        # Only for shops with subscriptions.
        yield _right("Invoices", v1.invoices, is_needed=False)
        yield _right("Prices", v1.prices, is_needed=False)

    def endpoints(self) -> list[Endpoint]:
        """The webhook endpoints of the key's mode."""
        with translated_errors():
            return [
                Endpoint(
                    url=str(found["url"]),
                    is_enabled=found["status"] == "enabled",
                    types=tuple(map(str, found["enabled_events"])),
                )
                for found in _documents(self._v1.webhook_endpoints.list({"limit": PAGE_SIZE}))
            ]

    def undelivered(self, since: datetime) -> list[Undelivered]:
        """The newest events that some endpoint has not accepted, at most MOST_UNDELIVERED."""
        with translated_errors():
            listed = self._v1.events.list(
                {
                    "delivery_success": False,
                    "created": {"gte": int(since.timestamp())},
                    "limit": PAGE_SIZE,
                }
            )
            found = []
            for document in filter(is_event, _documents(listed)):
                found.append(_undelivered(document))
                if len(found) == MOST_UNDELIVERED:
                    break
            return found

    def latest_payments(self) -> list[str]:
        """The ids of the newest events about a payment."""
        with translated_errors():
            listed = self._v1.events.list({"types": sorted(PAYING_TYPES), "limit": LATEST})
            return [str(document["id"]) for document in listed.to_dict()["data"]]


def _right(name: str, service: Any, *, is_needed: bool) -> Right:
    try:
        with translated_errors():
            or_none(lambda: service.list({"limit": 1}))
    except RightsError as error:
        return Right(name, is_needed, error.message)
    return Right(name, is_needed)


def _documents(page: Any) -> Iterator[dict[str, Any]]:
    while True:
        yield from page.to_dict()["data"]
        if not page.has_more:
            return
        page = page.next_page()


def _undelivered(document: dict[str, Any]) -> Undelivered:
    event = to_event(document, b"")
    return Undelivered(event.id, event.type, event.created_at)
