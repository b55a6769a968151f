"""Stripe's nouns, a file for each: what happens to it, its routes, and what a fresh one looks like.

The four longest fresh objects stand in `shapes`, under the same file name.
"""

from __future__ import annotations

from cascade_cli.sandbox.stripe.resources import (
    accounts,
    balance,
    charges,
    checkout_sessions,
    coupons,
    customers,
    disputes,
    events,
    invoice_payments,
    invoices,
    payment_intents,
    payment_methods,
    prices,
    products,
    refunds,
    subscriptions,
    webhook_endpoints,
)
from cascade_cli.sandbox.stripe.routing import Read, Write

ENDPOINTS: tuple[Read | Write, ...] = (
    *accounts.ENDPOINTS,
    *balance.ENDPOINTS,
    *charges.ENDPOINTS,
    *checkout_sessions.ENDPOINTS,
    *coupons.ENDPOINTS,
    *customers.ENDPOINTS,
    *disputes.ENDPOINTS,
    *events.ENDPOINTS,
    *invoice_payments.ENDPOINTS,
    *invoices.ENDPOINTS,
    *payment_intents.ENDPOINTS,
    *payment_methods.ENDPOINTS,
    *prices.ENDPOINTS,
    *products.ENDPOINTS,
    *refunds.ENDPOINTS,
    *subscriptions.ENDPOINTS,
    *webhook_endpoints.ENDPOINTS,
)
