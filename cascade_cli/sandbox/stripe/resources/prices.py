"""Products and prices: what a shop sells, once or every month."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.currencies import check_step
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.object_writer import Ledger
from cascade_cli.sandbox.stripe.objects import CURRENCY_OPTIONS
from cascade_cli.sandbox.stripe.shapes.subscriptions import currency_options, recurring
from cascade_cli.sandbox.stripe.shapes.subscriptions import price as new_price
from cascade_cli.sandbox.stripe.shapes.subscriptions import product as new_product

_COPIED = ("description", "images", "active")


def create_product(ledger: Ledger, params: Document) -> Document:
    """A product with the shop's own id, or one that is drawn."""
    id = params.get("id") or ledger.id("prod_")
    if "id" in params and ledger.knows("product", id):
        raise StripeError("Product already exists.", code="resource_already_exists")
    made = new_product(id, ledger.created, params["name"])
    made |= {name: params[name] for name in _COPIED if name in params}
    made["metadata"] = merge({}, params.get("metadata"))
    ledger.emit("product.created", ledger.add(made))
    return made


def create_price(ledger: Ledger, params: Document) -> Document:
    """A price of an existing product, active."""
    ledger.get("product", params["product"], "product")
    made = _price(ledger, params["product"], params)
    made |= {name: params[name] for name in ("lookup_key", "nickname") if name in params}
    made |= {"active": True, "metadata": merge({}, params.get("metadata"))}
    options = params.get("currency_options") or {}
    amounts = {currency: option["unit_amount"] for currency, option in options.items()}
    ledger.add(_aside(made, amounts))
    ledger.emit("price.created", ledger.add(made))
    return made


def update(ledger: Ledger, kept: Document, params: Document) -> Document:
    """Change a product or a price; what is `active: false` is sold no longer."""
    changes = dict(params)
    if "metadata" in changes:
        changes["metadata"] = merge(kept["metadata"], changes["metadata"])
    before = {name: kept[name] for name in changes if kept[name] != changes[name]}
    kept |= changes
    ledger.emit(f"{kept['object']}.updated", ledger.replace(kept), before)
    return kept


def chosen_price(ledger: Ledger, item: Document, name: str) -> Document:
    """The price that a line item of a checkout names, or that is made of its `price_data`."""
    if "price" in item:
        return _active_price(ledger, item["price"], f"{name}[price]")
    if "price_data" not in item:
        raise _missing(f"{name}[price_data]")
    data = item["price_data"]
    if "product" in data:
        product = _active_product(ledger, data["product"], f"{name}[price_data][product]")
    elif "product_data" in data:
        product = ledger.id("prod_")
        ledger.add(new_product(product, ledger.created, data["product_data"]["name"]))
    else:
        raise _missing(f"{name}[price_data][product_data]")
    made = _price(ledger, product, data)
    ledger.add(made)
    return made


def _active_price(ledger: Ledger, id: str, name: str) -> Document:
    found = ledger.get("price", id, name)
    if not found["active"]:
        raise StripeError(
            "The price specified is inactive. This field only accepts active prices.", param=name
        )
    _active_product(ledger, found["product"], name)
    return found


def _active_product(ledger: Ledger, id: str, name: str) -> str:
    if not ledger.get("product", id, name)["active"]:
        raise StripeError(
            f"The product {id} is marked as inactive, and thus nothing new can be sold of it.",
            param=name,
        )
    return id


def _price(ledger: Ledger, product: str, data: Document) -> Document:
    currency, amount = data["currency"], data["unit_amount"]
    check_step(amount, currency)
    made = new_price(ledger.id("price_1"), product, ledger.created, currency, amount)
    if data.get("recurring"):
        made |= {"recurring": recurring(**data["recurring"]), "type": "recurring"}
    return made


def in_currency(ledger: Ledger, price: Document, currency: str) -> Document:
    """The price with its amount in another currency, or the error if it has none in that."""
    if price["currency"] == currency:
        return price
    id = f"{price['id']}#currency_options"
    options = (
        ledger.get(CURRENCY_OPTIONS, id)["options"] if ledger.knows(CURRENCY_OPTIONS, id) else {}
    )
    if currency not in options:
        raise StripeError(
            f"The price specified only supports `{price['currency']}`. This doesn't match the"
            f" expected currency: `{currency}`.",
            param="currency",
        )
    return price | {"currency": currency, **options[currency]}


def _aside(price: Document, amounts: dict[str, int]) -> Document:
    """Stripe shows a price's currencies only when asked to."""
    return {
        "id": f"{price['id']}#currency_options",
        "object": CURRENCY_OPTIONS,
        "created": price["created"],
        "options": currency_options(price, amounts),
    }


def _missing(name: str) -> StripeError:
    return StripeError(f"Missing required param: {name}.", code="parameter_missing", param=name)
