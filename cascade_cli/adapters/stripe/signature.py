"""Check that a request to the webhook comes from Stripe, by its signature, time and mode.

Stripe signs `<unix seconds>.<body>` with HMAC-SHA256 (see its documentation). We do not use the
SDK's own check, because it accepts timestamps in the future and only one secret at a time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from cascade_cli.adapters.stripe.events import to_event
from cascade_cli.domain.records.stripe_events import FURTHEST_AHEAD, OLDEST_SIGNATURE, Event
from cascade_cli.errors import GuardError

_MOMENT = re.compile(r"[0-9]{1,11}")


class Refusal(StrEnum):
    """Why a request to the webhook was not accepted as an event."""

    UNSIGNED = "unsigned"
    FORGED = "forged"
    OLD = "old"
    FUTURE = "future"
    NO_EVENT = "no_event"
    WRONG_MODE = "wrong_mode"


class RefusedEventError(GuardError):
    """The request is not acted on; `refusal` says why."""

    kind = "refused_event"

    def __init__(self, refusal: Refusal, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.refusal = refusal


class EventGate:
    """Admits events of one mode that were signed just now with one of the `secrets`."""

    def __init__(
        self, secrets: Sequence[str], *, livemode: bool, now: Callable[[], datetime]
    ) -> None:
        if not secrets or not all(secrets):
            raise ValueError("a gate without a secret would be open to all")
        self._keys = [secret.encode() for secret in secrets]
        self._livemode, self._now = livemode, now

    def admit(self, body: bytes, header: str) -> Event:
        """The event in the body. Raises RefusedEventError. Nothing of the body is read before its
        signature was found good."""
        moment, signatures = _parts(header)
        # Stripe signs the bytes that it sent: the same JSON, parsed and written again, has another
        # signature.
        if not self._is_signed(f"{moment}.".encode() + body, signatures):
            raise RefusedEventError(
                Refusal.FORGED,
                "None of our secrets made this signature for this body.",
                "Compare STRIPE_WEBHOOK_SECRET with the endpoint's secret; the body has to arrive "
                "byte for byte as Stripe sent it.",
            )
        self._check_time(int(moment))
        return self._event(body)

    def _is_signed(self, signed: bytes, signatures: Sequence[bytes]) -> bool:
        expected = [hmac.new(k, signed, hashlib.sha256).hexdigest().encode() for k in self._keys]
        # In constant time, or the time of a refusal would tell how much of a guess was right.
        return any(hmac.compare_digest(e, s) for e in expected for s in signatures)

    def _check_time(self, moment: int) -> None:
        age = timedelta(seconds=self._now().timestamp() - moment)
        if age > OLDEST_SIGNATURE:
            raise RefusedEventError(
                Refusal.OLD,
                f"The signature is older than {OLDEST_SIGNATURE.total_seconds():.0f} s.",
                "Somebody may have replayed an old request; Stripe signs each delivery anew.",
            )
        if age < -FURTHEST_AHEAD:
            raise RefusedEventError(
                Refusal.FUTURE, "The signature is from the future.", "Check this machine's clock."
            )

    def _event(self, body: bytes) -> Event:
        try:
            event = to_event(json.loads(body.decode()), body)
        # Nothing but brackets, many deep, is a RecursionError of the JSON parser.
        except (ValueError, RecursionError) as error:
            what = type(error).__name__ if isinstance(error, RecursionError) else str(error)
            raise RefusedEventError(
                Refusal.NO_EVENT, f"It is signed, but is not an event: {what[:200]}."
            ) from error
        if event.livemode is None:
            return replace(event, livemode=self._livemode)
        if foreign := event.in_other_mode(livemode=self._livemode):
            raise RefusedEventError(
                Refusal.WRONG_MODE,
                f"{event.id} is {foreign}.",
                "Register this endpoint, and take its secret, in the mode of STRIPE_SECRET_KEY.",
            )
        return event


def _parts(header: str) -> tuple[str, list[bytes]]:
    """`t` and every `v1` of a Stripe-Signature header; other schemes are ignored."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    moments = [value for name, _, value in pairs if name == "t"]
    # While a secret is being replaced, Stripe signs with the old and the new one.
    signatures = [value.encode("utf-8", "replace") for name, _, value in pairs if name == "v1"]
    if len(moments) != 1 or not _MOMENT.fullmatch(moments[0]) or not signatures:
        raise RefusedEventError(
            Refusal.UNSIGNED,
            "The request has no usable Stripe-Signature header.",
            "Only Stripe, and cascade events replay --forward-to, can call this address.",
        )
    return moments[0], signatures
