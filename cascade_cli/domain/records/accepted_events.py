"""Webhook events that were accepted, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cascade_cli.domain.records.stripe_events import Event


class EventState(StrEnum):
    """Where an accepted event stands."""

    WAITING = "waiting"
    """To be dealt with at `next_at`, or again."""
    CREDITED = "credited"
    RECORDED = "recorded"
    """Nothing to credit: kept and shown."""
    ATTENTION = "attention"
    """It cannot be credited as it is: only a person can decide."""


@dataclass(frozen=True)
class Accepted:
    """One event of the inbox (without its bytes), and how often it was tried."""

    event: Event
    received_at: datetime
    tries: int


@dataclass(frozen=True)
class Kept:
    """An event with where it stands; one that is WAITING is looked at again at `next_at`."""

    accepted: Accepted
    state: EventState
    note: str
    next_at: datetime

    @property
    def about(self) -> str:
        """The payment that it tells of, or itself: several events tell of one payment."""
        return self.accepted.event.payment_id or self.accepted.event.id


@dataclass(frozen=True)
class Settlement:
    """What became of an event; one that is WAITING is tried again at `next_at`."""

    event_id: str
    state: EventState
    note: str = ""
    next_at: datetime | None = None
