"""API keys, what each may do, and how often."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Mapping

from cascade_cli.sandbox.stripe.errors import StripeError
from cascade_cli.sandbox.stripe.resources.accounts import ACCOUNT_ID
from cascade_cli.sandbox.wire import Clock

_VALID = re.compile(r"(sk|rk)_test_\w+", re.ASCII)
_PREFIX = re.compile(r"(?:[a-z]{2}_(?:test|live)_)?")
_SHOWN = 4

READ_ONLY = "rk_test_readonly"
POWERLESS = "rk_test_none"
LACKING = "rk_test_without_"
"""The beginning of a key that may use everything but one resource: `rk_test_without_dispute`."""


def authenticate(headers: Mapping[str, str]) -> str:
    """The request's key, from Bearer or Basic authorization; any test key is accepted."""
    key = _given(headers.get("authorization", ""))
    if not key:
        raise _unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization"
            " header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See"
            " https://stripe.com/docs/api#authentication for details, or we can help at"
            " https://support.stripe.com/."
        )
    if not _VALID.fullmatch(key):
        raise _unauthorized(f"Invalid API Key provided: {_masked(key)}")
    return key


def permit(key: str, method: str, resource: str) -> None:
    """Refuse what a restricted key may not do; its name says so: `rk_test_readonly…`, `…none…`."""
    right = "read" if method == "GET" else "write"
    is_read_only = key.startswith(READ_ONLY) and right == "write"
    if not (key.startswith(POWERLESS) or is_read_only or key == LACKING + resource):
        return
    name = resource.replace("_", " ").title()
    raise StripeError(
        f"Permission denied. The provided key 'rk_test_***{key[-6:]}' does not have the required"
        f" permissions for this endpoint on account '{ACCOUNT_ID}'. Enabling \"{name}s"
        f" {right.title()}\" ('{resource}_{right}') permissions on this key would allow this"
        " request to continue.",
        status=403,
    )


class RateLimit:
    """A token bucket that holds one second's worth of requests."""

    def __init__(self, per_second: float, now: Clock) -> None:
        self._per_second = per_second
        self._capacity = max(1.0, per_second)
        self._now = now
        self._tokens = self._capacity
        self._filled_at = now()
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Take a token, or raise the 429 that Stripe's own clients are told not to retry."""
        with self._lock:
            at = self._now()
            gained = (at - self._filled_at).total_seconds() * self._per_second
            self._tokens = min(self._capacity, self._tokens + gained)
            self._filled_at = at
            if self._tokens >= 1:
                self._tokens -= 1
                return
        raise StripeError(
            "Request rate limit exceeded. Learn more about rate limits here"
            " https://stripe.com/docs/rate-limits.",
            status=429,
            code="rate_limit",
            headers={
                "Stripe-Should-Retry": "false",
                "Stripe-Rate-Limited-Reason": "global-rate",
            },
        )


def _given(authorization: str) -> str:
    scheme, _, credentials = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return credentials


def _masked(key: str) -> str:
    prefix = _PREFIX.match(key)
    shown = prefix[0] if prefix else ""
    secret = key[len(shown) :]
    tail = secret[-_SHOWN:] if len(secret) > 2 * _SHOWN else ""
    return shown + "*" * (len(secret) - len(tail)) + tail


def _unauthorized(message: str) -> StripeError:
    return StripeError(message, status=401, headers={"WWW-Authenticate": 'Bearer realm="Stripe"'})
