"""/v1/products, /v1/prices and /v1/coupons."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.metadata import Metadata
from cascade_cli.sandbox.stripe.parameters import (
    Anything,
    Array,
    Choice,
    Currency,
    Flag,
    Hash,
    Integer,
    Text,
)
from cascade_cli.sandbox.stripe.resources import coupons, prices
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

RECURRING = {
    "interval": Choice(("day", "month", "week", "year"), required=True),
    "interval_count": Integer(minimum=1, maximum=36),
}
_PRODUCT = {
    "active": Flag(),
    "description": Text(),
    "id": Text(maximum=255),
    "images": Array(Text()),
    "metadata": Metadata(),
    "name": Text(required=True),
}
_PRICE = {
    "currency": Currency(required=True),
    "currency_options": Anything(),
    "lookup_key": Text(maximum=200),
    "metadata": Metadata(),
    "nickname": Text(),
    "product": Text(required=True),
    "recurring": Hash(RECURRING),
    "unit_amount": Integer(required=True, minimum=0),
}
_COUPON = {
    "amount_off": Integer(minimum=1),
    "applies_to": Hash({"products": Array(Text())}),
    "currency": Currency(),
    "duration": Choice(("forever",)),
    "id": Text(),
    "metadata": Metadata(),
    "name": Text(maximum=40),
    "percent_off": Integer(minimum=1, maximum=100),
}

_UPDATE_PRODUCT = {
    "active": Flag(),
    "description": Text(),
    "images": Array(Text()),
    "metadata": Metadata(),
    "name": Text(),
}
_UPDATE_PRICE = {
    "active": Flag(),
    "metadata": Metadata(),
    "nickname": Text(),
}


def _create_product(call: Change) -> One:
    return One(prices.create_product(call.ledger, call.params))


def _create_price(call: Change) -> One:
    options = {
        currency: {"unit_amount": Integer(minimum=0).read(option.get("unit_amount"), currency)}
        for currency, option in call.params.get("currency_options", {}).items()
    }
    return One(prices.create_price(call.ledger, {**call.params, "currency_options": options}))


def _create_coupon(call: Change) -> One:
    return One(coupons.create_coupon(call.ledger, call.params))


def _update_product(call: Change) -> One:
    return One(prices.update(call.ledger, call.get("product"), call.params))


def _update_price(call: Change) -> One:
    return One(prices.update(call.ledger, call.get("price"), call.params))


ENDPOINTS = (
    listing("product", "/v1/products", {}),
    retrieving("product", "/v1/products/{id}"),
    Write(path="/v1/products", kind="product", table=_PRODUCT, run=_create_product),
    Write(path="/v1/products/{id}", kind="product", table=_UPDATE_PRODUCT, run=_update_product),
    listing("price", "/v1/prices", {"currency": Currency(), "type": Text()}),
    retrieving("price", "/v1/prices/{id}"),
    Write(path="/v1/prices", kind="price", table=_PRICE, run=_create_price),
    Write(path="/v1/prices/{id}", kind="price", table=_UPDATE_PRICE, run=_update_price),
    listing("coupon", "/v1/coupons", {}),
    retrieving("coupon", "/v1/coupons/{id}", "coupon"),
    Write(path="/v1/coupons", kind="coupon", table=_COUPON, run=_create_coupon),
)
