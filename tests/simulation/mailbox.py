"""The real inbox of the webhook, with a chance to be killed on either side of every operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.journal_entries import Holder
from cascade_cli.domain.records.stripe_events import Accepted, Event, EventState, Kept, Settlement
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

    def counts(self) -> dict[EventState, int]:
        """As Inbox has it, without a step of its own."""
        return self._inbox.counts()

    def oldest_waiting(self) -> datetime | None:
        """As Inbox has it, without a step of its own."""
        return self._inbox.oldest_waiting()

    def needing_attention(self, since: datetime) -> list[Kept]:
        """As Inbox has it, without a step of its own."""
        return self._inbox.needing_attention(since)

    def worker(self, base_id: str) -> Holder | None:
        """As Inbox has it, without a step of its own."""
        return self._inbox.worker(base_id)

    def needs_person(self, payment_id: str) -> bool:
        """Whether an event of the payment waits for somebody."""
        kept = self._inbox.of_payment(payment_id)
        return any(one.state is EventState.ATTENTION for one in kept)

    def is_empty(self) -> bool:
        """Whether no event waits, but by appointment."""
        return self.oldest_waiting() is None
