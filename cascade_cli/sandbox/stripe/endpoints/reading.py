"""What can only be read: /v1/events, /v1/account and /v1/balance."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.deliveries import UNDELIVERED
from cascade_cli.sandbox.stripe.errors import StripeError, no_such
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Array, Flag, Range, Text
from cascade_cli.sandbox.stripe.resources.accounts import account, balance
from cascade_cli.sandbox.stripe.routing import PAGE, Answer, Call, One, Read, page

_KEPT_SECONDS = 30 * 86_400
_EVENTS = {
    "created": Range(),
    "delivery_success": Flag(),
    "type": Text(),
    "types": Array(Text(), maximum=20),
    **PAGE,
}


def _kept(call: Call) -> Query:
    """Events that Stripe still has: it forgets them after 30 days."""
    return Query("event").where("created > ?", call.now - _KEPT_SECONDS)


def _list_events(call: Call) -> Answer:
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


def _retrieve_event(call: Call) -> Answer:
    found = call.shelf.all(_kept(call).where("id = ?", call.id))
    if not found:
        raise no_such("event", call.id, "id", status=404)
    return found[0]


def _account(call: Call) -> Answer:  # noqa: ARG001
    return One(account())


def _balance(call: Call) -> Answer:
    return One(balance(*call.shelf.balance(call.now)))


ENDPOINTS = (
    Read(path="/v1/events", kind="event", table=_EVENTS, run=_list_events, listed=True),
    Read(path="/v1/events/{id}", kind="event", run=_retrieve_event),
    Read(path="/v1/account", kind="account", run=_account),
    Read(path="/v1/balance", kind="balance", run=_balance),
)
