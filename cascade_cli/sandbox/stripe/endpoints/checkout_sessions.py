"""/v1/checkout/sessions."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.endpoints.catalogue import RECURRING
from cascade_cli.sandbox.stripe.errors import no_such
from cascade_cli.sandbox.stripe.metadata import Metadata
from cascade_cli.sandbox.stripe.objects import encode
from cascade_cli.sandbox.stripe.parameters import (
    Array,
    Choice,
    Currency,
    Flag,
    Hash,
    Integer,
    Text,
)
from cascade_cli.sandbox.stripe.resources import checkout_sessions
from cascade_cli.sandbox.stripe.routing import (
    PAGE,
    Answer,
    Call,
    Change,
    Many,
    One,
    Read,
    Write,
    listing,
    retrieving,
)

_PRODUCT = {
    "description": Text(),
    "images": Array(Text()),
    "metadata": Metadata(),
    "name": Text(required=True),
}
_LINE_ITEM = {
    "price": Text(),
    "price_data": Hash(
        {
            "currency": Currency(required=True),
            "product": Text(),
            "product_data": Hash(_PRODUCT),
            "recurring": Hash(RECURRING),
            "unit_amount": Integer(required=True, minimum=0),
        }
    ),
    "quantity": Integer(minimum=1),
}
_INTENT = {
    "capture_method": Choice(("automatic", "automatic_async", "manual")),
    "description": Text(maximum=1000),
    "metadata": Metadata(),
    "receipt_email": Text(),
    "setup_future_usage": Choice(("off_session", "on_session")),
    "statement_descriptor": Text(maximum=22),
    "statement_descriptor_suffix": Text(maximum=22),
    "transfer_group": Text(),
}
_CREATE = {
    "allow_promotion_codes": Flag(),
    "billing_address_collection": Choice(("auto", "required")),
    "cancel_url": Text(),
    "client_reference_id": Text(maximum=200),
    "currency": Currency(),
    "customer": Text(),
    "customer_email": Text(maximum=800),
    "discounts": Array(Hash({"coupon": Text(required=True)}), maximum=1),
    "expires_at": Integer(),
    "line_items": Array(Hash(_LINE_ITEM), maximum=100, required=True),
    "locale": Text(),
    "metadata": Metadata(),
    "mode": Choice(("payment", "subscription"), required=True),
    "payment_intent_data": Hash(_INTENT),
    "payment_method_types": Array(Choice(("card", "link"))),
    "subscription_data": Hash({"description": Text(maximum=500), "metadata": Metadata()}),
    "submit_type": Choice(("auto", "book", "donate", "pay")),
    "success_url": Text(required=True),
    "ui_mode": Choice(("hosted_page",)),
}


def _create(call: Change) -> One:
    return One(checkout_sessions.create(call.ledger, call.params))


def _expire(call: Change) -> One:
    return One(checkout_sessions.expire(call.ledger, call.get("checkout.session", "session")))


def _line_items(call: Call) -> Answer:
    if call.shelf.find("checkout.session", call.id) is None:
        raise no_such("checkout.session", call.id, "session", status=404)
    items = call.shelf.line_items(call.id)
    ids = [item["id"] for item in items]
    for name in ("starting_after", "ending_before"):
        if name in call.params and call.params[name] not in ids:
            raise no_such("item", call.params[name], name)
    first = ids.index(call.params["starting_after"]) + 1 if "starting_after" in call.params else 0
    last = ids.index(call.params["ending_before"]) if "ending_before" in call.params else len(ids)
    limit = call.params.get("limit", 10)
    chosen = items[first:last]
    return Many([encode(item) for item in chosen[:limit]], len(chosen) > limit)


_PATH = "/v1/checkout/sessions"
_KIND = "checkout.session"

ENDPOINTS = (
    listing(
        _KIND,
        _PATH,
        {
            "customer": Text(),
            "payment_intent": Text(),
            "status": Choice(("complete", "expired", "open")),
        },
    ),
    retrieving(_KIND, f"{_PATH}/{{id}}", "session"),
    Write(path=_PATH, kind=_KIND, table=_CREATE, run=_create),
    Write(path=f"{_PATH}/{{id}}/expire", kind=_KIND, run=_expire),
    Read(path=f"{_PATH}/{{id}}/line_items", kind="item", table=PAGE, run=_line_items, listed=True),
)
