"""Captures: authorised money is taken, all of it or less."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.currencies import check_step, show
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.object_writer import Ledger
from cascade_cli.sandbox.stripe.resources import charges, refunds


def capture(ledger: Ledger, charge: Document, amount: int | None) -> Document:
    """Take authorised money. The rest of the authorisation is released, which is a refund too.

    The whole authorisation is booked, and its rest booked back in the same moment.
    """
    wanted = charge["amount"] if amount is None else amount
    _check(charge, wanted)
    changing = ("amount_captured", "amount_refunded", "balance_transaction", "captured")
    before = {key: charge[key] for key in changing}
    charge |= {"captured": True, "amount_captured": wanted}
    charges.settle(ledger, charge)
    rest = charge["amount"] - wanted
    released = refunds.booked_back(ledger, charge, rest) if rest else None
    text = ledger.replace(charge)
    ledger.emit("charge.captured", text, before)
    if released:
        ledger.emit("refund.created", ledger.add(released))
        ledger.emit("charge.refunded", text, {"amount_refunded": before["amount_refunded"]})
    return charge


def _check(charge: Document, wanted: int) -> None:
    if charge["captured"] or charge["refunded"] or charge["status"] != "succeeded":
        raise StripeError(
            f"Charge {charge['id']} has already been captured."
            if charge["captured"]
            else f"Charge {charge['id']} could not be captured.",
            code="charge_already_captured" if charge["captured"] else None,
        )
    if wanted > charge["amount"]:
        raise StripeError(
            f"You cannot capture more than the authorized amount of"
            f" {show(charge['amount'], charge['currency'])}.",
            code="amount_too_large",
            param="amount",
        )
    check_step(wanted, charge["currency"])
