"""Coupons, the discounts they give, and what these take off the lines of an invoice."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Array, Choice, Currency, Hash, Integer, Text
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

_COPIED = ("amount_off", "currency", "duration", "name", "percent_off")
APPLIES_TO = "sandbox.applies_to"


def create(writer: ObjectWriter, params: Document) -> Document:
    """A coupon for a percentage or an amount, off all products or some."""
    if ("percent_off" in params) == ("amount_off" in params):
        raise StripeError("You must pass either `percent_off` or `amount_off`, and not both.")
    if "amount_off" in params and "currency" not in params:
        raise StripeError(
            "Missing required param: currency.", code="parameter_missing", param="currency"
        )
    made = new_coupon(params.get("id") or writer.id("cpn_"), writer.created)
    made |= {name: params[name] for name in _COPIED if name in params}
    made["metadata"] = merge({}, params.get("metadata"))
    products = (params.get("applies_to") or {}).get("products") or []
    # Stripe shows these only when expanded, so they are kept apart.
    unshown = {"id": f"{made['id']}#applies_to", "object": APPLIES_TO, "created": writer.created}
    writer.add(unshown | {"products": products})
    writer.emit("coupon.created", writer.add(made))
    return made


def create_discounts(
    writer: ObjectWriter, subscription: Document, params: list[Document]
) -> list[str]:
    """The ids of new discounts of a subscription, one for each coupon named."""
    made = []
    for position, one in enumerate(params):
        coupon = writer.get("coupon", one["coupon"], f"discounts[{position}][coupon]")
        id = writer.id("di_1")
        writer.add(new_discount(id, writer.created, subscription, coupon["id"]))
        made.append(id)
    return made


def apply_to_lines(writer: ObjectWriter, invoice: Document, lines: list[Document]) -> int:
    """Take the invoice's discounts off its lines; returns the total discount."""
    for id in invoice["discounts"]:
        coupon = writer.get("coupon", writer.get("discount", id)["source"]["coupon"])
        products = writer.get(APPLIES_TO, f"{coupon['id']}#applies_to")["products"]
        open_lines = [line for line in lines if _may_be_lowered(line, products)]
        amounts = _shares(coupon, [_left(line) for line in open_lines])
        for line, amount in zip(open_lines, amounts, strict=True):
            line["discount_amounts"].append({"amount": amount, "discount": id})
            line["discounts"].append(id)
            taken = {"amount": amount, "discount": id, "type": "discount"}
            line["pretax_credit_amounts"].append(taken)
        total = {"amount": sum(amounts), "discount": id}
        invoice["total_discount_amounts"].append(total)
        invoice["total_pretax_credit_amounts"].append(total | {"type": "discount"})
    return sum(one["amount"] for one in invoice["total_discount_amounts"])


def _may_be_lowered(line: Document, products: list[str]) -> bool:
    product = line["pricing"]["price_details"]["product"]
    return line["discountable"] and line["amount"] > 0 and (not products or product in products)


def _left(line: Document) -> int:
    return int(line["amount"]) - sum(int(one["amount"]) for one in line["discount_amounts"])


def _shares(coupon: Document, amounts: list[int]) -> list[int]:
    """Split a fixed amount in proportion; rounding loses no cent."""
    if coupon["percent_off"] is not None:
        return [round(amount * coupon["percent_off"] / 100) for amount in amounts]
    whole, done, shares = sum(amounts), 0, list[int]()
    most = min(int(coupon["amount_off"]), whole)
    for amount in amounts:
        before, done = done, done + amount
        shares.append(most * done // whole - most * before // whole)
    return shares


_CREATE = {
    "amount_off": Integer(minimum=1),
    "applies_to": Hash({"products": Array(Text())}),
    "currency": Currency(),
    "duration": Choice(("forever",)),
    "id": Text(),
    "metadata": Metadata(),
    "name": Text(maximum=40),
    "percent_off": Integer(minimum=1, maximum=100),
}


def _post_create(call: Change) -> One:
    return One(create(call.writer, call.params))


ENDPOINTS = (
    listing("coupon", "/v1/coupons", {}),
    retrieving("coupon", "/v1/coupons/{id}", "coupon"),
    Write(path="/v1/coupons", kind="coupon", table=_CREATE, run=_post_create),
)


def new_coupon(id: str, created: int) -> Document:
    """A coupon; the caller sets what it takes off."""
    return {
        "id": id,
        "object": "coupon",
        "amount_off": None,
        "created": created,
        "currency": None,
        "duration": "forever",
        "duration_in_months": None,
        "livemode": False,
        "max_redemptions": None,
        "metadata": {},
        "name": None,
        "percent_off": None,
        "redeem_by": None,
        "times_redeemed": 0,
        "valid": True,
    }


def new_discount(id: str, created: int, subscription: Document, coupon: str) -> Document:
    """A coupon in use by a subscription."""
    return {
        "id": id,
        "object": "discount",
        "checkout_session": None,
        "created": created,
        "customer": subscription["customer"],
        "customer_account": None,
        "end": None,
        "invoice": None,
        "invoice_item": None,
        "promotion_code": None,
        "source": {"coupon": coupon, "type": "coupon"},
        "start": created,
        "subscription": subscription["id"],
        "subscription_item": None,
    }
