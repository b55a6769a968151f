"""Stripe's events: which ones report a payment, in which order they are replayed, and where each
event that the webhook accepted stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase

from cascade_cli.domain.shop.times import Window

KEPT = timedelta(days=30)
"""How long Stripe keeps events (its documentation)."""

OLDEST_SIGNATURE = timedelta(seconds=300)
"""An event signed longer ago than this may be a recording."""

FURTHEST_AHEAD = timedelta(seconds=30)
"""Clocks differ a little; a signature from further in the future was made to be used later."""

MODES = {True: "live", False: "test"}
"""What Stripe calls the two halves of an account, by `livemode`."""

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands in for the time of an event that gives no usable time."""

PAYING_TYPES = frozenset(
    {
        "payment_intent.succeeded",
        "charge.succeeded",
        "charge.captured",
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "invoice.paid",
    }
)
"""One payment causes several of these; together they are one credit."""

REFUNDING_TYPES = frozenset(
    {
        "charge.refunded",
        # Stripe sends it for some payment methods, beside `refund.updated`.
        "charge.refund.updated",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.closed",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
    }
)
"""Money went back, or did not after all. Several of these, too, together cause one check of the
payment."""

DISPUTING_TYPES = frozenset({"charge.dispute.created"})
"""The payer contests a payment, and nobody knows yet how that ends."""


@dataclass(frozen=True)
class Event:
    """One event, with the payment (`pi_…`, else `ch_…`) that it names, or the invoice (`in_…`) if
    it names only that.

    `raw` is its JSON, byte for byte. We trust nothing in it except ids: its `data` has the shape of
    whatever API version was in force, and anybody can write a file.
    """

    id: str
    type: str
    created_at: datetime
    livemode: bool | None
    """None if the event does not say."""
    payment_id: str | None
    subjects: frozenset[str]
    pending_webhooks: int
    raw: bytes

    def in_other_mode(self, *, livemode: bool) -> str:
        """What is wrong with it for a key of this mode, after `… is`; empty if nothing."""
        if self.livemode in {None, livemode}:
            return ""
        return (
            f"an event of {MODES[not livemode]} mode, and the Stripe key is a {MODES[livemode]} key"
        )

    @property
    def is_paying(self) -> bool:
        """It reports that money arrived."""
        return self.type in PAYING_TYPES


def acted_on(*, refunds: bool, disputes: bool) -> frozenset[str]:
    """The event types that cascade acts on by itself, if the settings allow refunds, or withholding
    disputed ducats; all others are left to people."""
    more = (REFUNDING_TYPES if refunds else frozenset()) | (
        DISPUTING_TYPES if disputes else frozenset()
    )
    return PAYING_TYPES | more


def chronological(events: Iterable[Event]) -> tuple[Event, ...]:
    """Each event once, oldest first, whatever the order of arrival."""
    # Stripe promises no order, and may send or list an event twice.
    distinct = {event.id: event for event in events}
    return tuple(sorted(distinct.values(), key=lambda event: (event.created_at, event.id)))


def of_types(events: Iterable[Event], types: Sequence[str]) -> list[Event]:
    """The events of these types, in which `charge.*` stands for a whole group; all events if no
    types are given."""
    return [e for e in events if not types or any(fnmatchcase(e.type, t) for t in types)]


def by_payment(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that report a payment, grouped by its id, in their order."""
    found: dict[str, list[Event]] = {}
    for event in events:
        if event.is_paying and event.payment_id:
            found.setdefault(event.payment_id, []).append(event)
    return found


def forgotten(window: Window, now: datetime) -> Window | None:
    """The part of the window for which Stripe no longer has events."""
    horizon = now - KEPT
    return Window(window.since, min(horizon, window.until)) if window.since < horizon else None


class EventState(StrEnum):
    """Where an accepted event stands."""

    WAITING = "waiting"
    """To be processed at `next_at`, for the first time or again."""
    CREDITED = "credited"
    RECORDED = "recorded"
    """Nothing to credit: kept and shown."""
    ATTENTION = "attention"
    """It cannot be credited as it is: only a person can decide."""


@dataclass(frozen=True)
class Accepted:
    """One event of the inbox (without its bytes), and how often it has been tried."""

    event: Event
    received_at: datetime
    tries: int


@dataclass(frozen=True)
class Kept:
    """An event and its state; one that is WAITING is processed again at `next_at`."""

    accepted: Accepted
    state: EventState
    note: str
    next_at: datetime

    @property
    def about(self) -> str:
        """The payment that it reports, else its own id: several events report the same payment."""
        return self.accepted.event.payment_id or self.accepted.event.id


@dataclass(frozen=True)
class Settlement:
    """What became of an event; one that is WAITING is tried again at `next_at`."""

    event_id: str
    state: EventState
    note: str = ""
    next_at: datetime | None = None
