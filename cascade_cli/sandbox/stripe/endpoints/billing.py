"""/v1/subscriptions, /v1/invoices and /v1/invoice_payments."""

from __future__ import annotations

import json

from cascade_cli.sandbox.stripe.errors import StripeError, no_such
from cascade_cli.sandbox.stripe.metadata import Metadata
from cascade_cli.sandbox.stripe.objects import Query, encode
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Flag, Hash, Integer, Range, Text
from cascade_cli.sandbox.stripe.resources import invoice_payments, subscriptions
from cascade_cli.sandbox.stripe.routing import (
    PAGE,
    Answer,
    Call,
    Change,
    Delete,
    Many,
    One,
    Read,
    Write,
    page,
    retrieving,
)

_LASTING = "status NOT IN ('canceled', 'incomplete_expired')"
_STATUSES = ("active", "all", "canceled", "incomplete", "past_due", "paused", "unpaid")
_PAUSE = {
    "behavior": Choice(("keep_as_draft", "mark_uncollectible", "void"), required=True),
    "resumes_at": Integer(),
}
_UPDATE = {
    "cancel_at_period_end": Flag(),
    "collection_method": Choice(("charge_automatically", "send_invoice")),
    "days_until_due": Integer(minimum=0),
    "discounts": Array(Hash({"coupon": Text(required=True)}), maximum=20),
    "metadata": Metadata(),
    "pause_collection": Hash(_PAUSE, unsettable=True),
}
_PAYMENT = {"payment_intent": Text(), "payment_record": Text(), "type": Text(required=True)}


def _list_subscriptions(call: Call) -> Answer:
    """Without a status, those that were not cancelled."""
    query = Query("subscription")
    if "customer" in call.params:
        query.where("customer = ?", call.params["customer"])
    status = call.params.get("status")
    if status is None:
        query.where(_LASTING)
    elif status != "all":
        query.where("status = ?", status)
    return page(call, query)


def _list_invoices(call: Call) -> Answer:
    query = Query("invoice")
    for name in ("customer", "status"):
        if name in call.params:
            query.where(f"{name} = ?", call.params[name])
    if "subscription" in call.params:
        path = "json_extract(body, '$.parent.subscription_details.subscription')"
        query.where(f"{path} = ?", call.params["subscription"])
    return page(call, query)


def _list_lines(call: Call) -> Answer:
    text = call.shelf.find("invoice", call.id)
    if text is None:
        raise no_such("invoice", call.id, "invoice", status=404)
    lines = json.loads(text)["lines"]["data"]
    ids = [line["id"] for line in lines]
    after, limit = call.params.get("starting_after"), call.params.get("limit", 10)
    if after and after not in ids:
        raise no_such("line_item", after, "starting_after")
    rest = lines[ids.index(after) + 1 :] if after else lines
    return Many([encode(line) for line in rest[:limit]], len(rest) > limit)


def _list_payments(call: Call) -> Answer:
    query = Query("invoice_payment")
    if "status" in call.params:
        query.where("status = ?", call.params["status"])
    if "invoice" in call.params:
        if call.shelf.find("invoice", call.params["invoice"]) is None:
            raise no_such("invoice", call.params["invoice"], "invoice")
        query.where("json_extract(body, '$.invoice') = ?", call.params["invoice"])
    if "payment" in call.params:
        _narrow(query, call.params["payment"])
    return page(call, query)


def _narrow(query: Query, payment: dict[str, str]) -> None:
    type_ = payment["type"]
    if type_ not in ("payment_intent", "payment_record"):
        raise StripeError(f"Invalid payment[type]: {type_}", param="payment[type]")
    query.where("json_extract(body, '$.payment.type') = ?", type_)
    if type_ in payment:
        query.where(f"json_extract(body, '$.payment.{type_}') = ?", payment[type_])


def _update(call: Change) -> One:
    return One(subscriptions.update(call.ledger, call.get("subscription"), call.params))


def _cancel(call: Change) -> One:
    return One(subscriptions.cancel(call.ledger, call.get("subscription")))


def _attach(call: Change) -> One:
    intent = call.ledger.get("payment_intent", call.params["payment_intent"], "payment_intent")
    return One(invoice_payments.attach(call.ledger, call.get("invoice", "invoice"), intent))


_SUBSCRIPTION, _INVOICE, _PAID_BY = "/v1/subscriptions", "/v1/invoices", "/v1/invoice_payments"

ENDPOINTS = (
    Read(
        path=_SUBSCRIPTION,
        kind="subscription",
        table={"customer": Text(), "status": Choice(_STATUSES), "created": Range(), **PAGE},
        run=_list_subscriptions,
        listed=True,
    ),
    retrieving("subscription", f"{_SUBSCRIPTION}/{{id}}"),
    Write(path=f"{_SUBSCRIPTION}/{{id}}", kind="subscription", table=_UPDATE, run=_update),
    Delete(path=f"{_SUBSCRIPTION}/{{id}}", kind="subscription", run=_cancel),
    Read(
        path=_INVOICE,
        kind="invoice",
        table={
            "created": Range(),
            "customer": Text(),
            "status": Text(),
            "subscription": Text(),
            **PAGE,
        },
        run=_list_invoices,
        listed=True,
    ),
    retrieving("invoice", f"{_INVOICE}/{{id}}", "invoice"),
    Write(
        path=f"{_INVOICE}/{{id}}/attach_payment",
        kind="invoice",
        table={"payment_intent": Text(required=True)},
        run=_attach,
    ),
    Read(
        path=f"{_INVOICE}/{{id}}/lines",
        kind="line_item",
        table=PAGE,
        run=_list_lines,
        listed=True,
    ),
    Read(
        path=_PAID_BY,
        kind="invoice_payment",
        table={
            "created": Range(),
            "invoice": Text(),
            "payment": Hash(_PAYMENT),
            "status": Choice(("canceled", "open", "paid")),
            **PAGE,
        },
        run=_list_payments,
        listed=True,
    ),
    retrieving("invoice_payment", f"{_PAID_BY}/{{id}}"),
)
