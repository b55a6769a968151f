"""Products, prices, coupons, and subscriptions with their items."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document

_UNSAID_OF_PRODUCT = (
    "default_price", "description", "package_dimensions", "shippable", "statement_descriptor",
    "tax_code", "tax_details", "unit_label", "url",
)  # fmt: skip
_UNSAID_OF_SUBSCRIPTION = (
    "application", "application_fee_percent", "billing_cycle_anchor_config", "billing_thresholds",
    "cancel_at", "canceled_at", "cancellation_details", "customer_account", "days_until_due",
    "default_payment_method", "default_source", "description", "ended_at", "latest_invoice",
    "managed_payments", "next_pending_invoice_item_invoice", "on_behalf_of", "pause_collection",
    "pending_invoice_item_interval", "pending_setup_intent", "pending_update",
    "presentment_details", "schedule", "status_details", "test_clock", "transfer_data",
    "trial_end", "trial_settings", "trial_start",
)  # fmt: skip


def product(id: str, created: int, name: str) -> Document:
    """Something that prices are made for."""
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": created,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "type": "service",
        "updated": created,
        **dict.fromkeys(_UNSAID_OF_PRODUCT),
    }


def price(id: str, product: str, created: int, currency: str, unit_amount: int) -> Document:
    """A price that is paid once; inactive, as those that Stripe makes of inline `price_data`."""
    return {
        "id": id,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def recurring(interval: str = "month", interval_count: int = 1) -> Document:
    """What makes a price one of subscriptions."""
    return {
        "interval": interval,
        "interval_count": interval_count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def plan(price: Document) -> Document:
    """The older shape of a recurring price, which subscription items still show."""
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


def subscription_item(id: str, subscription: Document, price: Document, quantity: int) -> Document:
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


def subscription(id: str, created: int, currency: str, customer: str) -> Document:
    """One that nobody has paid for yet."""
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


def coupon(id: str, created: int) -> Document:
    """A coupon; what it takes off is the caller's to say."""
    return {
        "id": id,
        "object": "coupon",
        "amount_off": None,
        "created": created,
        "currency": None,
        "duration": "forever",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


def discount(id: str, created: int, subscription: Document, coupon: str) -> Document:
    """A coupon in use by a subscription."""
    return {
        "id": id,
        "object": "discount",
        "checkout_session": None,
        "created": created,
        "customer": subscription["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon, "type": "coupon"},
        "start": created,
        "subscription": subscription["id"],
        "subscription_item": None,
    }


def currency_options(price: Document, options: dict[str, int]) -> Document:
    """What a price costs in each currency, its own among them."""
    amounts = {price["currency"]: price["unit_amount"], **options}
    return {
        currency: {
            "custom_unit_amount": None,
            "tax_behavior": price["tax_behavior"],
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
        for currency, amount in amounts.items()
    }
