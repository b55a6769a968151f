"""What happened at Stripe, in words."""

from __future__ import annotations

from typing import Any

from cascade_cli.adapters.stripe.ranges import Document
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.money import format_money


def of_intent(intent: dict[str, Any]) -> str:
    """What the intent is over, and where it stands."""
    money = format_money(intent["amount"], intent["currency"])
    return f"payment intent over {money}, now {intent['status'].replace('_', ' ')}"


def of_charge(charge: dict[str, Any]) -> str:
    """What was charged, and whether it worked."""
    money = format_money(charge["amount"], charge["currency"])
    if charge["status"] != "succeeded":
        return f"charge of {money} {charge['status']}: {charge.get('failure_message') or '?'}"
    if not charge["captured"]:
        return f"charge of {money} authorised, not captured"
    if charge["amount_captured"] < charge["amount"]:
        captured = format_money(charge["amount_captured"], charge["currency"])
        return f"charge of {money} authorised, {captured} of it paid"
    return f"charge of {money} paid"


def of_release(refund: dict[str, Any]) -> str:
    """What was authorised and not captured, which Stripe books as a refund."""
    return f"{format_money(refund['amount'], refund['currency'])} of it not captured"


def of_refund(refund: dict[str, Any]) -> str:
    """What goes back, and how far it is."""
    money = format_money(refund["amount"], refund["currency"])
    return f"refund of {money}, {refund.get('status') or 'without status'}"


def of_dispute(dispute: dict[str, Any]) -> str:
    """What is contested, why, and where it stands."""
    money = format_money(dispute["amount"], dispute["currency"])
    status = dispute["status"].replace("_", " ")
    return f"dispute over {money} ({dispute['reason']}), now {status}"


def of_session(session: dict[str, Any]) -> str:
    """Where the session stands."""
    return f"checkout session, now {session['status']}, {session['payment_status']}"


def of_invoice(invoice: Document) -> str:
    """What was billed, of which subscription, and whether it is paid."""
    money = format_money(invoice["total"], invoice["currency"])
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    subscription = f" of {details['subscription']}" if details.get("subscription") else ""
    return f"invoice over {money}{subscription}, now {invoice['status']}"


def of_event(event: Event) -> str:
    """What happened, and who was not told yet."""
    waiting = f", {event.pending_webhooks} webhooks still wait" if event.pending_webhooks else ""
    return f"event {event.type}{waiting}"
