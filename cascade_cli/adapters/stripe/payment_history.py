"""All that Stripe knows about one payment, as a list of what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import stripe

from cascade_cli.adapters.stripe.client import translated_errors
from cascade_cli.adapters.stripe.documents import Document, listed, page, retrieve
from cascade_cli.adapters.stripe.events import EventReader
from cascade_cli.adapters.stripe.invoice_metadata import may_be_invoiced
from cascade_cli.adapters.stripe.invoices import Invoices
from cascade_cli.adapters.stripe.money_moved import release_among
from cascade_cli.adapters.stripe.purchase_parser import is_paid, sale_of_session
from cascade_cli.concurrency import Threads
from cascade_cli.domain.explain.story import History, StripeObject
from cascade_cli.domain.records.stripe_events import KEPT, Event, chronological
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.keys import DISPUTE_PREFIXES, INVOICE_ID, PAYMENT_ID, IdKind, whole_id
from cascade_cli.domain.shop.money import format_money
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import RightsError

_CHARGES = "/v1/charges"
_PATHS = {
    IdKind.REFUND: "/v1/refunds",
    IdKind.SESSION: "/v1/checkout/sessions",
    IdKind.DISPUTE: "/v1/disputes",
    IdKind.INVOICE: "/v1/invoices",
    IdKind.SUBSCRIPTION: "/v1/subscriptions",
}
# Stripe makes an event within seconds of what it reports.
_ECHO = timedelta(seconds=60)


class HistoryReader:
    """Reads histories. Every method raises only errors of cascade_cli.errors.

    The key must be able to read charges and payment intents. If it lacks rights to the rest, the
    history has gaps.
    """

    def __init__(
        self, client: stripe.StripeClient, events: EventReader, now: Callable[[], datetime]
    ) -> None:
        self._client, self._events, self._now = client, events, now
        self._invoices = Invoices(client, Threads())

    def payment_of(self, kind: IdKind, identity: str) -> StripeObject:
        """The payment that the object belongs to, if any. For a portion's refund, the whole
        payment."""
        identity = whole_id(identity)
        if kind is IdKind.EVENT:
            event = self._events.event(identity)
            payment = self._payment_among(event.subjects) if event else None
            return StripeObject(event is not None, payment)
        if kind in {IdKind.INVOICE, IdKind.SUBSCRIPTION}:
            return StripeObject(*self._payment_of_invoice(kind, identity))
        with translated_errors():
            named = retrieve(self._client, _PATHS[kind], identity)
        if named is None:
            return StripeObject(is_known=False)
        payment = named.get("payment_intent") or named.get("charge")
        # A subscription's session has an invoice instead.
        payment = payment or self._payment_among({str(named.get("invoice"))})
        sale = sale_of_session(named) if kind is IdKind.SESSION else None
        return StripeObject(is_known=True, payment=payment, sale=sale)

    def _payment_among(self, subjects: Iterable[str]) -> str | None:
        """The payment among the ids, or else the payment of the invoice among them."""
        if payment := _payment_in(subjects):
            return payment
        invoice = next((s for s in subjects if INVOICE_ID.fullmatch(s)), None)
        with translated_errors():
            paid = self._invoices.payments_of(invoice) if invoice else []
        return next(iter(paid), None)

    def _payment_of_invoice(self, kind: IdKind, identity: str) -> tuple[bool, str | None]:
        """An invoice's payment, or that of a subscription's newest invoice."""
        with translated_errors():
            if retrieve(self._client, _PATHS[kind], identity) is None:
                return False, None
            is_invoice = kind is IdKind.INVOICE
            invoice = identity if is_invoice else self._invoices.newest_of(identity)
            paid = self._invoices.payments_of(invoice) if invoice else []
            return True, next(iter(paid), None)

    def read(self, payment_id: str) -> History:
        """The history of a payment (`pi_…`, `ch_…`). It is not known if Stripe has no such id."""
        history = History()
        with translated_errors():
            charges = list(self._charges(whole_id(payment_id), history))
            for charge in charges:
                history.is_known = True
                history.is_paid |= is_paid(charge)
                history.add(charge["created"], _charge_text(charge), charge["id"])
        if history.is_known:
            self._add_details(history, charges)
        return history

    def _charges(self, payment_id: str, history: History) -> Iterator[dict[str, Any]]:
        """Yield the charges. The intent, if there is one, is added to the history on the way."""
        client, intent_id = self._client, payment_id
        if not payment_id.startswith("pi_"):
            charge = retrieve(client, _CHARGES, payment_id)
            if charge is None:
                return
            if not charge.get("payment_intent"):
                yield charge
                return
            intent_id = str(charge["payment_intent"])
        intent = retrieve(client, "/v1/payment_intents", intent_id)
        if intent is None:
            return
        history.is_known = True
        history.add(intent["created"], _intent_text(intent), intent["id"])
        self._add_invoice(history, intent)
        yield from listed(client, _CHARGES, payment_intent=intent["id"])

    def _add_invoice(self, history: History, intent: dict[str, Any]) -> None:
        """Add the invoice that the intent pays, if only an invoice can tell what was bought."""
        if not may_be_invoiced(intent, intent["metadata"]):
            return
        try:
            with translated_errors():
                invoice = self._invoices.of_payment(intent["id"])
        except RightsError as error:
            history.forbidden.append(f"invoices: {error.message}")
            return
        if invoice:
            history.add(invoice["created"], _invoice_text(invoice), invoice["id"])

    def _add_details(self, history: History, charges: Iterable[dict[str, Any]]) -> None:
        for charge in charges:
            of_charge = listed(self._client, _PATHS[IdKind.REFUND], charge=charge["id"])
            refunds = self._optional(history, "refunds", of_charge)
            released = release_among(charge, refunds)
            for refund in refunds:
                told = _release_text if refund is released else _refund_text
                history.add(refund["created"], told(refund), refund["id"])
            if charge.get("disputed"):
                against = listed(self._client, _PATHS[IdKind.DISPUTE], charge=charge["id"])
                for dispute in self._optional(history, "disputes", against):
                    history.add(dispute["created"], _dispute_text(dispute), dispute["id"])
        for intent in [id_ for id_ in history.ids if id_.startswith("pi_")]:
            for session in self._optional(history, "checkout sessions", self._sessions(intent)):
                history.add(session["created"], _session_text(session), session["id"])
                history.sale = history.sale or sale_of_session(session)
        try:
            self._add_events(history)
        except RightsError as error:
            history.forbidden.append(f"events: {error.message}")

    def _sessions(self, intent_id: str) -> Iterator[Document]:
        yield from page(self._client, _PATHS[IdKind.SESSION], payment_intent=intent_id)["data"]

    def _optional(self, history: History, what: str, found: Iterator[Any]) -> list[dict[str, Any]]:
        """All that is found; nothing, with a note in the history, if the key may not read it."""
        try:
            with translated_errors():
                # What is no object fails here, and is told as an answer that makes no sense.
                return [dict(one) for one in found]
        except RightsError as error:
            history.forbidden.append(f"{what}: {error.message}")
            return []

    def _add_events(self, history: History) -> None:
        """Add the events just after each happening: Stripe does not list events by payment."""
        now = self._now()
        moments = sorted({happening.at for happening in history.happenings})
        if moments and moments[0] <= now - KEPT:
            history.gaps.append(f"events: Stripe keeps them for {KEPT.days} days only")
        found: list[Event] = []
        for window in _echoes(moment for moment in moments if moment > now - KEPT):
            found += self._events.events(window)
        disputed = [h.at for h in history.happenings if h.identity.startswith(DISPUTE_PREFIXES)]
        if disputed:
            found += self._events.events(Window(min(disputed), now), ["charge.dispute.*"])
        for event in chronological(found):
            if event.subjects & history.ids:
                history.add(event.created_at, _event_text(event), event.id)


def _echoes(moments: Iterable[datetime]) -> list[Window]:
    """A window just after each moment. Those that overlap become one."""
    windows: list[Window] = []
    for moment in moments:
        if windows and moment <= windows[-1].until:
            windows[-1] = Window(windows[-1].since, moment + _ECHO)
        else:
            windows.append(Window(moment, moment + _ECHO))
    return windows


def _payment_in(subjects: Iterable[str]) -> str | None:
    """The payment among the ids: the intent before the charge, because it covers all attempts."""
    payments = [s for s in subjects if PAYMENT_ID.fullmatch(s)]
    return next((s for p in ("pi_", "ch_", "py_") for s in payments if s.startswith(p)), None)


def _intent_text(intent: dict[str, Any]) -> str:
    money = format_money(intent["amount"], intent["currency"])
    return f"payment intent for {money}, now {intent['status'].replace('_', ' ')}"


def _charge_text(charge: dict[str, Any]) -> str:
    money = format_money(charge["amount"], charge["currency"])
    if charge["status"] != "succeeded":
        return f"charge of {money} {charge['status']}: {charge.get('failure_message') or '?'}"
    if not charge["captured"]:
        return f"charge of {money} authorised, not captured"
    if charge["amount_captured"] < charge["amount"]:
        captured = format_money(charge["amount_captured"], charge["currency"])
        return f"charge of {money} authorised, {captured} of it paid"
    return f"charge of {money} paid"


def _release_text(refund: dict[str, Any]) -> str:
    """The rest that was authorised and not captured, which Stripe books as a refund."""
    return f"{format_money(refund['amount'], refund['currency'])} of it not captured"


def _refund_text(refund: dict[str, Any]) -> str:
    money = format_money(refund["amount"], refund["currency"])
    return f"refund of {money}, {refund.get('status') or 'without status'}"


def _dispute_text(dispute: dict[str, Any]) -> str:
    money = format_money(dispute["amount"], dispute["currency"])
    status = dispute["status"].replace("_", " ")
    return f"dispute over {money} ({dispute['reason']}), now {status}"


def _session_text(session: dict[str, Any]) -> str:
    return f"checkout session, now {session['status']}, {session['payment_status']}"


def _invoice_text(invoice: Document) -> str:
    money = format_money(invoice["total"], invoice["currency"])
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = f" of {details['subscription']}" if details.get("subscription") else ""
    return f"invoice for {money}{subscription}, now {invoice['status']}"


def _event_text(event: Event) -> str:
    waiting = format_count(event.pending_webhooks, "webhook has", "webhooks have")
    also = f", {waiting} not accepted it yet" if event.pending_webhooks else ""
    return f"event {event.type}{also}"
