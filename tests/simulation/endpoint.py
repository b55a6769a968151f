"""The webhook's address: the real gate, which reads what is posted, and the inbox behind it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import stripe

from cascade_cli.adapters.stripe.signature import EventGate, RefusedEventError
from tests.simulation.mailbox import Mailbox

_SECRET = "whsec_simulated"


class Endpoint:
    """One process's view of it; `blame` hears of each event that it refuses."""

    def __init__(
        self, mailbox: Mailbox, now: Callable[[], datetime], blame: Callable[[str], None]
    ) -> None:
        self._mailbox, self._now, self._blame = mailbox, now, blame
        self._gate = EventGate((_SECRET,), livemode=False, now=now)

    def post(self, body: bytes) -> None:
        """As Stripe does: signed in this moment, and all that it sends is to be kept."""
        moment = int(self._now().timestamp())
        sign = stripe.WebhookSignature.generate_signature_header
        try:
            event = self._gate.admit(body, sign(body.decode(), _SECRET, moment))
        except RefusedEventError as error:
            self._blame(f"the endpoint refuses what Stripe sent: {error.message}: {body[:200]!r}")
        else:
            self._mailbox.accept([event])
