"""Send events to a webhook as Stripe would: the same bytes, freshly signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
import stripe
from requests.adapters import HTTPAdapter

from cascade_cli.adapters.http.transport import CONNECT_TIMEOUT_SECONDS, plain_session
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.errors import UnreachableError

# Stripe gives up on a webhook early, so one that is slower than this would fail live too.
ANSWER_TIMEOUT_SECONDS = 30
MOST_TEXT = 200
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Reply:
    """What the webhook answered to one event; `text` is the beginning of the body."""

    event: Event
    status: int
    text: str

    @property
    def is_accepted(self) -> bool:
        """Whether Stripe would stop sending the event: only a 2xx, any of them, means that."""
        return self.status in _SUCCESS


class Webhook:
    """The receiver of events at `url`, which knows `secret`."""

    def __init__(self, url: str, secret: str, now: Callable[[], datetime]) -> None:
        self._url, self._secret, self._now = url, secret, now
        self._session = plain_session(url, HTTPAdapter(max_retries=0))

    def post(self, event: Event) -> Reply:
        """Send the event once; a redirect is an answer, not followed. Raises UnreachableError."""
        try:
            response = self._session.post(
                self._url,
                data=event.raw,
                headers=self._headers(event),
                timeout=(CONNECT_TIMEOUT_SECONDS, ANSWER_TIMEOUT_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise UnreachableError(
                f"The webhook gave no answer to {event.id} ({type(error).__name__}).",
                "Check --forward-to; the webhook may or may not have acted on the event.",
            ) from error
        return Reply(event, response.status_code, response.text[:MOST_TEXT].strip())

    def _headers(self, event: Event) -> dict[str, str]:
        signature = stripe.WebhookSignature.generate_signature_header(
            event.raw.decode(), self._secret, int(self._now().timestamp())
        )
        return {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "cascade events replay",
        }
