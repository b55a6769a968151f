"""Webhook endpoints: which URL is told of which events.

The rules are Stripe's, except that the sandbox sends events to this machine only.
"""

from __future__ import annotations

import ipaddress
import json
from urllib.parse import urlsplit

from cascade_cli.sandbox.stripe.deliveries import ENDPOINT, SECRET, secret_id
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.event_types import EVENT_TYPES
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Flag, Text
from cascade_cli.sandbox.stripe.routing import (
    PAGE,
    Answer,
    Call,
    Change,
    Delete,
    One,
    Read,
    Write,
    page,
    retrieving,
)

EVERYTHING = ["*"]


def create(writer: ObjectWriter, params: Document, secret: str | None = None) -> Document:
    """A new endpoint, with its secret, which is shown only this once."""
    _check_url(params["url"])
    endpoint = new_webhook_endpoint(writer.id("we_1"), writer.created, params["url"])
    endpoint |= {"api_version": params.get("api_version")}
    _change(endpoint, params)
    writer.add(endpoint)
    secret = secret or writer.id("whsec_")
    writer.add(_secret_of(endpoint, secret))
    return {**endpoint, "secret": secret}


def update(writer: ObjectWriter, endpoint: Document, params: Document) -> Document:
    """Change the URL, the events, or whether the endpoint is enabled."""
    if "url" in params:
        _check_url(params["url"])
    _change(endpoint, params)
    writer.replace(endpoint)
    return endpoint


def delete(writer: ObjectWriter, endpoint: Document) -> Document:
    """Delete an endpoint and its undelivered events."""
    writer.remove(endpoint["id"], secret_id(endpoint["id"]))
    writer.flush().deliveries.drop(endpoint["id"])
    return {"id": endpoint["id"], "object": ENDPOINT, "deleted": True}


def register(writer: ObjectWriter, url: str, secret: str) -> Document:
    """Make sure that `url` gets all events, signed with `secret`; returns the endpoint."""
    known = [json.loads(text) for text in writer.flush().all(Query(ENDPOINT))]
    for endpoint in known:
        if endpoint["url"] == url:
            writer.replace(_secret_of(endpoint, secret))
            return update(writer, endpoint, {"disabled": False, "enabled_events": EVERYTHING})
    return create(writer, {"url": url, "enabled_events": EVERYTHING}, secret)


def _change(endpoint: Document, params: Document) -> None:
    endpoint |= {n: params[n] for n in ("url", "enabled_events", "description") if n in params}
    if "disabled" in params:
        endpoint["status"] = "disabled" if params["disabled"] else "enabled"
    if "metadata" in params:
        endpoint["metadata"] = merge(endpoint["metadata"], params["metadata"])


def _secret_of(endpoint: Document, secret: str) -> Document:
    return {
        "id": secret_id(endpoint["id"]),
        "object": SECRET,
        "created": endpoint["created"],
        "secret": secret,
    }


def _check_url(url: str) -> None:
    """Stripe refuses URLs that it cannot reach; the sandbox refuses all but this machine."""
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


_EVENT = Choice(("*", *sorted(EVENT_TYPES)))
_CREATE = {
    "api_version": Text(),
    "connect": Flag(),
    "description": Text(unsettable=True),
    "enabled_events": Array(_EVENT, required=True),
    "metadata": Metadata(),
    "url": Text(required=True),
}
_UPDATE = {
    "description": Text(unsettable=True),
    "disabled": Flag(),
    "enabled_events": Array(_EVENT),
    "metadata": Metadata(),
    "url": Text(),
}


def _post_create(call: Change) -> One:
    return One(create(call.writer, call.params))


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get(ENDPOINT), call.params))


def _delete(call: Change) -> One:
    return One(delete(call.writer, call.get(ENDPOINT)))


def _get_list(call: Call) -> Answer:
    return page(call, Query(ENDPOINT))


_PATH = "/v1/webhook_endpoints"
ENDPOINTS = (
    Read(path=_PATH, kind=ENDPOINT, table=PAGE, run=_get_list, listed=True),
    retrieving(ENDPOINT, f"{_PATH}/{{id}}"),
    Write(path=_PATH, kind=ENDPOINT, table=_CREATE, run=_post_create),
    Write(path=f"{_PATH}/{{id}}", kind=ENDPOINT, table=_UPDATE, run=_post_update),
    Delete(path=f"{_PATH}/{{id}}", kind=ENDPOINT, run=_delete),
)


def new_webhook_endpoint(id: str, created: int, url: str) -> Document:
    """An enabled endpoint without events; its secret is kept apart from it."""
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
