"""The embedded Stripe: charges and what belongs to them, as stripe-python 16.1 sees them.

`StripeSandbox` answers HTTP; `Books` writes the same objects and events without it; `WebhookSender`
delivers the events to webhook endpoints.
"""

from cascade_cli.sandbox.stripe.account import Books
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.objects import SCHEMA
from cascade_cli.sandbox.stripe.service import StripeSandbox
from cascade_cli.sandbox.stripe.webhooks import Mischief, WebhookLoop, WebhookSender

__all__ = [
    "SCHEMA",
    "Books",
    "Mischief",
    "StripeError",
    "StripeSandbox",
    "WebhookLoop",
    "WebhookSender",
]
