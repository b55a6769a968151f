"""Refunds, whole or in part."""

from __future__ import annotations

from typing import Literal, get_args

from cascade_cli.sandbox.stripe.currencies import check_step, show
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Choice, Integer, Text
from cascade_cli.sandbox.stripe.resources import disputes
from cascade_cli.sandbox.stripe.resources.balance import DAY_SECONDS, fee_for, move
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

Status = Literal["requires_action", "pending", "succeeded", "failed", "canceled"]
STATUSES: tuple[str, ...] = get_args(Status)
UNFUNDED = "insufficient_funds"
# Which status may follow which.
_AFTER = {
    "requires_action": ("pending", "succeeded", "failed", "canceled"),
    "pending": ("succeeded", "failed", "canceled"),
    "succeeded": ("failed",),
}
# No money has moved in these. In `pending` it has, unless the balance cannot pay the refund.
_WITHOUT_MONEY = ("requires_action",)


def create(writer: ObjectWriter, charge: Document, params: Document) -> Document:
    """Send money back to the card; without an amount, all that is left.

    `status` is the refund's first one. The money leaves the balance at once, unless the refund
    waits for the customer's bank details (`requires_action`) or for enough money on the balance
    (`pending`, with that reason).
    """
    _check_refundable(writer, charge)
    if not charge["captured"]:
        return release_authorization(writer, charge)
    left = charge["amount"] - charge["amount_refunded"]
    amount = params.get("amount") or left
    if amount > left:
        raise StripeError(
            f"Refund amount ({show(amount, charge['currency'])}) is greater than unrefunded amount"
            f" on charge ({show(left, charge['currency'])})",
            param="amount",
        )
    check_step(amount, charge["currency"])
    refund = new_refund(writer.id("re_3"), writer.created, charge, amount)
    refund["reason"] = params.get("reason")
    refund["metadata"] = merge({}, params.get("metadata"))
    refund["status"] = params.get("status") or "succeeded"
    if refund["status"] == "pending":
        refund["pending_reason"] = params.get("pending_reason") or "processing"
    if refund["status"] == "requires_action":
        refund |= new_bank_details_request(writer.created)
    if refund["status"] not in _WITHOUT_MONEY and refund["pending_reason"] != UNFUNDED:
        _take(writer, refund)
    _write(writer, charge, refund)
    return refund


def change_status(writer: ObjectWriter, refund: Document, status: str) -> Document:
    """A refund that waits goes on, or the card's bank sends a succeeded one back.

    If the refund fails or is cancelled, money that it took returns to the balance, and the charge
    no longer counts it as refunded.
    """
    if status not in _AFTER.get(refund["status"], ()):
        raise StripeError(f"Refund {refund['id']} is {refund['status']} and cannot be {status}.")
    before = {"status": refund["status"]}
    refund |= {"status": status, "next_action": None}
    refund["pending_reason"] = "processing" if status == "pending" else None
    if status in {"failed", "canceled"}:
        _give_back(writer, refund)
    elif status not in _WITHOUT_MONEY and refund["balance_transaction"] is None:
        _take(writer, refund)
    text = writer.replace(refund)
    if status == "failed":
        writer.emit("refund.failed", text, before)
    writer.emit("refund.updated", text, before)
    writer.emit("charge.refund.updated", text, before)
    return refund


def cancel(writer: ObjectWriter, refund: Document) -> Document:
    """Cancel a refund; only one that still waits for the customer's bank details can be."""
    if refund["status"] != "requires_action":
        raise StripeError(
            f"Refund {refund['id']} cannot be canceled: only refunds with status requires_action"
            f" can, and its status is {refund['status']}."
        )
    return change_status(writer, refund, "canceled")


def _take(writer: ObjectWriter, refund: Document) -> None:
    moved = move(
        writer, -refund["amount"], refund["currency"], fee=0, source=refund["id"], type="refund"
    )
    refund["balance_transaction"] = moved["id"]


def _give_back(writer: ObjectWriter, refund: Document) -> None:
    amount = refund["amount"]
    if refund["status"] == "failed":
        refund["failure_reason"] = "lost_or_stolen_card"
    if refund["balance_transaction"]:
        moved = move(
            writer, amount, refund["currency"], fee=0, source=refund["id"], type="refund_failure"
        )
        refund["failure_balance_transaction"] = moved["id"]
    charge = writer.get("charge", refund["charge"])
    before = {"amount_refunded": charge["amount_refunded"], "refunded": charge["refunded"]}
    charge["amount_refunded"] -= amount
    charge["refunded"] = False
    writer.emit("charge.updated", writer.replace(charge), before)


def release_authorization(writer: ObjectWriter, charge: Document) -> Document:
    """Release an authorisation: a refund of money that never reached the balance."""
    refund = new_refund(writer.id("re_3"), writer.created, charge, charge["amount"])
    _write(writer, charge, refund)
    return refund


def refund_uncaptured(writer: ObjectWriter, charge: Document, rest: int) -> Document:
    """The refund of what a capture did not take; the fee on that part comes back with it."""
    refund = new_refund(writer.id("re_3"), writer.created, charge, rest)
    moved = move(
        writer,
        -rest,
        charge["currency"],
        fee=fee_for(charge["amount"] - rest) - fee_for(charge["amount"]),
        source=refund["id"],
        type="refund",
        category="partial_capture_reversal",
    )
    refund["balance_transaction"] = moved["id"]
    charge["amount_refunded"] += rest
    return refund


def charge_to_refund(writer: ObjectWriter, params: Document) -> Document:
    """The charge that a request names, directly or by its PaymentIntent."""
    if params.get("charge"):
        return writer.get("charge", params["charge"], "charge", status=404)
    if not params.get("payment_intent"):
        raise StripeError(
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            code="parameter_missing",
        )
    intent = writer.get("payment_intent", params["payment_intent"], "payment_intent", status=404)
    if intent["status"] != "succeeded":
        raise StripeError(
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
            param="payment_intent",
        )
    return writer.get("charge", intent["latest_charge"])


def update(writer: ObjectWriter, refund: Document, params: Document) -> Document:
    """Only metadata can change."""
    before = {"metadata": refund["metadata"]}
    if "metadata" in params:
        refund["metadata"] = merge(refund["metadata"], params["metadata"])
    text = writer.replace(refund)
    writer.emit("refund.updated", text, before)
    writer.emit("charge.refund.updated", text, before)
    return refund


def _check_refundable(writer: ObjectWriter, charge: Document) -> None:
    if charge["status"] == "failed":
        raise StripeError(f"Charge {charge['id']} failed and cannot be refunded.")
    if not charge["captured"] and charge["payment_intent"]:
        raise StripeError(
            f"Charge {charge['id']} has not been captured: cancel its PaymentIntent instead."
        )
    if charge["disputed"] and disputes.forbids_refunds(writer, charge):
        raise StripeError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if charge["refunded"]:
        raise StripeError(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )


def _write(writer: ObjectWriter, charge: Document, refund: Document) -> None:
    before = {"amount_refunded": charge["amount_refunded"]}
    charge["amount_refunded"] += refund["amount"]
    writer.emit("refund.created", writer.add(refund))
    if charge["amount_refunded"] >= charge["amount"]:
        charge["refunded"] = True
        before["refunded"] = False
    writer.emit("charge.refunded", writer.replace(charge), before)


_CREATE = {
    "amount": Integer(minimum=1),
    "charge": Text(),
    "metadata": Metadata(),
    "payment_intent": Text(),
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
}


def _post_create(call: Change) -> One:
    charge = charge_to_refund(call.writer, call.params)
    return One(create(call.writer, charge, call.params))


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("refund"), call.params))


def _post_cancel(call: Change) -> One:
    return One(cancel(call.writer, call.get("refund")))


ENDPOINTS = (
    listing("refund", "/v1/refunds", {"charge": Text(), "payment_intent": Text()}),
    retrieving("refund", "/v1/refunds/{id}"),
    Write(path="/v1/refunds", kind="refund", table=_CREATE, run=_post_create),
    Write(
        path="/v1/refunds/{id}",
        kind="refund",
        table={"metadata": Metadata()},
        run=_post_update,
    ),
    Write(path="/v1/refunds/{id}/cancel", kind="refund", run=_post_cancel),
)


def new_refund(id: str, created: int, charge: Document, amount: int) -> Document:
    """A refund that the card's network has accepted."""
    return {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "customer": None,
        "customer_account": None,
        "description": None,
        "destination_details": {
            "card": {
                "reference_status": "pending",
                "reference_type": "acquirer_reference_number",
                "type": "refund",
            },
            "type": "card",
        },
        "failure_balance_transaction": None,
        "failure_reason": None,
        "instructions_email": None,
        "metadata": {},
        "next_action": None,
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "pending_reason": None,
        "presentment_details": None,
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }


def new_bank_details_request(created: int) -> Document:
    """The fields of a refund for which the customer still has to name a bank account."""
    return {
        "destination_details": {
            "type": "us_bank_transfer",
            "us_bank_transfer": {"reference": None, "reference_status": None},
        },
        "instructions_email": "citizen@venice.example",
        "next_action": {
            "display_details": {
                "email_sent": {
                    "email_sent_at": created,
                    "email_sent_to": "citizen@venice.example",
                },
                "expires_at": created + 45 * DAY_SECONDS,
            },
            "type": "display_details",
        },
        "status": "requires_action",
    }
