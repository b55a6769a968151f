"""/v1/webhook_endpoints."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.deliveries import ENDPOINT
from cascade_cli.sandbox.stripe.event_types import EVENT_TYPES
from cascade_cli.sandbox.stripe.metadata import Metadata
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Flag, Text
from cascade_cli.sandbox.stripe.resources import webhook_endpoints
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


def _create(call: Change) -> One:
    return One(webhook_endpoints.create(call.ledger, call.params))


def _update(call: Change) -> One:
    return One(webhook_endpoints.update(call.ledger, call.get(ENDPOINT), call.params))


def _delete(call: Change) -> One:
    return One(webhook_endpoints.delete(call.ledger, call.get(ENDPOINT)))


def _list(call: Call) -> Answer:
    return page(call, Query(ENDPOINT))


_PATH = "/v1/webhook_endpoints"

ENDPOINTS = (
    Read(path=_PATH, kind=ENDPOINT, table=PAGE, run=_list, listed=True),
    retrieving(ENDPOINT, f"{_PATH}/{{id}}"),
    Write(path=_PATH, kind=ENDPOINT, table=_CREATE, run=_create),
    Write(path=f"{_PATH}/{{id}}", kind=ENDPOINT, table=_UPDATE, run=_update),
    Delete(path=f"{_PATH}/{{id}}", kind=ENDPOINT, run=_delete),
)
