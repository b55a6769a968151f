"""Webhook endpoints."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document


def webhook_endpoint(id: str, created: int, url: str) -> Document:
    """An enabled endpoint that is told of nothing yet; its secret is not part of it."""
    return {
        "id": id,
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": created,
        "description": None,
        "enabled_events": [],
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
    }
