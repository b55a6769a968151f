"""/v1/charges and /v1/customers."""

from __future__ import annotations

from cascade_cli.sandbox.stripe import capturing
from cascade_cli.sandbox.stripe.currencies import check_amount
from cascade_cli.sandbox.stripe.errors import StripeError, no_such
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Anything, Currency, Flag, Integer, Text
from cascade_cli.sandbox.stripe.resources import charges
from cascade_cli.sandbox.stripe.resources.accounts import customer as new_customer
from cascade_cli.sandbox.stripe.routing import (
    PAGE,
    Answer,
    Call,
    Change,
    One,
    Read,
    Write,
    listing,
    page,
    retrieving,
)

_FIELDS = {
    "customer": Text(),
    "description": Text(unsettable=True),
    "receipt_email": Text(unsettable=True),
    "shipping": Anything(),
    "transfer_group": Text(),
}
_CREATE = {
    **_FIELDS,
    "amount": Integer(required=True, minimum=1),
    "currency": Currency(required=True),
    "capture": Flag(),
    "metadata": Metadata(),
    "source": Text(),
    "statement_descriptor": Text(maximum=22),
    "statement_descriptor_suffix": Text(maximum=22),
}
_CAPTURE = {
    "amount": Integer(minimum=1),
    "receipt_email": Text(),
    "statement_descriptor": Text(maximum=22),
    "statement_descriptor_suffix": Text(maximum=22),
    "transfer_group": Text(),
}
_CUSTOMER = {
    "balance": Integer(),
    "description": Text(unsettable=True),
    "email": Text(unsettable=True, maximum=512),
    "metadata": Metadata(),
    "name": Text(unsettable=True, maximum=256),
    "phone": Text(unsettable=True),
}


def _create(call: Change) -> One:
    params = dict(call.params)
    amount, currency = params.pop("amount"), params.pop("currency")
    check_amount(amount, currency)
    if params.get("customer"):
        call.ledger.get("customer", params["customer"], "customer")
    if "source" not in params:
        raise StripeError("Must provide source or customer.")
    means = charges.token(call.ledger, params.pop("source"))
    capture = params.pop("capture", True)
    params |= {"metadata": merge({}, params.get("metadata")), "source": means.document}
    charge = charges.charge(
        call.ledger, means, amount, currency, capture=capture, settle_at_once=True, details=params
    )
    return One(charge, charges.decline_of(charge, means))


def _update(call: Change) -> One:
    charge = call.get("charge")
    changes = dict(call.params)
    if "metadata" in changes:
        changes["metadata"] = merge(charge["metadata"], changes["metadata"])
    before = {name: charge[name] for name in changes if charge[name] != changes[name]}
    charge |= changes
    text = call.ledger.replace(charge)
    if before:
        call.ledger.emit("charge.updated", text, before)
    return One(charge)


def _capture(call: Change) -> One:
    charge = call.get("charge")
    if charge["payment_intent"]:
        raise StripeError(
            f"The charge {charge['id']} was created by a PaymentIntent: capture"
            f" {charge['payment_intent']} instead."
        )
    amount = call.params.get("amount")
    charge |= {name: value for name, value in call.params.items() if name != "amount"}
    return One(capturing.capture(call.ledger, charge, amount))


def _create_customer(call: Change) -> One:
    customer = new_customer(call.ledger.id("cus_"), call.ledger.created) | call.params
    customer["metadata"] = merge({}, call.params.get("metadata"))
    call.ledger.emit("customer.created", call.ledger.add(customer))
    return One(customer)


def _refunds(call: Call) -> Answer:
    if call.shelf.find("charge", call.id) is None:
        raise no_such("charge", call.id, "charge", status=404)
    return page(call, Query("refund").where("charge = ?", call.id))


def _update_customer(call: Change) -> One:
    customer, changes = call.get("customer"), dict(call.params)
    if "metadata" in changes:
        changes["metadata"] = merge(customer["metadata"], changes["metadata"])
    before = {name: customer[name] for name in changes}
    customer |= changes
    call.ledger.emit("customer.updated", call.ledger.replace(customer), before)
    return One(customer)


ENDPOINTS = (
    listing(
        "charge",
        "/v1/charges",
        {"customer": Text(), "payment_intent": Text(), "transfer_group": Text()},
    ),
    retrieving("charge", "/v1/charges/{id}"),
    Write(path="/v1/charges", kind="charge", table=_CREATE, run=_create),
    Write(
        path="/v1/charges/{id}",
        kind="charge",
        table={**_FIELDS, "metadata": Metadata()},
        run=_update,
    ),
    Write(path="/v1/charges/{id}/capture", kind="charge", table=_CAPTURE, run=_capture),
    Read(path="/v1/charges/{id}/refunds", kind="refund", table=PAGE, run=_refunds, listed=True),
    listing("customer", "/v1/customers", {}),
    retrieving("customer", "/v1/customers/{id}"),
    Write(path="/v1/customers", kind="customer", table=_CUSTOMER, run=_create_customer),
    Write(path="/v1/customers/{id}", kind="customer", table=_CUSTOMER, run=_update_customer),
)
