"""What `cascade init` says of each key: what it is for, which rights it needs, where to make it."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.settings import AIRTABLE_KEY, STRIPE_KEY, WEBHOOK_SECRET
from cascade_cli.settings.values import Setting


@dataclass(frozen=True)
class Key:
    """One key as it is asked for. Without it nothing works, unless it `is_optional`."""

    setting: Setting
    page: str
    told: tuple[str, ...]
    is_optional: bool = False


STRIPE = Key(
    STRIPE_KEY,
    "https://dashboard.stripe.com/apikeys/create",
    (
        "Stripe: a restricted key (rk_…), with these rights and no other:",
        "  Read   Charges, PaymentIntents, Disputes: to reconcile",
        "         Events, Refunds, Checkout Sessions, Webhook Endpoints: for the rest",
        "         Invoices, Prices, Subscriptions: if you sell subscriptions",
        "  Write  Checkout Sessions, PaymentIntents, Products: only to sell with cascade",
    ),
)
AIRTABLE = Key(
    AIRTABLE_KEY,
    "https://airtable.com/create/tokens",
    (
        "Airtable: a token (pat…) for Venice's base alone, with these scopes:",
        "  data.records:read   to reconcile",
        "  data.records:write  to move ducats",
        "  schema.bases:read   to find the base and check its fields",
    ),
)
WEBHOOK = Key(
    WEBHOOK_SECRET,
    "https://dashboard.stripe.com/webhooks",
    ("Webhook: its signing secret (whsec_…), only if Stripe sends events here.",),
    is_optional=True,
)
