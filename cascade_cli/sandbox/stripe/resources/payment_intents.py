"""PaymentIntents from creation to success, refusal or cancellation."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.sandbox.stripe.cards import AUTHENTICATION_REQUIRED, Decline
from cascade_cli.sandbox.stripe.currencies import check_amount
from cascade_cli.sandbox.stripe.errors import Document, StripeError, card_error, unexpected_state
from cascade_cli.sandbox.stripe.metadata import Metadata, merge
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
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
from cascade_cli.sandbox.stripe.resources import (
    charges,
    disputes,
    invoice_payments,
    payment_methods,
    refunds,
)
from cascade_cli.sandbox.stripe.resources.payment_methods import Means
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving
from cascade_cli.sandbox.stripe.shapes.payment_intents import (
    new_next_action,
    new_payment_error,
    new_payment_intent,
)

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
_CANCELABLE = ("requires_payment_method", "requires_capture", *_OPEN[1:], "processing")
_COPIED_TO_CHARGE = (
    "customer", "description", "receipt_email", "shipping", "statement_descriptor",
    "statement_descriptor_suffix", "transfer_group",
)  # fmt: skip
_SETTABLE = (
    *_COPIED_TO_CHARGE, "automatic_payment_methods", "capture_method", "confirmation_method",
    "payment_details", "payment_method_types", "setup_future_usage",
)  # fmt: skip


@dataclass(frozen=True)
class Attempt:
    """The result of a confirmation; `charge` is None if no card was charged."""

    intent: Document
    charge: Document | None = None

    @property
    def error(self) -> StripeError | None:
        """The 402 to answer, if the card was refused."""
        failure = self.intent["last_payment_error"]
        return card_error(failure, payment_intent=self.intent) if failure else None


def create(writer: ObjectWriter, params: Document) -> Document:
    """A new PaymentIntent from checked parameters; nothing is paid yet."""
    check_amount(params["amount"], params["currency"])
    id = writer.id("pi_3")
    secret = writer.id(f"{id}_secret_")
    intent = new_payment_intent(id, secret, writer.created, params["amount"], params["currency"])
    _set(writer, intent, params)
    writer.emit("payment_intent.created", writer.add(intent))
    return intent


def update(writer: ObjectWriter, intent: Document, params: Document) -> Document:
    """Change a PaymentIntent but not its charge. Stripe sends no event about it."""
    for name in ("amount", "currency", "payment_method"):
        if name in params and intent["status"] not in _OPEN:
            raise unexpected_state(
                f"This PaymentIntent's {name} could not be updated because it has a status of"
                f" {intent['status']}. You may only update the {name} of a PaymentIntent with one"
                f" of the following statuses: {', '.join(_OPEN)}.",
                intent,
                name,
            )
    intent |= {name: params[name] for name in ("amount", "currency") if name in params}
    check_amount(intent["amount"], intent["currency"])
    _set(writer, intent, params)
    writer.replace(intent)
    return intent


def confirm(writer: ObjectWriter, intent: Document, params: Document) -> Attempt:
    """Try to pay. Metadata is copied to the charge now and never again."""
    _check_confirmable(intent, params)
    _set(writer, intent, params)
    means = payment_methods.find_or_create(writer, intent["payment_method"])
    intent |= {"last_payment_error": None, "next_action": None}
    if means.card.behaviour == "authenticates" and not params.get("off_session"):
        return _ask_for_authentication(writer, intent, means, params)
    charge = charges.create(
        writer,
        means,
        intent["amount"],
        intent["currency"],
        capture=intent["capture_method"] != "manual",
        settle_at_once=intent["capture_method"] == "automatic",
        details=_details(intent),
    )
    intent["latest_charge"] = charge["id"]
    if charge["status"] == "failed":
        _refuse(writer, intent, means, charge["id"])
    else:
        _accept(writer, intent, charge)
        if means.card.behaviour == "pays_then_disputes":
            disputes.create(writer, charge, disputes.Claim())
    return Attempt(intent, charge)


def capture(writer: ObjectWriter, intent: Document, params: Document) -> Document:
    """Take the authorised money, or the first `amount_to_capture` of it."""
    if intent["status"] != "requires_capture":
        raise unexpected_state(
            "This PaymentIntent could not be captured because it has a status of"
            f" {intent['status']}. Only a PaymentIntent with one of the following statuses may be"
            " captured: requires_capture.",
            intent,
        )
    charge = writer.get("charge", intent["latest_charge"])
    charges.capture(writer, charge, params.get("amount_to_capture"))
    _set(writer, intent, params)
    _succeed(writer, intent, charge)
    return intent


def cancel(writer: ObjectWriter, intent: Document, reason: str | None) -> Document:
    """Cancel it; money that was only authorised is released."""
    if intent["status"] not in _CANCELABLE:
        raise unexpected_state(
            f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
            " Only a PaymentIntent with one of the following statuses may be canceled:"
            f" {', '.join(_CANCELABLE)}.",
            intent,
        )
    if intent["status"] == "requires_capture":
        refunds.release_authorization(writer, writer.get("charge", intent["latest_charge"]))
    intent |= {
        "status": "canceled",
        "canceled_at": writer.created,
        "cancellation_reason": reason,
        "amount_capturable": 0,
        "next_action": None,
    }
    writer.emit("payment_intent.canceled", writer.replace(intent))
    return intent


def _set(writer: ObjectWriter, intent: Document, params: Document) -> None:
    if params.get("customer"):
        writer.get("customer", params["customer"], "customer")
    intent |= {name: params[name] for name in _SETTABLE if name in params}
    if "payment_method_types" in params:
        intent["automatic_payment_methods"] = None
    if "metadata" in params:
        intent["metadata"] = merge(intent["metadata"], params["metadata"])
    if params.get("payment_method"):
        means = payment_methods.find_or_create(writer, params["payment_method"])
        intent["payment_method"] = means.document["id"]
        if intent["status"] == "requires_payment_method":
            intent["status"] = "requires_confirmation"


def _check_confirmable(intent: Document, params: Document) -> None:
    if intent["status"] in ("succeeded", "requires_capture"):
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has already succeeded after being"
            " previously confirmed.",
            intent,
        )
    if intent["status"] == "canceled":
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it has a status of canceled. Only a"
            " PaymentIntent with one of the following statuses may be confirmed:"
            " requires_confirmation, requires_action.",
            intent,
        )
    if not (intent["payment_method"] or params.get("payment_method")):
        raise unexpected_state(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can"
            " either update the PaymentIntent with a payment method and then confirm it again, or"
            " confirm it again directly with a payment method or ConfirmationToken.",
            intent,
        )


def _details(intent: Document) -> Document:
    copied = {name: intent[name] for name in _COPIED_TO_CHARGE}
    return {**copied, "payment_intent": intent["id"], "metadata": dict(intent["metadata"])}


def _accept(writer: ObjectWriter, intent: Document, charge: Document) -> None:
    if charge["captured"]:
        _succeed(writer, intent, charge)
        if charge["balance_transaction"] is None:
            charges.settle_later(writer, charge)
        return
    intent |= {"status": "requires_capture", "amount_capturable": charge["amount"]}
    writer.emit("payment_intent.amount_capturable_updated", writer.replace(intent))


def _succeed(writer: ObjectWriter, intent: Document, charge: Document) -> None:
    intent |= {
        "status": "succeeded",
        "amount_received": charge["amount_captured"],
        "amount_capturable": 0,
    }
    writer.emit("payment_intent.succeeded", writer.replace(intent))
    invoice_payments.apply_attached(writer, intent)


def _refuse(writer: ObjectWriter, intent: Document, means: Means, charge_id: str | None) -> None:
    decline: Decline = means.card.decline or AUTHENTICATION_REQUIRED
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": new_payment_error(decline, charge_id, means.document),
    }
    writer.emit("payment_intent.payment_failed", writer.replace(intent))


def _ask_for_authentication(
    writer: ObjectWriter, intent: Document, means: Means, params: Document
) -> Attempt:
    if params.get("error_on_requires_action"):
        _refuse(writer, intent, means, None)
        return Attempt(intent)
    intent["status"] = "requires_action"
    intent["next_action"] = new_next_action(intent, params.get("return_url"))
    writer.emit("payment_intent.requires_action", writer.replace(intent))
    return Attempt(intent)


_CAPTURE_METHOD = Choice(("automatic", "automatic_async", "manual"))
_FIELDS = {
    "capture_method": _CAPTURE_METHOD,
    "customer": Text(),
    "description": Text(unsettable=True, maximum=1000),
    "metadata": Metadata(),
    "payment_method": Text(),
    "payment_method_options": Anything(),
    "payment_method_types": Array(Choice(("card", "link"))),
    "receipt_email": Text(unsettable=True),
    "setup_future_usage": Choice(("off_session", "on_session")),
    "shipping": Anything(unsettable=True),
    "statement_descriptor": Text(maximum=22),
    "statement_descriptor_suffix": Text(maximum=22),
    "transfer_group": Text(),
}
_UPDATE = {**_FIELDS, "amount": Integer(minimum=1), "currency": Currency()}
_CONFIRM = {
    "capture_method": _CAPTURE_METHOD,
    "error_on_requires_action": Flag(),
    "off_session": Flag(),
    "payment_method": Text(),
    "payment_method_options": Anything(),
    "receipt_email": Text(unsettable=True),
    "return_url": Text(),
    "setup_future_usage": Choice(("off_session", "on_session")),
    "shipping": Anything(unsettable=True),
    "use_stripe_sdk": Flag(),
}
_CREATE = {
    **_FIELDS,
    **_CONFIRM,
    "amount": Integer(required=True, minimum=1),
    "automatic_payment_methods": Hash(
        {"allow_redirects": Choice(("always", "never")), "enabled": Flag(required=True)}
    ),
    "confirm": Flag(),
    "confirmation_method": Choice(("automatic", "manual")),
    "currency": Currency(required=True),
}
_CAPTURE = {
    "amount_to_capture": Integer(minimum=1),
    "final_capture": Flag(),
    "metadata": Metadata(),
    "statement_descriptor": Text(maximum=22),
    "statement_descriptor_suffix": Text(maximum=22),
}
_WHEN_CONFIRMING: tuple[str, ...] = ("off_session", "error_on_requires_action", "return_url")
_REASONS = ("duplicate", "fraudulent", "requested_by_customer", "abandoned")


def _post_create(call: Change) -> One:
    params = dict(call.params)
    if not params.get("confirm"):
        _refuse_confirmation_only(params)
    if params.get("automatic_payment_methods", {}).get("enabled"):
        params["automatic_payment_methods"].setdefault("allow_redirects", "always")
    intent = create(call.writer, params)
    if not params.get("confirm"):
        return One(intent)
    confirmation = {name: params[name] for name in _WHEN_CONFIRMING if name in params}
    attempt = confirm(call.writer, intent, confirmation)
    return One(attempt.intent, attempt.error)


def _refuse_confirmation_only(params: dict[str, object]) -> None:
    for name in _WHEN_CONFIRMING:
        if name in params:
            raise StripeError(
                f"You cannot use `{name}` without `confirm` set to `true`.", param=name
            )


def _post_confirm(call: Change) -> One:
    attempt = confirm(call.writer, call.get("payment_intent", "intent"), call.params)
    return One(attempt.intent, attempt.error)


def _post_update(call: Change) -> One:
    return One(update(call.writer, call.get("payment_intent", "intent"), call.params))


def _post_capture(call: Change) -> One:
    return One(capture(call.writer, call.get("payment_intent", "intent"), call.params))


def _post_cancel(call: Change) -> One:
    intent = call.get("payment_intent", "intent")
    return One(cancel(call.writer, intent, call.params.get("cancellation_reason")))


_PATH = "/v1/payment_intents"
_KIND = "payment_intent"
ENDPOINTS = (
    listing(_KIND, _PATH, {"customer": Text()}),
    retrieving(_KIND, f"{_PATH}/{{id}}", "intent", {"client_secret": Text()}),
    Write(path=_PATH, kind=_KIND, table=_CREATE, run=_post_create),
    Write(path=f"{_PATH}/{{id}}", kind=_KIND, table=_UPDATE, run=_post_update),
    Write(path=f"{_PATH}/{{id}}/confirm", kind=_KIND, table=_CONFIRM, run=_post_confirm),
    Write(path=f"{_PATH}/{{id}}/capture", kind=_KIND, table=_CAPTURE, run=_post_capture),
    Write(
        path=f"{_PATH}/{{id}}/cancel",
        kind=_KIND,
        table={"cancellation_reason": Choice(_REASONS)},
        run=_post_cancel,
    ),
)
