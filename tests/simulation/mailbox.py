"""The real inbox of the webhook, with a chance to be killed on either side of every operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cascade_cli.adapters.journal.inbox import Accepted, EventState, Inbox, Settlement
from cascade_cli.domain.events import Event
from tests.simulation.recording import Recording


class Mailbox:
    """One process's view of it."""

    def __init__(self, recording: Recording, inbox: Inbox) -> None:
        self._do, self._inbox = recording.do, inbox

    def accept(self, events: Sequence[Event]) -> set[str]:
        """As Inbox has it."""
        return self._do(f"accept {events[0].id}", lambda: self._inbox.accept(events))

    def due(self, limit: int) -> list[Accepted]:
        """As Inbox has it."""
        return self._do("read due events", lambda: self._inbox.due(limit))

    def credited(self, payment_ids: Iterable[str]) -> set[str]:
        """As Inbox has it."""
        return self._do("read credited events", lambda: self._inbox.credited(payment_ids))

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """As Inbox has it."""
        known = list(settlements)
        said = ", ".join(f"{s.event_id} {s.state}" for s in known)
        self._do(f"settle {said}", lambda: self._inbox.settle(known))

    def is_empty(self) -> bool:
        """Whether no event waits."""
        return not self._inbox.counts()[EventState.WAITING]


def an_event(payment_id: str, number: int, at: datetime) -> Event:
    """One of those that Stripe sends about a payment, or about the invoice that it paid."""
    kinds = ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
    is_invoice = payment_id.startswith("in_")
    return Event(
        id=f"evt_{payment_id}_{number}",
        type="invoice.paid" if is_invoice else kinds[number % len(kinds)],
        created_at=at,
        livemode=False,
        payment_id=payment_id,
        subjects=frozenset({payment_id}),
        pending_webhooks=1,
        raw=b"{}",
    )
