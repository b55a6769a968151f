"""Invoice payments: what attaches a payment to an invoice that it pays.

The shop may attach a payment of its own to an open invoice of the same customer. Once the payment
has succeeded, it pays the invoice. Several payments may pay one invoice, and one may pay several.
Nothing on the payment itself names the invoice.
"""

from __future__ import annotations

import json
from typing import Any

from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Choice, Hash, Range, Text
from cascade_cli.sandbox.stripe.resources import customers
from cascade_cli.sandbox.stripe.routing import PAGE, Answer, Call, Read, page, retrieving

_OVER = ("canceled", "succeeded", "requires_capture")


def attach(
    writer: ObjectWriter, invoice: Document, intent: Document, amount: int | None = None
) -> Document:
    """Let a PaymentIntent pay an invoice, at once if it has succeeded; returns the invoice.

    With `amount`, only that part of the payment; the rest may pay another invoice.
    """
    _check(invoice, intent)
    named: Document = {
        "charge": None,
        "payment_intent": intent["id"],
        "payment_record": None,
        "type": "payment_intent",
    }
    made = new_invoice_payment(writer.id("inpay_1"), writer.created, invoice, named)
    made |= {"is_default": False, "amount_requested": amount or intent["amount"]}
    writer.add(made)
    if intent["status"] == "succeeded":
        apply(writer, made, invoice, intent["amount_received"])
    return invoice


def apply_attached(writer: ObjectWriter, intent: Document) -> None:
    """A PaymentIntent that has succeeded pays the invoices it is attached to, oldest first."""
    # Only payments of a customer can be attached.
    if not intent["customer"]:
        return
    left = intent["amount_received"]
    for payment in reversed(_payments(writer, "payment.payment_intent", intent["id"])):
        if payment["status"] == "open" and not payment["is_default"]:
            invoice = writer.get("invoice", payment["invoice"])
            left -= apply(writer, payment, invoice, left)


def apply(writer: ObjectWriter, payment: Document, invoice: Document, most: int) -> int:
    """Apply up to `most` of a payment to its invoice; returns how much was applied.

    What exceeds the invoice goes to the customer's balance.
    """
    amount = min(payment["amount_requested"], most)
    over = max(0, amount - invoice["amount_remaining"])
    mark_paid(writer, payment, amount)
    invoice["amount_paid"] += amount - over
    invoice["amount_remaining"] -= amount - over
    if over:
        _overpaid(writer, invoice, over)
    default = default_payment(writer, invoice)
    if invoice["amount_remaining"]:
        _lower_default(writer, default, invoice["amount_remaining"])
        writer.emit("invoice.updated", writer.replace(invoice))
    else:
        if default["id"] != payment["id"]:
            _cancel_default(writer, default)
        mark_invoice_paid(writer, invoice)
        _reactivate_subscription(writer, invoice)
    return int(amount)


def mark_paid(writer: ObjectWriter, payment: Document, amount: int) -> None:
    """The invoice payment is paid, with `amount`."""
    payment |= {"status": "paid", "amount_paid": amount}
    payment["status_transitions"]["paid_at"] = writer.created
    writer.emit("invoice_payment.paid", writer.replace(payment))


def mark_invoice_paid(writer: ObjectWriter, invoice: Document) -> None:
    """The invoice is paid in full."""
    invoice |= {
        "status": "paid",
        "attempted": True,
        "amount_paid": invoice["amount_due"],
        "amount_remaining": 0,
    }
    invoice["status_transitions"]["paid_at"] = writer.created
    text = writer.replace(invoice)
    writer.emit("invoice.paid", text)
    writer.emit("invoice.payment_succeeded", text)


def default_payment(writer: ObjectWriter, invoice: Document) -> Document:
    """The payment that Stripe itself made when the invoice was finalised."""
    found = _payments(writer, "invoice", invoice["id"])
    return next(one for one in found if one["is_default"])


def list_for(writer: ObjectWriter, invoice: Document) -> list[Document]:
    """All payments attached to the invoice, newest first."""
    return _payments(writer, "invoice", invoice["id"])


def _payments(writer: ObjectWriter, path: str, id: str) -> list[Document]:
    query = Query("invoice_payment").where(f"json_extract(body, '$.{path}') = ?", id)
    return [json.loads(text) for text in writer.flush().all(query)]


def _check(invoice: Document, intent: Document) -> None:
    if invoice["status"] != "open":
        raise StripeError(
            f"Invoice {invoice['id']} is {invoice['status']}: only to an open one can a payment be"
            " attached."
        )
    if (intent["customer"], intent["currency"]) != (invoice["customer"], invoice["currency"]):
        raise StripeError(
            "The PaymentIntent must have the same customer and currency as the invoice.",
            param="payment_intent",
        )
    if intent["status"] == "canceled":
        raise StripeError("The PaymentIntent is canceled.", param="payment_intent")
    if intent["status"] != "succeeded" and intent["amount"] > invoice["amount_remaining"]:
        raise StripeError(
            "The PaymentIntent's amount is more than what remains of the invoice.",
            param="payment_intent",
        )
    is_automatic = invoice["collection_method"] == "charge_automatically" and invoice["parent"]
    if is_automatic and intent["amount"] < invoice["amount_remaining"]:
        raise StripeError(
            "An invoice of a subscription that is charged automatically takes no partial payments.",
            param="payment_intent",
        )


def _overpaid(writer: ObjectWriter, invoice: Document, over: int) -> None:
    invoice["amount_overpaid"] += over
    customers.change_balance(writer, writer.get("customer", invoice["customer"]), -over)
    writer.emit("invoice.overpaid", writer.replace(invoice))


def _lower_default(writer: ObjectWriter, default: Document, remaining: int) -> None:
    """Lower the default payment to what is left."""
    writer.replace(default | {"amount_requested": remaining})
    intent = writer.get("payment_intent", default["payment"]["payment_intent"])
    writer.replace(intent | {"amount": remaining})


def _cancel_default(writer: ObjectWriter, default: Document) -> None:
    default["status"] = "canceled"
    default["status_transitions"]["canceled_at"] = writer.created
    writer.replace(default)
    named = default["payment"]["payment_intent"]
    intent = writer.get("payment_intent", named) if named else None
    if intent and intent["status"] not in _OVER:
        intent |= {"status": "canceled", "canceled_at": writer.created}
        writer.emit("payment_intent.canceled", writer.replace(intent))


def _reactivate_subscription(writer: ObjectWriter, invoice: Document) -> None:
    """Reactivate a subscription that was past due with this invoice."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    if not details.get("subscription"):
        return
    subscription = writer.get("subscription", details["subscription"])
    if subscription["status"] == "past_due" and subscription["latest_invoice"] == invoice["id"]:
        subscription["status"] = "active"
        before = {"status": "past_due"}
        writer.emit("customer.subscription.updated", writer.replace(subscription), before)


_PAYMENT = {"payment_intent": Text(), "payment_record": Text(), "type": Text(required=True)}


def _get_list(call: Call) -> Answer:
    query = Query("invoice_payment")
    if "status" in call.params:
        query.where("status = ?", call.params["status"])
    if "invoice" in call.params:
        if call.objects.find("invoice", call.params["invoice"]) is None:
            raise no_such("invoice", call.params["invoice"], "invoice")
        query.where("json_extract(body, '$.invoice') = ?", call.params["invoice"])
    if "payment" in call.params:
        _of_payment(query, call.params["payment"])
    return page(call, query)


def _of_payment(query: Query, payment: dict[str, str]) -> None:
    type_ = payment["type"]
    if type_ not in ("payment_intent", "payment_record"):
        raise StripeError(f"Invalid payment[type]: {type_}", param="payment[type]")
    query.where("json_extract(body, '$.payment.type') = ?", type_)
    if type_ in payment:
        query.where(f"json_extract(body, '$.payment.{type_}') = ?", payment[type_])


_PATH = "/v1/invoice_payments"
ENDPOINTS = (
    Read(
        path=_PATH,
        kind="invoice_payment",
        table={
            "created": Range(),
            "invoice": Text(),
            "payment": Hash(_PAYMENT),
            "status": Choice(("canceled", "open", "paid")),
            **PAGE,
        },
        run=_get_list,
        listed=True,
    ),
    retrieving("invoice_payment", f"{_PATH}/{{id}}"),
)


def new_invoice_payment(id: str, created: int, of: Document, payment: dict[str, Any]) -> Document:
    """One payment towards an invoice, open; `payment` is its type and what it names."""
    return {
        "id": id,
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": of["amount_due"],
        "created": created,
        "currency": of["currency"],
        "invoice": of["id"],
        "is_default": True,
        "livemode": False,
        "payment": payment,
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }
