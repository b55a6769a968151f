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

    def needs_person(self, payment_id: str) -> bool:
        """Whether an event of the payment waits for somebody."""
        kept = self._inbox.of_payment(payment_id)
        return any(one.state is EventState.ATTENTION for one in kept)

    def is_empty(self) -> bool:
        """Whether no event waits, but by appointment."""
        return self._inbox.oldest_waiting() is None


def an_event(payment_id: str, number: int, at: datetime) -> Event:
    """One of those that Stripe sends about a payment, or about the invoice that it paid."""
    kinds = ("payment_intent.succeeded", "charge.succeeded", "checkout.session.completed")
    type_ = "invoice.paid" if payment_id.startswith("in_") else kinds[number % len(kinds)]
    return _event(f"evt_{payment_id}_{number}", type_, payment_id, at)


def a_tiding(payment_intent: str, type_: str, number: int, at: datetime) -> Event:
    """One that tells of money which went back, or may."""
    return _event(f"evt_{payment_intent}_back{number}", type_, payment_intent, at)


def _event(name: str, type_: str, payment_id: str, at: datetime) -> Event:
    return Event(
        id=name,
        type=type_,
        created_at=at,
        livemode=False,
        payment_id=payment_id,
        subjects=frozenset({payment_id}),
        pending_webhooks=1,
        raw=b"{}",
    )
