"""Stripe's refusals, in the JSON shape and the wording that its clients see."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]
"""A JSON object as Stripe would show it."""

_DOCS = "https://stripe.com/docs/error-codes/"


class StripeError(Exception):
    """A request that Stripe refuses; `extra` is added to the error object unchanged."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        extra: Document | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.error: Document = {"message": message, "type": type, **(extra or {})}
        if code is not None:
            self.error |= {"code": code, "doc_url": _DOCS + code.replace("_", "-")}
        if param is not None:
            self.error["param"] = param

    def document(self, request_id: str) -> Document:
        """The answer's body, with the link to the dashboard's log of the request."""
        log = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": {**self.error, "request_log_url": log}}


def no_such(kind: str, id: str, param: str, *, status: int = 400) -> StripeError:
    """The error for an unknown id: status 404 if it is in the path, 400 if a parameter names it."""
    noun = _NOUNS.get(kind, kind)
    return StripeError(
        f"No such {noun}: '{id}'", status=status, code="resource_missing", param=param
    )


_NOUNS = {
    "payment_method": "PaymentMethod",
    "balance_transaction": "balance transaction",
    "webhook_endpoint": "webhook endpoint",
}


def unexpected_state(message: str, intent: Document, param: str | None = None) -> StripeError:
    """A PaymentIntent asked for something that its status does not allow."""
    return StripeError(
        message,
        code="payment_intent_unexpected_state",
        param=param,
        extra={"payment_intent": intent},
    )


def card_error(failure: Document, **involved: object) -> StripeError:
    """The 402 of a refused card; `involved` names the charge and shows the PaymentIntent."""
    details = {name: value for name, value in failure.items() if name not in ("code", "message")}
    return StripeError(
        failure["message"],
        status=402,
        type="card_error",
        code=failure["code"],
        extra={**details, **involved},
    )


def unrecognized_url(method: str, path: str) -> StripeError:
    """The error for a route that Stripe does not have."""
    return StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can"
        " help at https://support.stripe.com/.",
        status=404,
    )
