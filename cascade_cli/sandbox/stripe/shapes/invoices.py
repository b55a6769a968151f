"""What a fresh invoice and its lines look like."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document

_UNSAID_OF_INVOICE = (
    "account_tax_ids", "amount_paid_off_stripe", "application", "automatically_finalizes_at",
    "confirmation_secret", "custom_fields", "customer_account", "customer_address",
    "customer_email", "customer_name", "customer_phone", "customer_shipping",
    "default_payment_method", "default_source", "description", "due_date", "effective_at",
    "ending_balance", "footer", "from_invoice", "hosted_invoice_url", "invoice_pdf",
    "last_finalization_error", "latest_revision", "next_payment_attempt", "number",
    "on_behalf_of", "parent", "receipt_number", "rendering", "shipping_cost", "shipping_details",
    "statement_descriptor", "status_details", "subtotal_excluding_tax", "test_clock",
    "threshold_reason", "total_excluding_tax", "webhooks_delivered_at",
)  # fmt: skip
_NOTHING = (
    "amount_due", "amount_overpaid", "amount_paid", "amount_remaining", "amount_shipping",
    "attempt_count", "post_payment_credit_notes_amount", "pre_payment_credit_notes_amount",
    "starting_balance", "subtotal", "total",
)  # fmt: skip
_MOMENTS = ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")


def new_invoice(id: str, created: int, currency: str, customer: str, reason: str) -> Document:
    """A draft without lines."""
    return {
        "id": id,
        "object": "invoice",
        "account_country": "US",
        "account_name": "CASCADE",
        **dict.fromkeys(_NOTHING, 0),
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": currency,
        "customer": customer,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "default_tax_rates": [],
        "discounts": [],
        "issuer": {"account": None, "type": "self"},
        "lines": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/invoices/{id}/lines",
        },
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": created,
        "period_start": created,
        "status": "draft",
        "status_transitions": dict.fromkeys(_MOMENTS),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        **dict.fromkeys(_UNSAID_OF_INVOICE),
    }


def of_subscription(subscription: Document) -> Document:
    """An invoice's `parent`: which subscription it is of, with its metadata of this moment."""
    return {
        "quote_details": None,
        "subscription_details": {
            "metadata": dict(subscription["metadata"]),
            "subscription": subscription["id"],
            "subscription_proration_date": None,
        },
        "type": "subscription_details",
    }


def new_line(id: str, invoice_id: str, price: Document, amount: int, quantity: int) -> Document:
    """One line; the caller sets `parent`, `period` and `description`."""
    # For a proration, Stripe shows the proration's amount per unit here, not the price's.
    each = price["unit_amount_decimal"] if amount >= 0 else str(amount // quantity)
    return {
        "id": id,
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "description": None,
        "discount_amounts": [],
        "discountable": True,
        "discounts": [],
        "invoice": invoice_id,
        "livemode": False,
        "metadata": {},
        "parent": None,
        "period": {"end": 0, "start": 0},
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": {"price": price["id"], "product": price["product"]},
            "type": "price_details",
            "unit_amount_decimal": each,
        },
        "quantity": quantity,
        "quantity_decimal": str(quantity),
        "subscription": None,
        "subtotal": amount,
        "taxes": [],
    }


def of_item(item: Document, *, proration: bool) -> Document:
    """A line's `parent`: which item of the subscription it is for."""
    return {
        "invoice_item_details": None,
        "subscription_item_details": {
            "invoice_item": None,
            "proration": proration,
            "proration_details": {"credited_items": None},
            "subscription": item["subscription"],
            "subscription_item": item["id"],
        },
        "type": "subscription_item_details",
    }


def once(id: str, subscription_id: str | None) -> Document:
    """A line's `parent`: something that is billed only once."""
    return {
        "invoice_item_details": {
            "invoice_item": id,
            "proration": False,
            "proration_details": {"credited_items": None},
            "subscription": subscription_id,
        },
        "subscription_item_details": None,
        "type": "invoice_item_details",
    }
