"""Products: what a shop sells."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Array, Flag, Text
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

_COPIED = ("description", "images", "active")


def create(writer: ObjectWriter, params: Document) -> Document:
    """A product, with the shop's own id if it names one."""
    id = params.get("id") or writer.id("prod_")
    if "id" in params and writer.exists("product", id):
        raise StripeError("Product already exists.", code="resource_already_exists")
    made = new_product(id, writer.created, params["name"])
    made |= {name: params[name] for name in _COPIED if name in params}
    made["metadata"] = merge({}, params.get("metadata"))
    writer.emit("product.created", writer.add(made))
    return made


def update(writer: ObjectWriter, kept: Document, params: Document) -> Document:
    """Change a product or a price; with `active: false` it can no longer be sold."""
    changes = dict(params)
    if "metadata" in changes:
        changes["metadata"] = merge(kept["metadata"], changes["metadata"])
    before = {name: kept[name] for name in changes if kept[name] != changes[name]}
    kept |= changes
    writer.emit(f"{kept['object']}.updated", writer.replace(kept), before)
    return kept


def check_active(writer: ObjectWriter, id: str, name: str) -> str:
    """The product's id; raises an error that names the parameter if the product is inactive."""
    if not writer.get("product", id, name)["active"]:
        raise StripeError(
            f"The product {id} is marked as inactive, and thus nothing new can be sold of it.",
            param=name,
        )
    return id


_CREATE = {
    "active": Flag(),
    "description": Text(),
    "id": Text(maximum=255),
    "images": Array(Text()),
    "metadata": Metadata(),
    "name": Text(required=True),
}
_UPDATE = {
    "active": Flag(),
    "description": Text(),
    "images": Array(Text()),
    "metadata": Metadata(),
    "name": Text(),
}


def _post_create(call: Change) -> One:
    return One(create(call.writer, call.params))


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("product"), call.params))


ENDPOINTS = (
    listing("product", "/v1/products", {}),
    retrieving("product", "/v1/products/{id}"),
    Write(path="/v1/products", kind="product", table=_CREATE, run=_post_create),
    Write(path="/v1/products/{id}", kind="product", table=_UPDATE, run=_post_update),
)


_NULL = (
    "default_price", "description", "package_dimensions", "shippable", "statement_descriptor",
    "tax_code", "tax_details", "unit_label", "url",
)  # fmt: skip


def new_product(id: str, created: int, name: str) -> Document:
    """A product without a price."""
    return {
        "id": id,
        "object": "product",
        "active": True,
        "created": created,
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "type": "service",
        "updated": created,
        **dict.fromkeys(_NULL),
    }
