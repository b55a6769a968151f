"""The embedded Stripe: charges and what belongs to them, as stripe-python 16.1 sees them.

`service` answers HTTP. It finds the endpoint of a request (`routing`), checks the request's
parameters (`parameters`), and lets the endpoint's resource act. `resources` has a file for each of
Stripe's nouns: `refunds.py` says what happens to a refund, which routes it has, and what a fresh
one looks like. A resource writes objects and events through an `ObjectWriter`, which keeps them in
`Objects`; `Deliveries` remembers which webhook endpoint still has to hear of which event, and a
`WebhookSender` sends it. `account` offers the same operations without HTTP.
"""

from cascade_cli.sandbox.stripe.account import StripeAccount
from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.objects import SCHEMA
from cascade_cli.sandbox.stripe.service import StripeSandbox
from cascade_cli.sandbox.stripe.webhooks import Mischief, WebhookLoop, WebhookSender

__all__ = [
    "SCHEMA",
    "Mischief",
    "StripeAccount",
    "StripeError",
    "StripeSandbox",
    "WebhookLoop",
    "WebhookSender",
]
