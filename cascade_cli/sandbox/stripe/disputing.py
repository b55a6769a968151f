"""Disputes: a cardholder's bank takes the money back, and sometimes returns it."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.charging import move
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.ledger import Ledger
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.shapes.settlement import dispute as new_dispute

_FEE = 1500
_CLOSED = ("won", "lost", "warning_closed", "prevented")


def open_dispute(ledger: Ledger, charge: Document, reason: str) -> Document:
    """The bank withdraws the charge's amount, and Stripe takes its fee."""
    if charge["disputed"] or charge["refunded"] or not charge["captured"]:
        raise StripeError(f"Charge {charge['id']} cannot be disputed.")
    dispute = new_dispute(ledger.id("du_1"), ledger.created, charge, reason)
    charge["disputed"] = True
    ledger.replace(charge)
    ledger.emit("charge.dispute.created", ledger.add(dispute))
    _move(ledger, dispute, -dispute["amount"], _FEE)
    ledger.emit("charge.dispute.funds_withdrawn", ledger.replace(dispute))
    return dispute


def close(ledger: Ledger, dispute: Document, *, won: bool = False) -> Document:
    """End it. Closing by API concedes; a win returns the money and the fee."""
    if dispute["status"] in _CLOSED:
        raise StripeError("This dispute is already closed")
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
