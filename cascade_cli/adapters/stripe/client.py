"""A Stripe client that goes through our transport, and its exceptions as ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import stripe
from requests.structures import CaseInsensitiveDict

from cascade_cli.adapters.http.foreign_text import body_described, one_line
from cascade_cli.adapters.http.transport import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Transport,
    plain_session,
)
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    CredentialsError,
    GuardError,
    RightsError,
    ServiceError,
    ThrottledError,
    UnreachableError,
)

KEY_HINT = (
    "Check STRIPE_SECRET_KEY: copy it from the Stripe dashboard (Developers, API keys). A "
    "restricted key (rk_…) with read rights for charges, payment intents and disputes is enough; "
    "with subscriptions also for invoices and prices."
)

# The first class that fits decides. StripeError fits everything else.
_TRANSLATIONS: tuple[tuple[type[stripe.StripeError], type[CascadeError], str, str], ...] = (
    (stripe.AuthenticationError, CredentialsError, "Stripe refused the key", KEY_HINT),
    (stripe.PermissionError, RightsError, "Stripe forbids this to the key", KEY_HINT),
    (
        stripe.APIConnectionError,
        UnreachableError,
        "Stripe could not be reached",
        "Check the network and STRIPE_API_BASE, then run the same command again.",
    ),
    (
        stripe.RateLimitError,
        ThrottledError,
        "Stripe still answers 'too many requests'",
        "Another program may be using up the account's limit; run the same command again later.",
    ),
    (
        stripe.InvalidRequestError,
        AnswerError,
        "Stripe refused the request",
        "This looks like a change in Stripe's API; please report it.",
    ),
    (
        stripe.StripeError,
        ServiceError,
        "Stripe failed",
        "See status.stripe.com, then run the same command again.",
    ),
)
_PROXY_HINT = "There may be a proxy in between: check STRIPE_API_BASE, then run it again."
# How the SDK begins its text about a body that it cannot read; the whole body follows.
_UNREADABLE = "Invalid response"
_OFF_SALE = "Make it active again in the Stripe dashboard, or sell something else."
# What reading JSON that is not Stripe's raises, in the SDK or in documents.py.
SENSELESS = (AttributeError, TypeError, ValueError, LookupError)
_FORBIDDEN = 403
_IN_USE = "idempotency_key_in_use"


def stripe_client(key: str, base_url: str, transport: Transport) -> stripe.StripeClient:
    """A client without retries of its own and without telemetry (which writes to disk)."""
    stripe.enable_telemetry = False
    session = plain_session(base_url, transport)
    if isinstance(session.verify, str):
        # The SDK sends its own list of certificates with each request, over the session's.
        stripe.ca_bundle_path = session.verify
    http_client = stripe.RequestsClient(
        timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS), session=session
    )
    return stripe.StripeClient(
        key,
        base_addresses={"api": base_url},
        http_client=http_client,
        max_network_retries=0,
    )


class KeyReusedError(GuardError):
    """The idempotency key was used for another purchase or price, or is being used right now."""

    kind = "idempotency_key_reused"


class KeyInUseError(KeyReusedError):
    """A request with the same key is under way."""


@contextmanager
def fresh_keys() -> Iterator[None]:
    """Within this block, an idempotency key that Stripe already knows raises KeyReusedError."""
    try:
        yield
    except stripe.IdempotencyError as error:
        raise KeyReusedError(
            "This Idempotency-Key was used for another purchase, or for this one at another price.",
            "Nothing was sold. Use a new key for a new purchase.",
        ) from error
    except stripe.InvalidRequestError as error:
        if error.code != _IN_USE:
            raise
        raise KeyInUseError(
            "Another request with this Idempotency-Key is under way.",
            "Send the same request with the same key again in a few seconds.",
        ) from error


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn every exception that the SDK raises in this block into one of ours, with its cause."""
    try:
        yield
    except stripe.StripeError as error:
        # If the SDK cannot read an answer, its text repeats the whole answer, with its secrets.
        raise translate(error) from (None if _is_unreadable(error) else error)
    except SENSELESS as error:
        raise AnswerError(
            f"Stripe's answer makes no sense ({type(error).__name__})", _PROXY_HINT
        ) from error


def translate(error: stripe.StripeError) -> CascadeError:
    """Our error for one of the SDK's. Missing rights come in two classes, but always with 403."""
    if _is_unreadable(error):
        told = _described(error)
        return AnswerError(f"Stripe's answer makes no sense ({told})", _PROXY_HINT)
    forbidden = error.http_status == _FORBIDDEN
    fits = stripe.PermissionError if forbidden else type(error)
    for theirs, ours, what, hint in _TRANSLATIONS:
        if issubclass(fits, theirs):
            line = _first_line(error)
            return ours(f"{what}: {line}", _OFF_SALE if "inactive" in line else hint)
    raise AssertionError("StripeError fits every exception of the SDK") from error


def _is_unreadable(error: stripe.StripeError) -> bool:
    return str(error.user_message or error).startswith(_UNREADABLE)


def _described(error: stripe.StripeError) -> str:
    body = error.http_body or b""
    content = body if isinstance(body, bytes) else str(body).encode()
    # The SDK passes the headers in place of the parsed body.
    headers: CaseInsensitiveDict[object] = CaseInsensitiveDict(
        error.headers or cast(Mapping[str, object], error.json_body or {})
    )
    content_type = str(headers.get("content-type", ""))
    return f"HTTP {error.http_status}, {body_described(content, content_type)}"


def _first_line(error: stripe.StripeError) -> str:
    lines = (error.user_message or str(error)).strip().splitlines()
    # The SDK's text about a lost connection is several paragraphs long; its cause says more.
    if isinstance(error, stripe.APIConnectionError) and error.__cause__ is not None:
        return type(error.__cause__).__name__
    return one_line(lines[0]) if lines else type(error).__name__
