"""A Stripe client that goes through our transport."""

from __future__ import annotations

import stripe

from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)


def stripe_client(key: str, base_url: str, transport: Transport) -> stripe.StripeClient:
    """A client without retries of its own and without telemetry (which writes to disk)."""
    stripe.enable_telemetry = False
    session = plain_session(base_url, transport)
    if isinstance(session.verify, str):
        # The SDK sends its own list of certificates with each request, over the session's.
        stripe.ca_bundle_path = session.verify
    http_client = stripe.RequestsClient(
        timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS), session=session
    )
    return stripe.StripeClient(
        key,
        base_addresses={"api": base_url},
        http_client=http_client,
        max_network_retries=0,
    )
