"""Customers, and what they owe or have been credited."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Integer, Text
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving


def create(writer: ObjectWriter, fields: Document) -> Document:
    """A customer with these fields, which have been checked."""
    customer = new_customer(writer.id("cus_"), writer.created) | fields
    customer["metadata"] = merge({}, fields.get("metadata"))
    writer.emit("customer.created", writer.add(customer))
    return customer


def update(writer: ObjectWriter, customer: Document, params: Document) -> Document:
    """Change the fields that `params` names."""
    changes = dict(params)
    if "metadata" in changes:
        changes["metadata"] = merge(customer["metadata"], changes["metadata"])
    before = {name: customer[name] for name in changes}
    customer |= changes
    writer.emit("customer.updated", writer.replace(customer), before)
    return customer


def change_balance(writer: ObjectWriter, customer: Document, amount: int) -> Document:
    """The customer owes `amount` more; a negative amount is credit for later invoices."""
    if amount:
        before = {"balance": customer["balance"]}
        customer["balance"] += amount
        writer.emit("customer.updated", writer.replace(customer), before)
    return customer


_FIELDS = {
    "balance": Integer(),
    "description": Text(unsettable=True),
    "email": Text(unsettable=True, maximum=512),
    "metadata": Metadata(),
    "name": Text(unsettable=True, maximum=256),
    "phone": Text(unsettable=True),
}


def _post_create(call: Change) -> One:
    return One(create(call.writer, call.params))


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("customer"), call.params))


ENDPOINTS = (
    listing("customer", "/v1/customers", {}),
    retrieving("customer", "/v1/customers/{id}"),
    Write(path="/v1/customers", kind="customer", table=_FIELDS, run=_post_create),
    Write(path="/v1/customers/{id}", kind="customer", table=_FIELDS, run=_post_update),
)


def new_customer(id: str, created: int) -> Document:
    """A customer without any details."""
    return {
        "id": id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
