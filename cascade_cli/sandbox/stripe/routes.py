"""Every route of the sandbox's Stripe, by resource."""

from cascade_cli.sandbox.stripe.endpoints import (
    billing,
    catalogue,
    charges,
    checkout_sessions,
    payment_intents,
    reading,
    settlement,
    webhook_endpoints,
)
from cascade_cli.sandbox.stripe.routing import Read, Write

ENDPOINTS: tuple[Read | Write, ...] = (
    *charges.ENDPOINTS,
    *payment_intents.ENDPOINTS,
    *settlement.ENDPOINTS,
    *checkout_sessions.ENDPOINTS,
    *catalogue.ENDPOINTS,
    *billing.ENDPOINTS,
    *reading.ENDPOINTS,
    *webhook_endpoints.ENDPOINTS,
)
