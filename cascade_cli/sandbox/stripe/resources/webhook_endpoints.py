"""Webhook endpoints: who is told of which events. Stripe's own rules, except that the sandbox
tells nobody beyond this machine."""

from __future__ import annotations

import ipaddress
import json
from urllib.parse import urlsplit

from cascade_cli.sandbox.stripe.deliveries import ENDPOINT, SECRET, secret_id
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.object_writer import Ledger
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.shapes.webhook_endpoint import webhook_endpoint

EVERYTHING = ["*"]


def create(ledger: Ledger, params: Document, secret: str | None = None) -> Document:
    """A new endpoint, with the secret that is shown this one time."""
    _check_url(params["url"])
    endpoint = webhook_endpoint(ledger.id("we_1"), ledger.created, params["url"])
    endpoint |= {"api_version": params.get("api_version")}
    _change(endpoint, params)
    ledger.add(endpoint)
    secret = secret or ledger.id("whsec_")
    ledger.add(_aside(endpoint, secret))
    return {**endpoint, "secret": secret}


def update(ledger: Ledger, endpoint: Document, params: Document) -> Document:
    """Change where or what is told, or whether anything is."""
    if "url" in params:
        _check_url(params["url"])
    _change(endpoint, params)
    ledger.replace(endpoint)
    return endpoint


def delete(ledger: Ledger, endpoint: Document) -> Document:
    """Forget an endpoint and what was still to be told."""
    ledger.remove(endpoint["id"], secret_id(endpoint["id"]))
    ledger.flush().outbox.drop(endpoint["id"])
    return {"id": endpoint["id"], "object": ENDPOINT, "deleted": True}


def register(ledger: Ledger, url: str, secret: str) -> Document:
    """The endpoint for all events at `url`, signed with `secret`: made, or made so again."""
    known = [json.loads(text) for text in ledger.flush().all(Query(ENDPOINT))]
    for endpoint in known:
        if endpoint["url"] == url:
            ledger.replace(_aside(endpoint, secret))
            return update(ledger, endpoint, {"disabled": False, "enabled_events": EVERYTHING})
    return create(ledger, {"url": url, "enabled_events": EVERYTHING}, secret)


def _change(endpoint: Document, params: Document) -> None:
    endpoint |= {n: params[n] for n in ("url", "enabled_events", "description") if n in params}
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "metadata" in params:
        endpoint["metadata"] = merge(endpoint["metadata"], params["metadata"])


def _aside(endpoint: Document, secret: str) -> Document:
    return {
        "id": secret_id(endpoint["id"]),
        "object": SECRET,
        "created": endpoint["created"],
        "secret": secret,
    }


def _check_url(url: str) -> None:
    """Stripe refuses what it cannot reach, such as localhost; the sandbox what it should not."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.port != 0 and url.isprintable()
    except ValueError:
        good = False
    if not good or " " in url or not parts.hostname:
        raise StripeError(f"Invalid URL: {url}", code="url_invalid", param="url")
    if not _is_loopback(parts.hostname):
        raise StripeError(
            "Invalid URL: the sandbox delivers events to this machine only (127.0.0.1, ::1 or"
            f" localhost): {url}",
            code="url_invalid",
            param="url",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
