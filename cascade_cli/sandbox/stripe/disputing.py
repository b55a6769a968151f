"""Disputes: a cardholder's bank takes the money back, and sometimes returns it."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.charging import move
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.ledger import Ledger
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.shapes.settlement import dispute as new_dispute

_FEE = 1500
_REVIEWED = {
    "needs_response": "under_review",
    "warning_needs_response": "warning_under_review",
}
_CLOSED = ("won", "lost", "warning_closed", "prevented")


def open_dispute(
    ledger: Ledger, charge: Document, reason: str, *, inquiry: bool = False
) -> Document:
    """The bank withdraws the charge's amount, and Stripe takes its fee; an inquiry only asks."""
    if charge["disputed"] or charge["refunded"] or not charge["captured"]:
        raise StripeError(f"Charge {charge['id']} cannot be disputed.")
    dispute = new_dispute(ledger.id("du_1"), ledger.created, charge, reason)
    charge["disputed"] = True
    ledger.replace(charge)
    if inquiry:
        dispute["status"], dispute["is_charge_refundable"] = "warning_needs_response", True
        dispute["payment_method_details"]["card"]["case_type"] = "inquiry"
    ledger.emit("charge.dispute.created", ledger.add(dispute))
    if inquiry:
        return dispute
    _move(ledger, dispute, -dispute["amount"], _FEE)
    ledger.emit("charge.dispute.funds_withdrawn", ledger.replace(dispute))
    return dispute


def respond(ledger: Ledger, dispute: Document) -> Document:
    """The shop submits its evidence: the bank looks at it."""
    if dispute["status"] not in _REVIEWED:
        raise StripeError(f"This dispute is {dispute['status']} and cannot be answered.")
    before = {"status": dispute["status"]}
    dispute["status"] = _REVIEWED[dispute["status"]]
    details = dispute["evidence_details"]
    details["has_evidence"], details["submission_count"] = True, 1
    details["submission_method"] = "manual"
    ledger.emit("charge.dispute.updated", ledger.replace(dispute), before)
    return dispute


def close(ledger: Ledger, dispute: Document, *, won: bool = False) -> Document:
    """End it. Closing by API concedes; a win returns the money and the fee."""
    if dispute["status"] in _CLOSED:
        raise StripeError("This dispute is already closed")
    if dispute["status"].startswith("warning_"):
        dispute["status"] = "warning_closed"
        ledger.emit("charge.dispute.closed", ledger.replace(dispute))
        return dispute
    dispute["status"] = "won" if won else "lost"
    if won:
        _move(ledger, dispute, dispute["amount"], -_FEE)
    text = ledger.replace(dispute)
    if won:
        ledger.emit("charge.dispute.funds_reinstated", text)
    ledger.emit("charge.dispute.closed", text)
    return dispute


def update(ledger: Ledger, dispute: Document, params: Document) -> Document:
    """Only metadata can change here."""
    before = {"metadata": dispute["metadata"]}
    if "metadata" in params:
        dispute["metadata"] = merge(dispute["metadata"], params["metadata"])
    ledger.emit("charge.dispute.updated", ledger.replace(dispute), before)
    return dispute


def _move(ledger: Ledger, dispute: Document, amount: int, fee: int) -> None:
    moved = move(
        ledger, amount, dispute["currency"], fee=fee, source=dispute["id"], type="adjustment"
    )
    dispute["balance_transactions"].append(moved)
