"""Invoices: drafted, finalised, and paid with a card, from the customer's balance, or elsewhere."""

from __future__ import annotations

import json
import random

from cascade_cli.sandbox.stripe.currencies import minimum
from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query, encode
from cascade_cli.sandbox.stripe.parameters import Range, Text
from cascade_cli.sandbox.stripe.resources import (
    coupons,
    customers,
    invoice_payments,
    payment_intents,
)
from cascade_cli.sandbox.stripe.resources.invoice_payments import new_invoice_payment
from cascade_cli.sandbox.stripe.resources.payment_intents import Attempt
from cascade_cli.sandbox.stripe.routing import (
    PAGE,
    Answer,
    Call,
    Change,
    Many,
    One,
    Read,
    Write,
    page,
    retrieving,
)
from cascade_cli.sandbox.stripe.shapes.invoices import new_invoice, of_subscription

# What Stripe writes onto the payment that it makes for an invoice, by `billing_reason`.
_DESCRIPTIONS = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
    "subscription_update": "Subscription update",
}
_WITHOUT_COLLECTION = {"void": "void", "mark_uncollectible": "uncollectible"}


def create_draft(writer: ObjectWriter, subscription: Document, reason: str) -> Document:
    """An empty draft for a subscription, with the subscription's present metadata."""
    currency, customer = subscription["currency"], subscription["customer"]
    invoice = new_invoice(writer.id("in_1"), writer.created, currency, customer, reason)
    invoice["parent"] = of_subscription(subscription)
    invoice["collection_method"] = subscription["collection_method"]
    invoice["discounts"] = list(subscription["discounts"])
    return invoice


def add_lines(writer: ObjectWriter, invoice: Document, lines: list[Document]) -> None:
    """Add the lines to a draft, and subtract what the customer's balance pays."""
    customer = writer.get("customer", invoice["customer"])
    subtotal = sum(one["amount"] for one in lines)
    total = subtotal - coupons.apply_to_lines(writer, invoice, lines)
    due = max(0, total + customer["balance"])
    # An amount that is too small for any card is left for the next invoice.
    due = due if due >= minimum(invoice["currency"]) else 0
    invoice["lines"] |= {"data": lines, "total_count": len(lines)}
    invoice |= {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total": total,
        "total_excluding_tax": total,
        "starting_balance": customer["balance"],
        "amount_due": due,
        "amount_remaining": due,
        "period_start": min(one["period"]["start"] for one in lines),
        "period_end": max(one["period"]["end"] for one in lines),
    }
    writer.emit("invoice.created", writer.add(invoice))


def skip_collection(writer: ObjectWriter, invoice: Document, behavior: str) -> None:
    """Treat a draft as its paused collection says, without charging anybody."""
    if behavior in _WITHOUT_COLLECTION:
        invoice["status"] = _WITHOUT_COLLECTION[behavior]
        name = "voided" if behavior == "void" else "marked_uncollectible"
        invoice["status_transitions"][f"{name}_at"] = writer.created
        writer.emit(f"invoice.{name}", writer.replace(invoice))


def finalize(writer: ObjectWriter, invoice: Document) -> None:
    """Fix the lines, and prepare a payment unless nothing is left to pay."""
    customer = writer.get("customer", invoice["customer"])
    after = invoice["total"] + invoice["starting_balance"] - invoice["amount_due"]
    customers.change_balance(writer, customer, after - customer["balance"])
    invoice |= {
        "status": "open",
        "ending_balance": after,
        "number": f"{customer['invoice_prefix']}-{writer.created % 10_000:04}",
        "effective_at": writer.created,
    }
    invoice["status_transitions"]["finalized_at"] = writer.created
    writer.emit("invoice.finalized", writer.replace(invoice))
    if invoice["amount_due"]:
        _prepare_payment(writer, invoice)
    else:
        invoice_payments.mark_invoice_paid(writer, invoice)


def _prepare_payment(writer: ObjectWriter, invoice: Document) -> None:
    """The PaymentIntent gets no metadata; only its order reference names the invoice."""
    params: Document = {
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "description": _DESCRIPTIONS.get(invoice["billing_reason"]),
        "payment_method_types": ["card"],
        "payment_details": {"customer_reference": None, "order_reference": invoice["id"]},
    }
    if invoice["billing_reason"] == "subscription_create":
        params["setup_future_usage"] = "off_session"
    intent = payment_intents.create(writer, params)
    named: Document = {
        "charge": None,
        "payment_intent": intent["id"],
        "payment_record": None,
        "type": "payment_intent",
    }
    writer.add(new_invoice_payment(writer.id("inpay_1"), writer.created, invoice, named))


def collect(writer: ObjectWriter, invoice: Document, payment: Document, method: str) -> Attempt:
    """Try to pay an open invoice with a card; `payment` names the PaymentIntent."""
    intent = writer.get("payment_intent", payment["payment"]["payment_intent"])
    attempt = payment_intents.confirm(
        writer, intent, {"payment_method": method, "off_session": True}
    )
    invoice["attempted"] = True
    invoice["attempt_count"] += 1
    if attempt.intent["status"] == "succeeded":
        invoice_payments.mark_paid(writer, payment, invoice["amount_remaining"])
        invoice_payments.mark_invoice_paid(writer, invoice)
    else:
        writer.emit("invoice.payment_failed", writer.replace(invoice))
    return attempt


def pay_elsewhere(writer: ObjectWriter, invoice: Document, payment: Document) -> None:
    """Record that the shop was paid outside Stripe; there is no charge."""
    if invoice["status"] != "open":
        raise StripeError(f"Invoice {invoice['id']} is {invoice['status']}: nothing is to be paid.")
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = writer.created
    writer.replace(payment)
    record: Document = {
        "charge": None,
        "payment_intent": None,
        "payment_record": writer.id("pr_1"),
        "type": "payment_record",
    }
    other = new_invoice_payment(writer.id("inpay_1"), writer.created, invoice, record)
    writer.add(other)
    invoice_payments.mark_paid(writer, other, invoice["amount_remaining"])
    invoice["amount_paid_off_stripe"] = invoice["amount_remaining"]
    invoice_payments.mark_invoice_paid(writer, invoice)


def emit_upcoming(writer: ObjectWriter, invoice: Document, lines: list[Document]) -> None:
    """Announce the next renewal, as Stripe does: the event's invoice has no id yet."""
    preview = {name: value for name, value in invoice.items() if name != "id"}
    total = sum(one["amount"] for one in lines)
    preview |= {
        "lines": {**invoice["lines"], "data": lines, "total_count": len(lines)},
        **dict.fromkeys(("amount_due", "amount_remaining", "subtotal", "total"), total),
    }
    source = random.Random(f"{invoice['id']}:upcoming")
    writer.emit("invoice.upcoming", encode(preview), source=source)


def _get_list(call: Call) -> Answer:
    query = Query("invoice")
    for name in ("customer", "status"):
        if name in call.params:
            query.where(f"{name} = ?", call.params[name])
    if "subscription" in call.params:
        path = "json_extract(body, '$.parent.subscription_details.subscription')"
        query.where(f"{path} = ?", call.params["subscription"])
    return page(call, query)


def _get_lines(call: Call) -> Answer:
    text = call.objects.find("invoice", call.id)
    if text is None:
        raise no_such("invoice", call.id, "invoice", status=404)
    lines = json.loads(text)["lines"]["data"]
    ids = [line["id"] for line in lines]
    after, limit = call.params.get("starting_after"), call.params.get("limit", 10)
    if after and after not in ids:
        raise no_such("line_item", after, "starting_after")
    rest = lines[ids.index(after) + 1 :] if after else lines
    return Many([encode(line) for line in rest[:limit]], len(rest) > limit)


def _post_attach(call: Change) -> One:
    intent = call.writer.get("payment_intent", call.params["payment_intent"], "payment_intent")
    return One(invoice_payments.attach(call.writer, call.get("invoice", "invoice"), intent))


_PATH = "/v1/invoices"
ENDPOINTS = (
    Read(
        path=_PATH,
        kind="invoice",
        table={
            "created": Range(),
            "customer": Text(),
            "status": Text(),
            "subscription": Text(),
            **PAGE,
        },
        run=_get_list,
        listed=True,
    ),
    retrieving("invoice", f"{_PATH}/{{id}}", "invoice"),
    Write(
        path=f"{_PATH}/{{id}}/attach_payment",
        kind="invoice",
        table={"payment_intent": Text(required=True)},
        run=_post_attach,
    ),
    Read(
        path=f"{_PATH}/{{id}}/lines",
        kind="line_item",
        table=PAGE,
        run=_get_lines,
        listed=True,
    ),
)
