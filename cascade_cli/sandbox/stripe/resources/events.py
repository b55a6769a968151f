"""Events: how they are listed, and how to send one that no object of the sandbox causes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from cascade_cli.sandbox.stripe.deliveries import UNDELIVERED
from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query, encode
from cascade_cli.sandbox.stripe.parameters import Array, Flag, Range, Text
from cascade_cli.sandbox.stripe.resources.balance import new_balance
from cascade_cli.sandbox.stripe.routing import PAGE, Answer, Call, Read, page

BALANCE = "balance.available"


def create(
    writer: ObjectWriter, type: str, subject: Any, said: Document, lacking: Collection[str]
) -> Document:
    """An event of any type about `subject`; `said` sets its own fields, `lacking` leaves some out.

    Without a subject, `balance.available` is about the balance, and any other about nothing.
    """
    if "id" in said or "id" in lacking:
        raise StripeError("Every event has an id of its own.", param="id")
    if subject is None:
        subject = _balance_now(writer) if type == BALANCE else {}
    event = {**writer.new_event(type), "data": {"object": subject}, **said}
    event = {name: value for name, value in event.items() if name not in lacking}
    # JSON may have an unpaired surrogate, but a database may not.
    text = encode(event).encode("utf-8", "backslashreplace").decode()
    writer.add_event(event["id"], type, text)
    return event


def _balance_now(writer: ObjectWriter) -> Document:
    return new_balance(*writer.flush().balance(writer.created))


_KEPT_SECONDS = 30 * 86_400
_EVENTS = {
    "created": Range(),
    "delivery_success": Flag(),
    "type": Text(),
    "types": Array(Text(), maximum=20),
    **PAGE,
}


def _kept(call: Call) -> Query:
    """Events that Stripe still has; it deletes them after 30 days."""
    return Query("event").where("created > ?", call.now - _KEPT_SECONDS)


def _get_list(call: Call) -> Answer:
    query = _kept(call)
    if "type" in call.params and "types" in call.params:
        raise StripeError(
            "You may only specify one of these parameters: type, types.",
            code="parameters_exclusive",
        )
    if "type" in call.params:
        query.where("type GLOB ?", _pattern(call.params["type"]))
    if "types" in call.params:
        query.where(
            f"type IN ({', '.join('?' * len(call.params['types']))})", *call.params["types"]
        )
    if "delivery_success" in call.params:
        query.where(f"NOT {UNDELIVERED}" if call.params["delivery_success"] else UNDELIVERED)
    return page(call, query)


def _pattern(wildcard: str) -> str:
    """Only `*` is special in Stripe's patterns."""
    return wildcard.replace("[", "[[]").replace("?", "[?]")


def _get(call: Call) -> Answer:
    found = call.objects.all(_kept(call).where("id = ?", call.id))
    if not found:
        raise no_such("event", call.id, "id", status=404)
    return found[0]


ENDPOINTS = (
    Read(path="/v1/events", kind="event", table=_EVENTS, run=_get_list, listed=True),
    Read(path="/v1/events/{id}", kind="event", run=_get),
)
