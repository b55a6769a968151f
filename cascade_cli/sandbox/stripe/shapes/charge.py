"""Charges."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document
from cascade_cli.sandbox.stripe.resources.cards import Card, Decline
from cascade_cli.sandbox.stripe.resources.payment_methods import BILLING_DETAILS


def charge(id: str, created: int, amount: int, currency: str, card: Card) -> Document:
    """An approved and captured charge, or a failed one if the card has a reason to decline."""
    decline = card.decline
    failed = decline is not None
    return {
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": 0 if failed else amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "authorization_code": None,
        "balance_transaction": None,
        "billing_details": BILLING_DETAILS,
        "calculated_statement_descriptor": "CASCADE",
        "captured": not failed,
        "created": created,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "level3": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": not failed,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if failed else "succeeded",
        "transfer": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: Decline | None) -> Document:
    said = "The bank did not return any further details with this decline."
    if decline and decline.decline_code != "generic_decline":
        said = f"The bank returned the decline code `{decline.decline_code}`."
    return {
        "advice_code": decline.advice_code if decline else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "rule": None,
        "seller_message": said if decline else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }
