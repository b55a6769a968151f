"""Refunds, disputes and balance transactions: what happens to money after a charge."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document

_DAY = 86_400
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


def refund(id: str, created: int, charge: Document, amount: int) -> Document:
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


def awaiting_details(created: int) -> Document:
    """What a refund shows while the customer has still to name a bank account."""
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
                "expires_at": created + 45 * _DAY,
            },
            "type": "display_details",
        },
        "status": "requires_action",
    }


def dispute(id: str, created: int, charge: Document, reason: str) -> Document:
    """A fresh chargeback, answerable for nine days."""
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
    """Evidence is taken for nine days, to the end of the last."""
    return created - created % _DAY + 10 * _DAY - 1


def balance_transaction(
    id: str,
    created: int,
    amount: int,
    currency: str,
    *,
    fee: int,
    source: str,
    type: str,
    category: str,
) -> Document:
    """A movement on the account's balance: `amount` is signed and before the fee.

    It is written as pending; whoever shows it looks at `available_on`.
    """
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Dispute fee" if type == "adjustment" else "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created - created % _DAY + 2 * _DAY,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": type,
    }
