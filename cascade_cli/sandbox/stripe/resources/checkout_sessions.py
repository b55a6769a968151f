"""Checkout Sessions: the shop creates one; a customer pays on the hosted page, or it expires."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.currencies import check_amount
from cascade_cli.sandbox.stripe.errors import Document, StripeError, no_such
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import LINE_ITEMS, encode
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Currency, Flag, Hash, Integer, Text
from cascade_cli.sandbox.stripe.resources import customers, payment_intents, prices, subscriptions
from cascade_cli.sandbox.stripe.resources.payment_intents import Attempt
from cascade_cli.sandbox.stripe.resources.prices import RECURRING
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
from cascade_cli.sandbox.stripe.shapes.checkout_sessions import (
    customer_details,
    for_subscription,
    new_checkout_session,
    new_line_item,
)

_SHORTEST_SECONDS = 30 * 60
_LONGEST_SECONDS = 24 * 3600
_OF_ONE_MODE = {"payment_intent_data": "payment", "subscription_data": "subscription"}
_COPIED = (
    "allow_promotion_codes", "billing_address_collection", "cancel_url", "client_reference_id",
    "customer", "customer_email", "expires_at", "locale", "submit_type", "success_url",
)  # fmt: skip


def create(writer: ObjectWriter, params: Document) -> Document:
    """A session from checked parameters. Its metadata is not copied to the PaymentIntent."""
    _check(writer, params)
    items = [
        _line_item(writer, item, position, params.get("currency"))
        for position, item in enumerate(params["line_items"])
    ]
    _check_items(params.get("mode", "payment"), items)
    total = sum(item["amount_total"] for item in items)
    currency = items[0]["currency"]
    check_amount(total, currency)
    session = new_checkout_session(writer.id("cs_test_a1"), writer.created, currency, total)
    session |= {name: params[name] for name in _COPIED if name in params}
    session["metadata"] = merge({}, params.get("metadata"))
    name = "payment_intent_data"
    if params.get("mode") == "subscription":
        session |= for_subscription()
        name = "subscription_data"
    writer.add(session)
    data = params.get(name) or {}
    if params.get("discounts"):
        data = {**data, "discounts": params["discounts"]}
    writer.add(_unshown(writer, session["id"], items, data))
    return session


def pay(writer: ObjectWriter, session: Document, payment_method: str) -> Attempt:
    """The customer pays; if the card is refused, the session stays open."""
    if session["status"] != "open":
        raise StripeError(f"This Checkout Session is {session['status']}.")
    if session["mode"] == "subscription":
        attempt = _subscribe(writer, session, payment_method)
    else:
        intent = _intent(writer, session)
        attempt = payment_intents.confirm(writer, intent, {"payment_method": payment_method})
        session["payment_intent"] = attempt.intent["id"]
    if attempt.intent["status"] in ("succeeded", "requires_capture"):
        email = session["customer_email"] or "citizen@venice.example"
        session |= {
            "status": "complete",
            "payment_status": "paid" if attempt.intent["status"] == "succeeded" else "unpaid",
            "customer_details": customer_details(email),
            "url": None,
        }
        writer.emit("checkout.session.completed", writer.replace(session))
    else:
        writer.replace(session)
    return attempt


def expire(writer: ObjectWriter, session: Document) -> Document:
    """Close a session that nobody has paid."""
    if session["status"] != "open":
        raise StripeError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout'
            f" Session has a status of {session['status']}."
        )
    session |= {"status": "expired", "url": None}
    writer.emit("checkout.session.expired", writer.replace(session))
    return session


def _check(writer: ObjectWriter, params: Document) -> None:
    if not params["line_items"]:
        raise StripeError(
            "Missing required param: line_items.", code="parameter_missing", param="line_items"
        )
    if params.get("customer"):
        writer.get("customer", params["customer"], "customer")
    lifetime = params.get("expires_at", writer.created + _LONGEST_SECONDS) - writer.created
    if lifetime < _SHORTEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
            " creation.",
            param="expires_at",
        )
    if lifetime > _LONGEST_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )
    for name, mode in _OF_ONE_MODE.items():
        if name in params and params.get("mode", "payment") != mode:
            raise StripeError(f"You can not pass `{name}` in `{params['mode']}` mode.", param=name)


def _line_item(
    writer: ObjectWriter, item: Document, position: int, currency: str | None
) -> Document:
    made = prices.chosen_price(writer, item, f"line_items[{position}]")
    name = writer.get("product", made["product"])["name"]
    priced = prices.in_currency(writer, made, currency or made["currency"])
    return new_line_item(writer.id("li_1"), priced, name, item.get("quantity", 1)) | {"price": made}


def _check_items(mode: str, items: list[Document]) -> None:
    if len({item["currency"] for item in items}) > 1:
        raise StripeError("All line items must have the same currency.", param="line_items")
    recurring = [item for item in items if item["price"]["recurring"]]
    if mode == "payment" and recurring:
        raise StripeError(
            "You specified `payment` mode but passed a recurring price. Either switch to"
            " `subscription` mode or use only one-time prices.",
            param="mode",
        )
    if mode == "subscription" and not recurring:
        raise StripeError(
            "You must provide at least one recurring price in `subscription` mode when using"
            " prices.",
            param="line_items",
        )


def _unshown(
    writer: ObjectWriter, session_id: str, items: list[Document], data: Document
) -> Document:
    """What Stripe does not show: the items, and `data` for the payment or subscription."""
    return {
        "id": f"{session_id}#line_items",
        "object": LINE_ITEMS,
        "created": writer.created,
        "line_items": items,
        "data": data,
    }


def _intent(writer: ObjectWriter, session: Document) -> Document:
    """The session's PaymentIntent, made at the first attempt to pay."""
    if session["payment_intent"]:
        return writer.get("payment_intent", session["payment_intent"])
    data = writer.get(LINE_ITEMS, f"{session['id']}#line_items")["data"]
    return payment_intents.create(
        writer,
        {
            "amount": session["amount_total"],
            "currency": session["currency"],
            "payment_method_types": ["card"],
            **({"customer": session["customer"]} if session["customer"] else {}),
            **data,
        },
    )


def _subscribe(writer: ObjectWriter, session: Document, payment_method: str) -> Attempt:
    """Create the subscription at the first attempt to pay; show it once an attempt succeeds."""
    unshown = writer.get(LINE_ITEMS, f"{session['id']}#line_items")
    if "subscription" in unshown:
        subscription = writer.get("subscription", unshown["subscription"])
        invoice = writer.get("invoice", subscription["latest_invoice"])
    else:
        bought = [(item["price"], item["quantity"]) for item in unshown["line_items"]]
        customer = _customer(writer, session)
        subscription, invoice = subscriptions.create(
            writer, customer, bought, {**unshown["data"], "currency": session["currency"]}
        )
        writer.replace(unshown | {"subscription": subscription["id"]})
    attempt = subscriptions.pay_first(writer, subscription, invoice, payment_method)
    if invoice["status"] == "paid":
        session |= {
            "customer": subscription["customer"],
            "invoice": invoice["id"],
            "subscription": subscription["id"],
        }
    return attempt


def _customer(writer: ObjectWriter, session: Document) -> Document:
    if session["customer"]:
        return writer.get("customer", session["customer"])
    email = session["customer_email"] or "citizen@venice.example"
    return customers.create(writer, {"email": email})


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


def _post_create(call: Change) -> One:
    return One(create(call.writer, call.params))


def _post_expire(call: Change) -> One:
    return One(expire(call.writer, call.get("checkout.session", "session")))


def _get_line_items(call: Call) -> Answer:
    if call.objects.find("checkout.session", call.id) is None:
        raise no_such("checkout.session", call.id, "session", status=404)
    items = call.objects.line_items(call.id)
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
    Write(path=_PATH, kind=_KIND, table=_CREATE, run=_post_create),
    Write(path=f"{_PATH}/{{id}}/expire", kind=_KIND, run=_post_expire),
    Read(
        path=f"{_PATH}/{{id}}/line_items", kind="item", table=PAGE, run=_get_line_items, listed=True
    ),
)
