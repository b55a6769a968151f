"""Prices: what a product costs, once or every month, in one currency or several."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.currencies import check_step
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import CURRENCY_OPTIONS
from cascade_cli.sandbox.stripe.parameters import (
    Anything,
    Choice,
    Currency,
    Flag,
    Hash,
    Integer,
    Text,
)
from cascade_cli.sandbox.stripe.resources import products
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving


def create(writer: ObjectWriter, params: Document) -> Document:
    """A price of an existing product, active."""
    writer.get("product", params["product"], "product")
    made = _price(writer, params["product"], params)
    made |= {name: params[name] for name in ("lookup_key", "nickname") if name in params}
    made |= {"active": True, "metadata": merge({}, params.get("metadata"))}
    options = params.get("currency_options") or {}
    amounts = {currency: option["unit_amount"] for currency, option in options.items()}
    writer.add(_unshown(made, amounts))
    writer.emit("price.created", writer.add(made))
    return made


def create_monthly(
    writer: ObjectWriter,
    currency: str,
    product: str,
    unit_amount: int,
    listed: tuple[str, int] | None = None,
) -> Document:
    """A new monthly price; creates the product if there is none yet."""
    if not writer.exists("product", product):
        products.create(writer, {"id": product, "name": product})
    own, amount = listed or (currency, unit_amount)
    options = {currency: {"unit_amount": unit_amount}} if own != currency else {}
    return create(
        writer,
        {
            "currency": own,
            "currency_options": options,
            "product": product,
            "recurring": {"interval": "month"},
            "unit_amount": amount,
        },
    )


def chosen_price(writer: ObjectWriter, item: Document, name: str) -> Document:
    """The price that a line item names, or a new one from its `price_data`."""
    if "price" in item:
        return _active_price(writer, item["price"], f"{name}[price]")
    if "price_data" not in item:
        raise _missing(f"{name}[price_data]")
    data = item["price_data"]
    if "product" in data:
        product = products.check_active(writer, data["product"], f"{name}[price_data][product]")
    elif "product_data" in data:
        product = writer.id("prod_")
        writer.add(products.new_product(product, writer.created, data["product_data"]["name"]))
    else:
        raise _missing(f"{name}[price_data][product_data]")
    made = _price(writer, product, data)
    writer.add(made)
    return made


def _active_price(writer: ObjectWriter, id: str, name: str) -> Document:
    found = writer.get("price", id, name)
    if not found["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.", param=name
        )
    products.check_active(writer, found["product"], name)
    return found


def _price(writer: ObjectWriter, product: str, data: Document) -> Document:
    currency, amount = data["currency"], data["unit_amount"]
    check_step(amount, currency)
    made = new_price(writer.id("price_1"), product, writer.created, currency, amount)
    if data.get("recurring"):
        made |= {"recurring": new_recurring(**data["recurring"]), "type": "recurring"}
    return made


def in_currency(writer: ObjectWriter, price: Document, currency: str) -> Document:
    """The price with its amount in another currency; raises if it has no amount in it."""
    if price["currency"] == currency:
        return price
    id = f"{price['id']}#currency_options"
    options = (
        writer.get(CURRENCY_OPTIONS, id)["options"] if writer.exists(CURRENCY_OPTIONS, id) else {}
    )
    if currency not in options:
        raise StripeError(
            f"The price specified only supports `{price['currency']}`. This doesn't match the"
            f" expected currency: `{currency}`.",
            param="currency",
        )
    return price | {"currency": currency, **options[currency]}


def _unshown(price: Document, amounts: dict[str, int]) -> Document:
    """Stripe shows a price's currencies only when expanded, so they are kept apart."""
    return {
        "id": f"{price['id']}#currency_options",
        "object": CURRENCY_OPTIONS,
        "created": price["created"],
        "options": new_currency_options(price, amounts),
    }


def _missing(name: str) -> StripeError:
    return StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)


RECURRING = {
    "interval": Choice(("day", "month", "week", "year"), required=True),
    "interval_count": Integer(minimum=1, maximum=36),
}
_CREATE = {
    "currency": Currency(required=True),
    "currency_options": Anything(),
    "lookup_key": Text(maximum=200),
    "metadata": Metadata(),
    "nickname": Text(),
    "product": Text(required=True),
    "recurring": Hash(RECURRING),
    "unit_amount": Integer(required=True, minimum=0),
}
_UPDATE = {
    "active": Flag(),
    "metadata": Metadata(),
    "nickname": Text(),
}


def _post_create(call: Change) -> One:
    options = {
        currency: {"unit_amount": Integer(minimum=0).read(option.get("unit_amount"), currency)}
        for currency, option in call.params.get("currency_options", {}).items()
    }
    return One(create(call.writer, {**call.params, "currency_options": options}))


def _post_update(call: Change) -> One:
    return One(products.update(call.writer, call.get("price"), call.params))


ENDPOINTS = (
    listing("price", "/v1/prices", {"currency": Currency(), "type": Text()}),
    retrieving("price", "/v1/prices/{id}"),
    Write(path="/v1/prices", kind="price", table=_CREATE, run=_post_create),
    Write(path="/v1/prices/{id}", kind="price", table=_UPDATE, run=_post_update),
)


def new_price(id: str, product: str, created: int, currency: str, unit_amount: int) -> Document:
    """A one-time price; inactive, like those that Stripe makes from inline `price_data`."""
    return {
        "id": id,
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": created,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": product,
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": unit_amount,
        "unit_amount_decimal": str(unit_amount),
    }


def new_recurring(interval: str = "month", interval_count: int = 1) -> Document:
    """The `recurring` hash of a price for subscriptions."""
    return {
        "interval": interval,
        "interval_count": interval_count,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def new_currency_options(price: Document, options: dict[str, int]) -> Document:
    """What a price costs in each currency, its own among them."""
    amounts = {price["currency"]: price["unit_amount"], **options}
    return {
        currency: {
            "custom_unit_amount": None,
            "tax_behavior": price["tax_behavior"],
            "unit_amount": amount,
            "unit_amount_decimal": str(amount),
        }
        for currency, amount in amounts.items()
    }
