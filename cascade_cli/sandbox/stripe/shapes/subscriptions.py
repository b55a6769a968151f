"""What a fresh subscription and its items look like."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document

_UNSAID_OF_SUBSCRIPTION = (
    "application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds",
    "cancel_at", "canceled_at", "cancellation_details", "customer_account", "days_until_due",
    "default_payment_method", "default_source", "description", "ended_at", "latest_invoice",
    "managed_payments", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection",
    "pending_invoice_item_interval", "pending_setup_intent", "pending_update",
    "presentment_details", "schedule", "status_details", "test_clock", "transfer_data",
    "trial_end", "trial_settings", "trial_start",
)  # fmt: skip


def plan(price: Document) -> Document:
    """The legacy shape of a recurring price, which subscription items still show."""
    again = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": again["interval"],
        "interval_count": again["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "product": price["product"],
        "usage_type": "licensed",
        **dict.fromkeys(("meter", "nickname", "tiers_mode", "transform_usage")),
        "trial_period_days": None,
    }


def new_subscription_item(
    id: str, subscription: Document, price: Document, quantity: int
) -> Document:
    """One price that a subscription is for; its period comes with the first invoice."""
    return {
        "id": id,
        "object": "subscription_item",
        "billed_until": None,
        "billing_thresholds": None,
        "created": subscription["created"],
        "current_period_end": subscription["created"],
        "current_period_start": subscription["created"],
        "current_trial": None,
        "discounts": [],
        "metadata": {},
        "plan": plan(price),
        "price": price,
        "quantity": quantity,
        "subscription": subscription["id"],
        "tax_rates": [],
    }


def new_subscription(id: str, created: int, currency: str, customer: str) -> Document:
    """A subscription that nobody has paid for yet."""
    return {
        "id": id,
        "object": "subscription",
        "automatic_tax": {"disabled_reason": None, "enabled": False, "liability": None},
        "billing_cycle_anchor": created,
        "billing_mode": {"flexible": None, "type": "classic", "updated_at": None},
        "billing_schedules": [],
        "cancel_at_period_end": False,
        "collection_method": "charge_automatically",
        "created": created,
        "currency": currency,
        "customer": customer,
        "default_tax_rates": [],
        "discounts": [],
        "invoice_settings": {
            "account_tax_ids": None,
            "custom_fields": None,
            "description": None,
            "footer": None,
            "issuer": {"account": None, "type": "self"},
        },
        "items": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/subscription_items?subscription={id}",
        },
        "livemode": False,
        "metadata": {},
        "payment_settings": {
            "payment_method_options": None,
            "payment_method_types": None,
            "save_default_payment_method": "off",
        },
        "start_date": created,
        "status": "incomplete",
        **dict.fromkeys(_UNSAID_OF_SUBSCRIPTION),
    }
