"""Subscriptions: sold at a checkout, billed every month, changed, paused and cancelled."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Flag, Hash, Integer, Range, Text
from cascade_cli.sandbox.stripe.resources import coupons, invoice_payments, invoices, prices
from cascade_cli.sandbox.stripe.resources.payment_intents import Attempt
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
from cascade_cli.sandbox.stripe.shapes.invoices import new_line, of_item, once
from cascade_cli.sandbox.stripe.shapes.subscriptions import (
    new_subscription,
    new_subscription_item,
    plan,
)

DECLINED = "pm_card_chargeDeclined"
_ENDED = ("canceled", "incomplete_expired")


def create(
    writer: ObjectWriter, customer: Document, bought: list[tuple[Document, int]], data: Document
) -> tuple[Document, Document]:
    """A subscription to those prices and quantities, and its first invoice, which is still unpaid.

    A price that is not recurring is on the first invoice only.
    """
    currency = data.get("currency") or bought[0][0]["currency"]
    id = writer.id("sub_1")
    subscription = new_subscription(id, writer.created, currency, customer["id"])
    subscription["metadata"] = merge({}, data.get("metadata"))
    subscription["description"] = data.get("description")
    found = coupons.create_discounts(writer, subscription, data.get("discounts") or [])
    subscription["discounts"] = found
    end = _later(writer.created, _interval(bought))
    for price, quantity in bought:
        if price["recurring"]:
            item = new_subscription_item(writer.id("si_"), subscription, price, quantity)
            item["current_period_end"] = end
            subscription["items"]["data"].append(item)
    invoice = invoices.create_draft(writer, subscription, "subscription_create")
    lines = [_regular(writer, invoice, subscription, i) for i in subscription["items"]["data"]]
    lines += [_once(writer, invoice, p, q) for p, q in bought if not p["recurring"]]
    invoices.add_lines(writer, invoice, lines)
    subscription["latest_invoice"] = invoice["id"]
    writer.emit("customer.subscription.created", writer.add(subscription))
    invoices.finalize(writer, invoice)
    return subscription, invoice


def pay_first(
    writer: ObjectWriter, subscription: Document, invoice: Document, method: str
) -> Attempt:
    """Pay the first invoice; a card that is approved pays all later ones too."""
    attempt = _collect(writer, invoice, method)
    if attempt.intent["status"] == "succeeded":
        subscription["default_payment_method"] = attempt.intent["payment_method"]
        _becomes(writer, subscription, "active")
    return attempt


def renew(writer: ObjectWriter, subscription: Document, *, fails: bool = False) -> Document:
    """Begin and bill the next period now, whatever the clock shows; returns the invoice.

    The invoice stays open if invoices are sent to the customer.
    """
    _check(subscription)
    items = subscription["items"]["data"]
    for item in items:
        begins = item["current_period_end"]
        anchor = subscription["billing_cycle_anchor"]
        item |= {
            "current_period_start": begins,
            "current_period_end": _later(begins, item["price"]["recurring"], anchor),
        }
    invoice = invoices.create_draft(writer, subscription, "subscription_cycle")
    lines = [_regular(writer, invoice, subscription, item) for item in items]
    invoices.emit_upcoming(writer, invoice, lines)
    invoices.add_lines(writer, invoice, lines)
    subscription["latest_invoice"] = invoice["id"]
    writer.emit("customer.subscription.updated", writer.replace(subscription), {})
    if subscription["pause_collection"]:
        invoices.skip_collection(writer, invoice, subscription["pause_collection"]["behavior"])
        return invoice
    invoices.finalize(writer, invoice)
    if subscription["collection_method"] == "send_invoice":
        return invoice
    return _collected(writer, subscription, invoice, fails=fails)


def add_item(
    writer: ObjectWriter, subscription: Document, price: Document, quantity: int
) -> Document:
    """Another product every month, from the next period on; returns the subscription."""
    _check(subscription)
    first = subscription["items"]["data"][0]
    item = new_subscription_item(writer.id("si_"), subscription, price, quantity)
    item |= {
        "current_period_start": first["current_period_start"],
        "current_period_end": first["current_period_end"],
    }
    subscription["items"]["data"].append(item)
    writer.emit("customer.subscription.updated", writer.replace(subscription), {})
    return subscription


def change_price(
    writer: ObjectWriter, subscription: Document, price: Document, quantity: int = 1
) -> Document:
    """Give the first item another price from now on, and bill the rest of the period at once."""
    _check(subscription)
    item = subscription["items"]["data"][0]
    old = dict(item)
    item |= {"price": price, "plan": plan(price), "quantity": quantity}
    invoice = invoices.create_draft(writer, subscription, "subscription_update")
    lines = [
        _prorated(writer, invoice, subscription, old, -1),
        _prorated(writer, invoice, subscription, item, 1),
    ]
    invoices.add_lines(writer, invoice, lines)
    subscription["latest_invoice"] = invoice["id"]
    text = writer.replace(subscription)
    writer.emit("customer.subscription.updated", text, {"items": {"data": [old]}})
    invoices.finalize(writer, invoice)
    return _collected(writer, subscription, invoice, fails=False)


def pay_latest_invoice(
    writer: ObjectWriter, subscription: Document, *, elsewhere: bool = False
) -> Document:
    """Pay the open invoice after all, with the card or outside Stripe; returns the invoice."""
    invoice = writer.get("invoice", subscription["latest_invoice"])
    if invoice["status"] != "open":
        raise StripeError(f"Invoice {invoice['id']} is {invoice['status']}: nothing is to be paid.")
    if not elsewhere:
        return _collected(writer, subscription, invoice, fails=False)
    invoices.pay_elsewhere(writer, invoice, invoice_payments.default_payment(writer, invoice))
    _becomes(writer, subscription, "active")
    return invoice


def update(writer: ObjectWriter, subscription: Document, params: Document) -> Document:
    """Change metadata, discounts, paused collection, or whether it ends with the period."""
    before = {name: subscription[name] for name in params}
    changes = dict(params)
    if "metadata" in changes:
        changes["metadata"] = merge(subscription["metadata"], changes["metadata"])
    if "discounts" in changes:
        changes["discounts"] = coupons.create_discounts(writer, subscription, changes["discounts"])
    if changes.get("pause_collection"):
        changes["pause_collection"] = {"resumes_at": None, **changes["pause_collection"]}
    subscription |= changes
    writer.emit("customer.subscription.updated", writer.replace(subscription), before)
    return subscription


def cancel(writer: ObjectWriter, subscription: Document) -> Document:
    """Cancel it; there are no further invoices."""
    _check(subscription)
    subscription |= {
        "status": "canceled",
        "canceled_at": writer.created,
        "ended_at": writer.created,
        "cancellation_details": {
            "comment": None,
            "feedback": None,
            "feedback_option": None,
            "reason": "cancellation_requested",
        },
    }
    writer.emit("customer.subscription.deleted", writer.replace(subscription))
    return subscription


def _check(subscription: Document) -> None:
    if subscription["status"] in _ENDED:
        raise StripeError(
            f"Subscription {subscription['id']} is {subscription['status']} and ends there."
        )


def _collected(
    writer: ObjectWriter, subscription: Document, invoice: Document, *, fails: bool
) -> Document:
    if invoice["status"] != "paid":
        method = DECLINED if fails else subscription["default_payment_method"]
        _collect(writer, invoice, method)
    _becomes(writer, subscription, "active" if invoice["status"] == "paid" else "past_due")
    return invoice


def _collect(writer: ObjectWriter, invoice: Document, method: str) -> Attempt:
    return invoices.collect(
        writer, invoice, invoice_payments.default_payment(writer, invoice), method
    )


def _becomes(writer: ObjectWriter, subscription: Document, status: str) -> None:
    if subscription["status"] != status:
        before = {"status": subscription["status"]}
        subscription["status"] = status
        writer.emit("customer.subscription.updated", writer.replace(subscription), before)
    else:
        writer.replace(subscription)


def _regular(
    writer: ObjectWriter, invoice: Document, subscription: Document, item: Document
) -> Document:
    price = prices.in_currency(writer, item["price"], invoice["currency"])
    quantity = item["quantity"]
    made = new_line(
        writer.id("il_1"), invoice["id"], price, price["unit_amount"] * quantity, quantity
    )
    return made | {
        "description": f"{quantity} × {price['product']} (monthly)",
        "metadata": dict(subscription["metadata"]),
        "parent": of_item(item, proration=False),
        "period": {"start": item["current_period_start"], "end": item["current_period_end"]},
        "subscription": subscription["id"],
    }


def _prorated(
    writer: ObjectWriter, invoice: Document, subscription: Document, item: Document, sign: int
) -> Document:
    """A line for the rest of an item's period: to pay, or to give back if `sign` is -1."""
    what = "Unused time" if sign < 0 else "Remaining time"
    start, end = item["current_period_start"], item["current_period_end"]
    now = min(max(writer.created, start), end)
    price = prices.in_currency(writer, item["price"], invoice["currency"])
    quantity = item["quantity"]
    amount = sign * round(price["unit_amount"] * quantity * (end - now) / (end - start))
    return new_line(writer.id("il_1"), invoice["id"], price, amount, quantity) | {
        "description": f"{what} on {price['product']}",
        "discountable": False,
        "metadata": dict(subscription["metadata"]),
        "parent": of_item(item, proration=True),
        "period": {"start": now, "end": end},
        "subscription": subscription["id"],
    }


def _once(writer: ObjectWriter, invoice: Document, price: Document, quantity: int) -> Document:
    price = prices.in_currency(writer, price, invoice["currency"])
    made = new_line(
        writer.id("il_1"), invoice["id"], price, price["unit_amount"] * quantity, quantity
    )
    return made | {
        "description": f"{quantity} × {price['product']}",
        "parent": once(writer.id("ii_1"), None),
        "period": {"start": writer.created, "end": writer.created},
    }


def _interval(bought: list[tuple[Document, int]]) -> Document:
    found: Document = next(price["recurring"] for price, _ in bought if price["recurring"])
    return found


def _later(moment: int, recurring: Document, anchor: int | None = None) -> int:
    """One interval later; months keep the anchor's day, or take the month's last day."""
    at = datetime.fromtimestamp(moment, UTC)
    if recurring["interval"] != "month":
        days = {"day": 1, "week": 7, "year": 365}[recurring["interval"]]
        return moment + days * int(recurring["interval_count"]) * 86_400
    months = at.year * 12 + at.month - 1 + recurring["interval_count"]
    year, month = divmod(months, 12)
    day = datetime.fromtimestamp(anchor if anchor is not None else moment, UTC).day
    last = calendar.monthrange(year, month + 1)[1]
    return int(at.replace(year=year, month=month + 1, day=min(day, last)).timestamp())


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


def _get_list(call: Call) -> Answer:
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


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("subscription"), call.params))


def _delete(call: Change) -> One:
    return One(cancel(call.writer, call.get("subscription")))


_PATH = "/v1/subscriptions"
ENDPOINTS = (
    Read(
        path=_PATH,
        kind="subscription",
        table={"customer": Text(), "status": Choice(_STATUSES), "created": Range(), **PAGE},
        run=_get_list,
        listed=True,
    ),
    retrieving("subscription", f"{_PATH}/{{id}}"),
    Write(path=f"{_PATH}/{{id}}", kind="subscription", table=_UPDATE, run=_post_update),
    Delete(path=f"{_PATH}/{{id}}", kind="subscription", run=_delete),
)
