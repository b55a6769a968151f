"""Charges: a card is charged, the money is captured, and goes onto the account's balance."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.cards import Card, Decline
from cascade_cli.sandbox.stripe.currencies import check_amount, check_step, show
from cascade_cli.sandbox.stripe.errors import Document, StripeError, card_error, no_such
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.objects import Query
from cascade_cli.sandbox.stripe.parameters import Anything, Currency, Flag, Integer, Text
from cascade_cli.sandbox.stripe.resources import payment_methods, refunds
from cascade_cli.sandbox.stripe.resources.balance import fee_for, move
from cascade_cli.sandbox.stripe.resources.payment_methods import (
    BILLING_DETAILS,
    Means,
    payment_method_details,
)
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


def create(
    writer: ObjectWriter,
    means: Means,
    amount: int,
    currency: str,
    *,
    capture: bool,
    settle_at_once: bool,
    details: Document,
) -> Document:
    """Try to charge the card; if the bank refuses, the charge has status `failed`.

    `details` are fields of the charge that the caller decides, such as metadata.
    """
    made = new_charge(writer.id("ch_3"), writer.created, amount, currency, means.card)
    made |= {
        "payment_method": means.document["id"],
        "payment_method_details": payment_method_details(means.card, amount, made["id"][-15:]),
        **details,
    }
    if not capture:
        made |= {"captured": False, "amount_captured": 0}
    if made["captured"] and settle_at_once:
        settle(writer, made)
    text = writer.add(made)
    writer.emit(f"charge.{made['status']}", text)
    return made


def settle_later(writer: ObjectWriter, made: Document) -> None:
    """Put a captured charge on the balance a little later, as `automatic_async` does."""
    before = {"balance_transaction": None, "receipt_url": None}
    settle(writer, made)
    writer.emit("charge.updated", writer.replace(made), before)


def settle(writer: ObjectWriter, made: Document) -> None:
    """Put the charge's money on the balance, less the fee."""
    amount = made["amount"]
    fee = fee_for(amount)
    moved = move(writer, amount, made["currency"], fee=fee, source=made["id"], type="charge")
    made["balance_transaction"] = moved["id"]
    made["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{made['id']}"


def capture(writer: ObjectWriter, charge: Document, amount: int | None) -> Document:
    """Take authorised money. The rest is released, which Stripe shows as a refund.

    Stripe puts the whole authorisation on the balance and takes the rest off at once.
    """
    wanted = charge["amount"] if amount is None else amount
    _check_capture(charge, wanted)
    changing = ("amount_captured", "amount_refunded", "balance_transaction", "captured")
    before = {key: charge[key] for key in changing}
    charge |= {"captured": True, "amount_captured": wanted}
    settle(writer, charge)
    rest = charge["amount"] - wanted
    released = refunds.refund_uncaptured(writer, charge, rest) if rest else None
    text = writer.replace(charge)
    writer.emit("charge.captured", text, before)
    if released:
        writer.emit("refund.created", writer.add(released))
        writer.emit("charge.refunded", text, {"amount_refunded": before["amount_refunded"]})
    return charge


def decline_error(made: Document, means: Means) -> StripeError | None:
    """The 402 to answer for a charge of the Charges API, if it failed."""
    if made["status"] != "failed" or means.card.decline is None:
        return None
    decline = means.card.decline
    failure = {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
    }
    return card_error(failure, charge=made["id"])


def _check_capture(charge: Document, wanted: int) -> None:
    if charge["captured"] or charge["refunded"] or charge["status"] != "succeeded":
        raise StripeError(
            f"Charge {charge['id']} has already been captured."
            if charge["captured"]
            else f"Charge {charge['id']} could not be captured.",
            code="charge_already_captured" if charge["captured"] else None,
        )
    if wanted > charge["amount"]:
        raise StripeError(
            f"You cannot capture more than the authorized amount of"
            f" {show(charge['amount'], charge['currency'])}.",
            code="amount_too_large",
            param="amount",
        )
    check_step(wanted, charge["currency"])


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


def _post_create(call: Change) -> One:
    params = dict(call.params)
    amount, currency = params.pop("amount"), params.pop("currency")
    check_amount(amount, currency)
    if params.get("customer"):
        call.writer.get("customer", params["customer"], "customer")
    if "source" not in params:
        raise StripeError("Must provide source or customer.")
    means = payment_methods.from_token(call.writer, params.pop("source"))
    capture = params.pop("capture", True)
    params |= {"metadata": merge({}, params.get("metadata")), "source": means.document}
    charge = create(
        call.writer, means, amount, currency, capture=capture, settle_at_once=True, details=params
    )
    return One(charge, decline_error(charge, means))


def _post_update(call: Change) -> One:
    charge = call.get("charge")
    changes = dict(call.params)
    if "metadata" in changes:
        changes["metadata"] = merge(charge["metadata"], changes["metadata"])
    before = {name: charge[name] for name in changes if charge[name] != changes[name]}
    charge |= changes
    text = call.writer.replace(charge)
    if before:
        call.writer.emit("charge.updated", text, before)
    return One(charge)


def _post_capture(call: Change) -> One:
    charge = call.get("charge")
    if charge["payment_intent"]:
        raise StripeError(
            f"The charge {charge['id']} was created by a PaymentIntent: capture"
            f" {charge['payment_intent']} instead."
        )
    amount = call.params.get("amount")
    charge |= {name: value for name, value in call.params.items() if name != "amount"}
    return One(capture(call.writer, charge, amount))


def _get_refunds(call: Call) -> Answer:
    if call.objects.find("charge", call.id) is None:
        raise no_such("charge", call.id, "charge", status=404)
    return page(call, Query("refund").where("charge = ?", call.id))


ENDPOINTS = (
    listing(
        "charge",
        "/v1/charges",
        {"customer": Text(), "payment_intent": Text(), "transfer_group": Text()},
    ),
    retrieving("charge", "/v1/charges/{id}"),
    Write(path="/v1/charges", kind="charge", table=_CREATE, run=_post_create),
    Write(
        path="/v1/charges/{id}",
        kind="charge",
        table={**_FIELDS, "metadata": Metadata()},
        run=_post_update,
    ),
    Write(path="/v1/charges/{id}/capture", kind="charge", table=_CAPTURE, run=_post_capture),
    Read(
        path="/v1/charges/{id}/refunds",
        kind="refund",
        table=PAGE,
        run=_get_refunds,
        listed=True,
    ),
)


def new_charge(id: str, created: int, amount: int, currency: str, card: Card) -> Document:
    """An approved and captured charge, or a failed one if the card has a reason to decline."""
    decline = card.decline
    failed = decline is not None
    return {
        "id": id,
        "object": "charge",
        "amount": amount,
        "amount_captured": 0 if failed else amount,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "authorization_code": None,
        "balance_transaction": None,
        "billing_details": BILLING_DETAILS,
        "calculated_statement_descriptor": "CASCADE",
        "captured": not failed,
        "created": created,
        "currency": currency,
        "customer": None,
        "description": None,
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": decline.code if decline else None,
        "failure_message": decline.message if decline else None,
        "fraud_details": {},
        "level3": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "outcome": _outcome(decline),
        "paid": not failed,
        "payment_intent": None,
        "payment_method": None,
        "payment_method_details": None,
        "presentment_details": None,
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if failed else "succeeded",
        "transfer": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def _outcome(decline: Decline | None) -> Document:
    said = "The bank did not return any further details with this decline."
    if decline and decline.decline_code != "generic_decline":
        said = f"The bank returned the decline code `{decline.decline_code}`."
    return {
        "advice_code": decline.advice_code if decline else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if decline else "approved_by_network",
        "reason": decline.decline_code if decline else None,
        "risk_level": "normal",
        "risk_score": 20,
        "rule": None,
        "seller_message": said if decline else "Payment complete.",
        "type": "issuer_declined" if decline else "authorized",
    }
