"""Checkout Sessions: made by the shop, paid on the hosted page, or left to expire."""

from __future__ import annotations

from cascade_cli.sandbox.stripe import payments
from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such
from cascade_cli.sandbox.stripe.ledger import Ledger
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.money import check_amount
from cascade_cli.sandbox.stripe.payments import Attempt
from cascade_cli.sandbox.stripe.shapes.checkout_session import (
    checkout_session,
    customer_details,
    line_item,
    price,
)
from cascade_cli.sandbox.stripe.shelf import LINE_ITEMS

_SHORTEST_SECONDS = 30 * 60
_LONGEST_SECONDS = 24 * 3600
_COPIED = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id",
    "customer", "customer_email", "expires_at", "locale", "submit_type", "success_url",
)  # fmt: skip


def create(ledger: Ledger, params: Document) -> Document:
    """A session from checked parameters. Its own metadata never reaches the PaymentIntent."""
    _check(ledger, params)
    items = [
        _line_item(ledger, item, position) for position, item in enumerate(params["line_items"])
    ]
    total = sum(item["amount_total"] for item in items)
    currency = items[0]["currency"]
    check_amount(total, currency)
    session = checkout_session(ledger.id("cs_test_a1"), ledger.created, currency, total)
    session |= {name: params[name] for name in _COPIED if name in params}
    session["metadata"] = merge({}, params.get("metadata"))
    ledger.add(session)
    ledger.add(_aside(ledger, session["id"], items, params.get("payment_intent_data") or {}))
    return session


def pay(ledger: Ledger, session: Document, payment_method: str) -> Attempt:
    """The customer presses the button; a refused card leaves the session open."""
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.")
    intent = _intent(ledger, session)
    attempt = payments.confirm(ledger, intent, {"payment_method": payment_method})
    session["payment_intent"] = attempt.intent["id"]
    if attempt.intent["status"] in ("succeeded", "requires_capture"):
        email = session["customer_email"] or "citizen@venice.example"
        session |= {
            "status": "complete",
            "payment_status": "paid" if attempt.intent["status"] == "succeeded" else "unpaid",
            "customer_details": customer_details(email),
            "url": None,
        }
        ledger.emit("checkout.session.completed", ledger.replace(session))
    else:
        ledger.replace(session)
    return attempt


def expire(ledger: Ledger, session: Document) -> Document:
    """Close a session that nobody has paid."""
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout'
            f" Session has a status of {session['status']}."
        )
    session |= {"status": "expired", "url": None}
    ledger.emit("checkout.session.expired", ledger.replace(session))
    return session


def _check(ledger: Ledger, params: Document) -> None:
    if not params["line_items"]:
        raise StripeError(
            "Missing required param: line_items.", code="parameter_missing", param="line_items"
        )
    if params.get("customer"):
        ledger.get("customer", params["customer"], "customer")
    lifetime = params.get("expires_at", ledger.created + _LONGEST_SECONDS) - ledger.created
    if lifetime < _SHORTEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
            " creation.",
            param="expires_at",
        )
    if lifetime > _LONGEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    currencies = {
        item["price_data"]["currency"] for item in params["line_items"] if "price_data" in item
    }
    if len(currencies) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")


def _line_item(ledger: Ledger, item: Document, position: int) -> Document:
    if "price" in item:
        raise no_such("price", item["price"], f"line_items[{position}][price]")
    if "price_data" not in item:
        name = f"line_items[{position}][price_data]"
        raise StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
    data = item["price_data"]
    amount = data["unit_amount"]
    made = price(ledger.id("price_1"), ledger.id("prod_"), ledger.created, data["currency"], amount)
    return line_item(ledger.id("li_1"), made, data["product_data"]["name"], item.get("quantity", 1))


def _aside(ledger: Ledger, session_id: str, items: list[Document], data: Document) -> Document:
    return {
        "id": f"{session_id}#line_items",
        "object": LINE_ITEMS,
        "created": ledger.created,
        "line_items": items,
        "payment_intent_data": data,
    }


def _intent(ledger: Ledger, session: Document) -> Document:
    """The session's PaymentIntent, made at the first attempt to pay."""
    if session["payment_intent"]:
        return ledger.get("payment_intent", session["payment_intent"])
    data = ledger.get(LINE_ITEMS, f"{session['id']}#line_items")["payment_intent_data"]
    return payments.create(
        ledger,
        {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "payment_method_types": ["card"],
            **({"customer": session["customer"]} if session["customer"] else {}),
            **data,
        },
    )
