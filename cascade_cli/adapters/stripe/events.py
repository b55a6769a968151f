"""Stripe's events as ours, and where Stripe keeps them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import stripe
from stripe.params import EventListParams

from cascade_cli.adapters.crew import Crew
from cascade_cli.adapters.stripe.errors import or_none, our_errors
from cascade_cli.adapters.stripe.invoices import Invoices
from cascade_cli.adapters.stripe.purchases import whole_seconds
from cascade_cli.adapters.stripe.ranges import PAGE_SIZE
from cascade_cli.adapters.stripe.sold import DUCATS
from cascade_cli.domain.events import Event
from cascade_cli.domain.keys import INVOICE_ID, PAYMENT_ID
from cascade_cli.domain.times import Window

EVENT_ID = re.compile(r"evt_[A-Za-z0-9_]{1,200}")
_MOST_TYPES = 20
# Where an event's object names others of the same payment.
_SUBJECTS = ("id", "payment_intent", "charge", "latest_charge", "invoice")


class EventReader:
    """Reads events. Every method raises only errors of cascade_cli.errors."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1, self._invoices = client.v1, Invoices(client, Crew())

    def events(self, window: Window, types: Sequence[str] = ()) -> list[Event]:
        """The events created in the window that Stripe still keeps, newest first.

        `types` narrows the answer where Stripe can; filter it again.
        """
        params: EventListParams = {
            "created": {"gte": whole_seconds(window.since), "lt": whole_seconds(window.until)},
            "limit": PAGE_SIZE,
        }
        if len(types) == 1:
            params["type"] = types[0]
        elif 1 < len(types) <= _MOST_TYPES and not any("*" in name for name in types):
            params["types"] = list(types)
        with our_errors():
            return [to_event(document, _raw(document)) for document in self._documents(params)]

    def event(self, event_id: str) -> Event | None:
        """One event; None where Stripe has it no longer, or never had."""
        with our_errors():
            found = or_none(lambda: self._v1.events.retrieve(event_id))
        if found is None:
            return None
        document = _answer(found)
        return to_event(document, _raw(document))

    def knows(self, payment_id: str) -> bool:
        """Whether the payment is one of this account and mode, paid or not."""
        v1 = self._v1
        with our_errors():
            if payment_id.startswith("in_"):
                return or_none(lambda: v1.invoices.retrieve(payment_id)) is not None
            if payment_id.startswith("pi_"):
                return or_none(lambda: v1.payment_intents.retrieve(payment_id)) is not None
            return or_none(lambda: v1.charges.retrieve(payment_id)) is not None

    def was_paid_elsewhere(self, payment_id: str) -> bool:
        """Whether it is an invoice over ducats that was paid outside Stripe."""
        if not INVOICE_ID.fullmatch(payment_id):
            return False
        with our_errors():
            return self._invoices.was_paid_elsewhere(payment_id, DUCATS)

    def _documents(self, params: EventListParams) -> Iterator[dict[str, Any]]:
        page = self._v1.events.list(params)
        while True:
            yield from _answer(page)["data"]
            if not page.has_more:
                return
            page = page.next_page()


def _answer(answered: stripe.StripeObject) -> Any:
    """The JSON as Stripe sent it: the SDK's objects would not give quite the same back."""
    if answered.last_response is None:
        raise stripe.APIError("Stripe's answer is empty")
    return answered.last_response.data


def _raw(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def to_event(document: Any, raw: bytes) -> Event:
    """Ours from the JSON of Stripe's. Raises ValueError, saying what is wrong, if it is none."""
    try:
        if document["object"] != "event" or not EVENT_ID.fullmatch(document["id"]):
            raise ValueError("it is no event of Stripe")
        type_, subject = str(document["type"]), document["data"]["object"]
        return Event(
            id=document["id"],
            type=type_,
            created_at=datetime.fromtimestamp(document["created"], UTC),
            livemode=bool(document["livemode"]),
            payment_id=_payment_id(type_, subject),
            subjects=frozenset(_subjects(subject)),
            pending_webhooks=int(document.get("pending_webhooks") or 0),
            raw=raw,
        )
    except (KeyError, TypeError, AttributeError, OverflowError, OSError) as error:
        raise ValueError(f"it is no event of Stripe ({type(error).__name__}: {error})") from error


def _payment_id(type_: str, subject: Mapping[str, Any]) -> str | None:
    """A session has its intent, a charge mostly has one, and a refund or dispute of one that has
    none its charge; else it is the object itself.

    An invoice names no payment since 2025, and the session of a subscription only its invoice; what
    ties a payment to an invoice names both.
    """
    named, forms = subject.get("payment_intent"), (PAYMENT_ID, INVOICE_ID)
    if type_.startswith("invoice_payment."):
        named = (subject.get("payment") or {}).get("payment_intent")
    if named is None:
        is_session = type_.startswith("checkout.session.")
        named = subject.get("invoice") if is_session else subject.get("charge") or subject["id"]
    is_id = isinstance(named, str) and any(form.fullmatch(named) for form in forms)
    return named if is_id else None


def _subjects(subject: Mapping[str, Any]) -> Iterator[str]:
    for name in _SUBJECTS:
        if isinstance(value := subject.get(name), str):
            yield value
