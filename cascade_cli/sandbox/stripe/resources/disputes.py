"""Disputes: the cardholder's bank takes the money back, and returns it if the shop wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from cascade_cli.sandbox.stripe.currencies import show
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Text
from cascade_cli.sandbox.stripe.resources.balance import DAY_SECONDS, move
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

UNHEARD_OF = "unheard_of"
"""A status that Stripe does not have: it stands for those that Stripe may add."""
Opening = Literal["needs_response", "warning_needs_response", "prevented"]
OPENINGS: tuple[str, ...] = get_args(Opening)
Stage = Literal[
    "needs_response", "under_review", "won", "lost", "appeal_needs_response",
    "appeal_under_review", "warning_under_review", "warning_closed",
]  # fmt: skip
"""What a story may say that a dispute becomes."""
PREVENTIONS = ("block", "resolution")
_FEE = 1500
# Which status may follow which.
_AFTER = {
    "warning_needs_response": ("warning_under_review", "warning_closed", "needs_response"),
    "warning_under_review": ("warning_closed", "needs_response"),
    "needs_response": ("under_review", "won", "lost", UNHEARD_OF),
    "under_review": ("won", "lost", UNHEARD_OF),
    "lost": ("appeal_needs_response", "won", UNHEARD_OF),
    "appeal_needs_response": ("appeal_under_review", "won", "lost"),
    "appeal_under_review": ("won", "lost"),
    UNHEARD_OF: ("under_review", "won", "lost"),
}
STATUSES = tuple(dict.fromkeys((*OPENINGS, *(each for after in _AFTER.values() for each in after))))
_WITHOUT_MONEY = ("warning_needs_response", "warning_under_review", "warning_closed", "won")
_CLOSED = ("won", "lost", "warning_closed", "prevented")


@dataclass(frozen=True)
class Claim:
    """What the cardholder disputes, by default all that was not refunded.

    The claim may be in another currency than the charge. `withdrawn` is what leaves the balance for
    it, in the charge's currency.
    """

    reason: str = "fraudulent"
    amount: int | None = None
    currency: str | None = None
    withdrawn: int | None = None


def create(
    writer: ObjectWriter,
    charge: Document,
    claim: Claim,
    status: str = "needs_response",
    prevented_by: str = "block",
) -> Document:
    """The bank withdraws the disputed amount, and Stripe takes its fee.

    An inquiry (`warning_needs_response`) withdraws nothing. Neither does a dispute `prevented` by a
    block; one prevented by a resolution has paid the cardholder.
    """
    if status not in OPENINGS or prevented_by not in PREVENTIONS:
        raise StripeError(f"No dispute begins as {status} ({prevented_by}).")
    if charge["refunded"] or not charge["captured"] or forbids_refunds(writer, charge):
        raise StripeError(f"Charge {charge['id']} cannot be disputed.")
    dispute = new_dispute(writer.id("du_1"), writer.created, charge, claim.reason)
    dispute["amount"] = claim.amount or dispute["amount"]
    dispute["currency"] = claim.currency or dispute["currency"]
    _check_amount(charge, dispute)
    charge["disputed"] = True
    writer.replace(charge)
    _becomes(writer, dispute, status)
    if status == "prevented":
        dispute["payment_method_details"]["card"]["case_type"] = prevented_by
        dispute["evidence_details"]["due_by"] = 0
    writer.emit("charge.dispute.created", writer.add(dispute))
    if _withdraws(dispute):
        _withdraw(writer, dispute, charge, claim.withdrawn)
    return dispute


def change_status(writer: ObjectWriter, dispute: Document, status: str) -> Document:
    """Give the dispute its next status, and move its money accordingly."""
    before = {"status": dispute["status"]}
    if status not in _AFTER.get(dispute["status"], ()):
        raise StripeError(f"This dispute is {dispute['status']} and cannot become {status}.")
    _becomes(writer, dispute, status)
    if _withdraws(dispute) and _moved(dispute) == 0:
        _withdraw(writer, dispute, writer.get("charge", dispute["charge"]))
    if status == "won":
        _reinstate(writer, dispute)
    text = writer.replace(dispute)
    if status in _CLOSED:
        writer.emit("charge.dispute.closed", text)
    else:
        writer.emit("charge.dispute.updated", text, before)
    return dispute


def respond(writer: ObjectWriter, dispute: Document) -> Document:
    """The shop submits its evidence, and the bank reviews it."""
    if not dispute["status"].endswith("needs_response"):
        raise StripeError(f"This dispute is {dispute['status']} and cannot be answered.")
    return change_status(
        writer, dispute, dispute["status"].replace("needs_response", "under_review")
    )


def close(writer: ObjectWriter, dispute: Document, *, won: bool = False) -> Document:
    """End the dispute. Closing it by the API means that the shop accepts it."""
    if dispute["status"] in _CLOSED:
        raise StripeError("This dispute is already closed")
    if dispute["status"].startswith("warning_"):
        return change_status(writer, dispute, "warning_closed")
    return change_status(writer, dispute, "won" if won else "lost")


def update(writer: ObjectWriter, dispute: Document, params: Document) -> Document:
    """Only metadata can change here."""
    before = {"metadata": dispute["metadata"]}
    if "metadata" in params:
        dispute["metadata"] = merge(dispute["metadata"], params["metadata"])
    writer.emit("charge.dispute.updated", writer.replace(dispute), before)
    return dispute


def forbids_refunds(writer: ObjectWriter, charge: Document) -> bool:
    """Whether a dispute holds the charge's money, so that nothing can be refunded."""
    return any(_withdraws(dispute) for dispute in writer.of_charge("dispute", charge["id"]))


def _withdraws(dispute: Document) -> bool:
    """Whether a dispute in this state has taken the money."""
    if dispute["status"] == "prevented":
        return bool(dispute["payment_method_details"]["card"]["case_type"] == "resolution")
    return dispute["status"] not in _WITHOUT_MONEY


def _check_amount(charge: Document, dispute: Document) -> None:
    left = charge["amount"] - charge["amount_refunded"]
    if dispute["currency"] == charge["currency"] and dispute["amount"] > left:
        most = show(left, charge["currency"])
        raise StripeError(f"No more than {most} of charge {charge['id']} can be disputed.")


def _becomes(writer: ObjectWriter, dispute: Document, status: str) -> None:
    asks = status.startswith("warning_")
    dispute |= {"status": status, "is_charge_refundable": asks}
    details = dispute["evidence_details"]
    if status.endswith("needs_response"):
        dispute["payment_method_details"]["card"]["case_type"] = "inquiry" if asks else "chargeback"
        details["due_by"] = due_by(writer.created)
    if status.endswith("under_review"):
        details["has_evidence"], details["submission_method"] = True, "manual"
        details["submission_count"] += 1


def _moved(dispute: Document) -> int:
    return sum(moved["amount"] for moved in dispute["balance_transactions"])


def _withdraw(
    writer: ObjectWriter, dispute: Document, charge: Document, amount: int | None = None
) -> None:
    """Take `amount`; by default the claim, or all that is left if the currencies differ."""
    if amount is None and dispute["currency"] == charge["currency"]:
        amount = dispute["amount"]
    amount = amount or charge["amount"] - charge["amount_refunded"]
    _move(writer, dispute, -amount, charge["currency"], "dispute")
    writer.emit("charge.dispute.funds_withdrawn", writer.replace(dispute))


def _reinstate(writer: ObjectWriter, dispute: Document) -> None:
    """Return exactly what was withdrawn; the fee stays with Stripe."""
    (first, *_) = dispute["balance_transactions"]
    _move(writer, dispute, -_moved(dispute), first["currency"], "dispute_reversal")
    writer.emit("charge.dispute.funds_reinstated", writer.replace(dispute))


def _move(
    writer: ObjectWriter, dispute: Document, amount: int, currency: str, category: str
) -> None:
    moved = move(
        writer,
        amount,
        currency,
        fee=_FEE if category == "dispute" else 0,
        source=dispute["id"],
        type="adjustment",
        category=category,
    )
    dispute["balance_transactions"].append(moved)


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("dispute", "dispute"), call.params))


def _post_close(call: Change) -> One:
    return One(close(call.writer, call.get("dispute", "dispute")))


ENDPOINTS = (
    listing("dispute", "/v1/disputes", {"charge": Text(), "payment_intent": Text()}),
    retrieving("dispute", "/v1/disputes/{id}", "dispute"),
    Write(
        path="/v1/disputes/{id}",
        kind="dispute",
        table={"metadata": Metadata()},
        run=_post_update,
    ),
    Write(path="/v1/disputes/{id}/close", kind="dispute", run=_post_close),
)


_EVIDENCE = """
    access_activity_log billing_address cancellation_policy cancellation_policy_disclosure
    cancellation_rebuttal customer_communication customer_email_address customer_name
    customer_purchase_ip customer_signature duplicate_charge_documentation
    duplicate_charge_explanation duplicate_charge_id product_description receipt refund_policy
    refund_policy_disclosure refund_refusal_explanation service_date service_documentation
    shipping_address shipping_carrier shipping_date shipping_documentation
    shipping_tracking_number uncategorized_file uncategorized_text
"""
_VISA_REASONS = {
    "fraudulent": "10.4",
    "duplicate": "12.6.1",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "credit_not_processed": "13.6",
    "subscription_canceled": "13.2",
    "unrecognized": "10.4",
}


def new_dispute(id: str, created: int, charge: Document, reason: str) -> Document:
    """A fresh chargeback; the shop has nine days to answer."""
    brand = charge["payment_method_details"]["card"]["brand"]
    code = _VISA_REASONS.get(reason, "11.1")
    return {
        "id": id,
        "object": "dispute",
        "amount": charge["amount"] - charge["amount_refunded"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": created,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE.split()), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by(created),
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "intended_submission_method": None,
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": code,
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "chargeback",
                "network": brand,
                "network_reason_code": code,
            },
            "type": "card",
        },
        "reason": reason,
        "status": "needs_response",
    }


def due_by(created: int) -> int:
    """Evidence can be submitted until the end of the ninth day."""
    return created - created % DAY_SECONDS + 10 * DAY_SECONDS - 1
