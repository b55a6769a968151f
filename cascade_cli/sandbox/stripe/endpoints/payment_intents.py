"""/v1/payment_intents and /v1/payment_methods."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import StripeError
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
from cascade_cli.sandbox.stripe.resources import payment_intents
from cascade_cli.sandbox.stripe.routing import Change, One, Write, listing, retrieving

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


def _create(call: Change) -> One:
    params = dict(call.params)
    if not params.get("confirm"):
        _refuse_confirmation_only(params)
    if params.get("automatic_payment_methods", {}).get("enabled"):
        params["automatic_payment_methods"].setdefault("allow_redirects", "always")
    intent = payment_intents.create(call.ledger, params)
    if not params.get("confirm"):
        return One(intent)
    confirmation = {name: params[name] for name in _WHEN_CONFIRMING if name in params}
    attempt = payment_intents.confirm(call.ledger, intent, confirmation)
    return One(attempt.intent, attempt.error)


def _refuse_confirmation_only(params: dict[str, object]) -> None:
    for name in _WHEN_CONFIRMING:
        if name in params:
            raise StripeError(
                f"You cannot use `{name}` without `confirm` set to `true`.", param=name
            )


def _confirm(call: Change) -> One:
    attempt = payment_intents.confirm(
        call.ledger, call.get("payment_intent", "intent"), call.params
    )
    return One(attempt.intent, attempt.error)


def _update(call: Change) -> One:
    return One(
        payment_intents.update(call.ledger, call.get("payment_intent", "intent"), call.params)
    )


def _capture(call: Change) -> One:
    return One(
        payment_intents.capture(call.ledger, call.get("payment_intent", "intent"), call.params)
    )


def _cancel(call: Change) -> One:
    intent = call.get("payment_intent", "intent")
    return One(payment_intents.cancel(call.ledger, intent, call.params.get("cancellation_reason")))


_PATH = "/v1/payment_intents"
_KIND = "payment_intent"

ENDPOINTS = (
    listing(_KIND, _PATH, {"customer": Text()}),
    retrieving(_KIND, f"{_PATH}/{{id}}", "intent", {"client_secret": Text()}),
    Write(path=_PATH, kind=_KIND, table=_CREATE, run=_create),
    Write(path=f"{_PATH}/{{id}}", kind=_KIND, table=_UPDATE, run=_update),
    Write(path=f"{_PATH}/{{id}}/confirm", kind=_KIND, table=_CONFIRM, run=_confirm),
    Write(path=f"{_PATH}/{{id}}/capture", kind=_KIND, table=_CAPTURE, run=_capture),
    Write(
        path=f"{_PATH}/{{id}}/cancel",
        kind=_KIND,
        table={"cancellation_reason": Choice(_REASONS)},
        run=_cancel,
    ),
    retrieving("payment_method", "/v1/payment_methods/{id}", "payment_method"),
)
