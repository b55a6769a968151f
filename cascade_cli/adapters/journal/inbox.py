"""Webhook events that were accepted: kept before they are acknowledged, until they are dealt with.

An event is one row for ever, so that Stripe may send it as often as it likes; its arrival also
stands in the journal's chain. Of its body only ids are kept: nothing else in it is believed, and
a PaymentIntent's carries the client secret.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    Row,
    Select,
    Table,
    Text,
    bindparam,
    case,
    func,
    insert,
    inspect,
    or_,
    select,
    update,
)

from cascade_cli.adapters.journal import schema
from cascade_cli.adapters.journal.bodies import Redactor, moment_text
from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.database import Database
from cascade_cli.domain.events import PAYING_TYPES, Event
from cascade_cli.domain.journal import EntryKind, Worker

_NOT_KEPT = "The event was not accepted, so that Stripe sends it again."
_MOST_NOTE = 500
_SEEN_AGAIN = "The event is looked at again, which pays nothing twice."


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


_metadata = MetaData()
_events = Table(
    "cascade_events",
    _metadata,
    Column("id", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("payment", Text),
    Column("created_at", Text, nullable=False),
    Column("livemode", Boolean, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("next_at", Text, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("note", Text, nullable=False, default=""),
    Index("cascade_events_due", "state", "next_at"),
    Index("cascade_events_payment", "payment"),
)

_SETTLE = (
    update(_events)
    .where(_events.c.id == bindparam("event"))
    .values(
        state=bindparam("to_state"),
        note=bindparam("why"),
        next_at=func.coalesce(bindparam("then"), _events.c.next_at),
        tries=_events.c.tries + 1,
    )
)


class Inbox:
    """The accepted events of a journal. Every method raises JournalError."""

    def __init__(
        self,
        database: Database,
        worker: Worker,
        *,
        now: Callable[[], datetime],
        secrets: Sequence[str] = (),
        acted_on: Collection[str] = PAYING_TYPES,
    ) -> None:
        self._database, self._worker, self._now = database, worker, now
        self._acted_on = acted_on
        self._redactor = Redactor([*secrets, *database.secrets])
        self._making, self._is_made = threading.Lock(), False

    def accept(self, events: Sequence[Event]) -> set[str]:
        """Keep the events, all in one transaction; returns the ids that were not there before.

        When this returns, they are on disk and may be acknowledged. Those that tell of a payment,
        and are of a type that is acted on, are WAITING, all others RECORDED.
        """
        self._make()
        distinct = {event.id: event for event in events}
        with self._database.writing(_NOT_KEPT) as connection:
            transaction = Transaction(connection, self._worker, self._redactor, self._now)
            known = _known(connection, distinct)
            new = [event for event in distinct.values() if event.id not in known]
            if new:
                connection.execute(insert(_events), [self._row(e, transaction.at) for e in new])
            for event in new:
                transaction.append(EntryKind.EVENT, event.payment_id or "", _entry(event))
            transaction.flush()
        return {event.id for event in new}

    def due(self, limit: int) -> list[Accepted]:
        """Up to `limit` events to be dealt with now, in the order of their creation."""
        waiting = select(_events).where(
            _events.c.state == EventState.WAITING.value,
            _events.c.next_at <= moment_text(self._now()),
        )
        oldest = waiting.order_by(_events.c.created_at, _events.c.id).limit(limit)
        return [_accepted(row) for row in self._rows(oldest)]

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """Record what became of events."""
        self._make()
        if rows := [self._settled(settlement) for settlement in settlements]:
            with self._database.writing(_SEEN_AGAIN) as connection:
                connection.execute(_SETTLE, rows)

    def of_payment(self, payment_id: str) -> list[Kept]:
        """All events that name the payment, the oldest first."""
        return self._kept(_events.c.payment == payment_id)

    def about(self, ids: Iterable[str]) -> list[Kept]:
        """The events that have one of these ids, or name one as their payment, oldest first."""
        wanted = list(ids)
        return self._kept(or_(_events.c.id.in_(wanted), _events.c.payment.in_(wanted)))

    def needing_attention(self, since: datetime) -> list[Kept]:
        """The events received since then that only a person can decide about, oldest first."""
        return self._kept(
            _events.c.state == EventState.ATTENTION.value,
            _events.c.received_at >= moment_text(since),
        )

    def credited(self, payment_ids: Iterable[str]) -> set[str]:
        """Those payments of which an event says that they were credited."""
        done = select(_events.c.payment).where(
            _events.c.payment.in_(list(payment_ids)),
            _events.c.state == EventState.CREDITED.value,
        )
        return {str(row.payment) for row in self._rows(done)}

    def counts(self) -> dict[EventState, int]:
        """How many events stand where."""
        counted = select(_events.c.state, func.count().label("number")).group_by(_events.c.state)
        found = {row.state: int(row.number) for row in self._rows(counted)}
        return {state: found.get(state.value, 0) for state in EventState}

    def waiting_because(self, note: str) -> int:
        """How many payments wait for that reason."""
        waiting = select(func.count(func.distinct(_events.c.payment)).label("number")).where(
            _events.c.state == EventState.WAITING.value, _events.c.note == note
        )
        return sum(int(row.number) for row in self._rows(waiting))

    def oldest_waiting(self) -> datetime | None:
        """Since when the event waits that waits longest; None if none waits.

        One that tells of a payment waits since it was received; any other by appointment, for the
        engine's next run: only what comes after that is waiting.
        """
        is_paying = _events.c.type.in_(sorted(PAYING_TYPES))
        since = case((is_paying, _events.c.received_at), else_=_events.c.next_at)
        waiting = select(func.min(since).label("oldest")).where(
            _events.c.state == EventState.WAITING.value,
            or_(is_paying, _events.c.next_at <= moment_text(self._now())),
        )
        found = [row.oldest for row in self._rows(waiting) if row.oldest]
        return datetime.fromisoformat(found[0]) if found else None

    def _kept(self, *conditions: ColumnElement[bool]) -> list[Kept]:
        found = select(_events).where(*conditions)
        return [_kept(r) for r in self._rows(found.order_by(_events.c.created_at, _events.c.id))]

    def _rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        """Reading makes no table: where none is, no event ever came."""
        with self._database.reading() as connection:
            self._is_made = self._is_made or inspect(connection).has_table(_events.name)
            return connection.execute(query).all() if self._is_made else []

    def _row(self, event: Event, at: datetime) -> dict[str, object]:
        is_due = event.type in self._acted_on and event.payment_id is not None
        return {
            "id": event.id,
            "type": event.type,
            "payment": event.payment_id,
            "created_at": moment_text(event.created_at),
            "received_at": moment_text(at),
            "livemode": event.livemode,
            "state": (EventState.WAITING if is_due else EventState.RECORDED).value,
            "next_at": moment_text(at),
            "tries": 0,
            "note": "",
        }

    def _settled(self, settlement: Settlement) -> dict[str, str | None]:
        return {
            "event": settlement.event_id,
            "to_state": settlement.state.value,
            "why": self._redactor.text(settlement.note)[:_MOST_NOTE],
            "then": moment_text(settlement.next_at) if settlement.next_at else None,
        }

    def _make(self) -> None:
        """The table is made by the first write: a journal without webhooks has none."""
        with self._making:
            if not self._is_made:
                with self._database.writing(_NOT_KEPT) as connection:
                    schema.lock_creation(connection)
                    _metadata.create_all(connection)
                self._is_made = True


def _known(connection: Connection, ids: Iterable[str]) -> set[str]:
    found = connection.execute(select(_events.c.id).where(_events.c.id.in_(list(ids))))
    return set(found.scalars())


def _kept(row: Row[Any]) -> Kept:
    next_at = datetime.fromisoformat(row.next_at)
    return Kept(_accepted(row), EventState(row.state), row.note, next_at)


def _accepted(row: Row[Any]) -> Accepted:
    event = Event(
        id=row.id,
        type=row.type,
        created_at=datetime.fromisoformat(row.created_at),
        livemode=row.livemode,
        payment_id=row.payment,
        subjects=frozenset({row.payment} - {None}),
        pending_webhooks=0,
        raw=b"",
    )
    return Accepted(event, datetime.fromisoformat(row.received_at), row.tries)


def _entry(event: Event) -> dict[str, object]:
    digest = hashlib.sha256(event.raw).hexdigest()
    return {"event": event.id, "type": event.type, "sha256": digest}
