"""The embedded Stripe: charges and what belongs to them, as stripe-python 16.1 sees them.

`StripeSandbox` answers HTTP; `Books` writes the same objects and events without it; `Courier`
delivers the events to webhook endpoints.
"""

from cascade_cli.sandbox.stripe.account import Books
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.objects import SCHEMA
from cascade_cli.sandbox.stripe.service import StripeSandbox
from cascade_cli.sandbox.stripe.webhooks import Courier, CourierLoop, Mischief

__all__ = [
    "SCHEMA",
    "Books",
    "Courier",
    "CourierLoop",
    "Mischief",
    "StripeError",
    "StripeSandbox",
]
