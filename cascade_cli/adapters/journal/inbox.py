"""The inbox of webhook events: they are stored before cascade acknowledges them to Stripe.

An event has one row for ever, so Stripe may send it as often as it likes. Its arrival is also an
entry of the journal's chain. Only the ids in its body are stored: cascade believes nothing else in
it, and the body of a PaymentIntent contains the client secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, case, func, or_, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.claims import KEYS_PER_QUERY
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.entry_bodies import Redactor
from cascade_cli.adapters.journal.locks import HolderLiveness, holder_of, worker_lock_of
from cascade_cli.adapters.journal.tables import events as _events
from cascade_cli.adapters.journal.tables import visible
from cascade_cli.domain.records.journal_entries import EntryKind, Holder, Worker
from cascade_cli.domain.records.stripe_events import (
    PAYING_TYPES,
    Accepted,
    Event,
    EventState,
    Kept,
    Settlement,
)
from cascade_cli.domain.shop.times import moment_text

_NOT_KEPT = "The event was not accepted, so Stripe will send it again."
_MOST_NOTE = 500
_Decoded = TypeVar("_Decoded")
_SEEN_AGAIN = "The event will be processed again, which pays nothing twice."


class Inbox:
    """The events that a journal keeps for one shop. Every method raises JournalError."""

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
        self._ours = visible(_events, worker.base)
        self._redactor = Redactor([*secrets, *database.secrets])

    def accept(self, events: Sequence[Event]) -> set[str]:
        """Store the events in one transaction. Returns the ids that were not there before.

        When this returns, the events are on disk and may be acknowledged. An event about a payment,
        of a type that is acted on, is WAITING; every other is RECORDED.
        """
        distinct = {event.id: event for event in events}
        with self._database.writing(_NOT_KEPT) as connection:
            transaction = Transaction(connection, self._worker, self._redactor, self._now)
            named = select(_events.c.id).where(_events.c.id.in_(list(distinct)), self._ours)
            # The transaction has locked the chain's end: nobody else adds one of them meanwhile.
            known = set(connection.scalars(named))
            new = [event for event in distinct.values() if event.id not in known]
            transaction.insert(_events, (self._row(event, transaction.at) for event in new))
            for event in new:
                digest = hashlib.sha256(event.raw).hexdigest()
                body = {"event": event.id, "type": event.type, "sha256": digest}
                transaction.append(EntryKind.EVENT, event.payment_id or "", body)
            transaction.flush()
        return {event.id for event in new}

    def due(self, limit: int) -> list[Accepted]:
        """Up to `limit` events that are due now, the oldest first."""
        waiting = select(_events).where(
            self._ours,
            _events.c.state == EventState.WAITING.value,
            _events.c.next_at <= moment_text(self._now()),
        )
        oldest = waiting.order_by(_events.c.created_at, _events.c.id).limit(limit)
        return self._rows(oldest, _accepted)

    def settle(self, settlements: Iterable[Settlement]) -> None:
        """Record what became of events."""
        settled = {settlement.event_id: settlement for settlement in settlements}
        if not settled:
            return
        with self._database.writing(_SEEN_AGAIN) as connection:
            transaction = Transaction(connection, self._worker, self._redactor, self._now)
            rows = self._rows_of(connection, settled)
            transaction.update(
                _events, ((row, self._settled(row, settled[row.id])) for row in rows)
            )
            transaction.flush()

    def of_payment(self, payment_id: str) -> list[Kept]:
        """All events that name the payment, the oldest first."""
        return self._kept(_events.c.payment == payment_id)

    def about(self, ids: Iterable[str]) -> list[Kept]:
        """The events that have one of these ids, or name one as their payment, oldest first."""
        wanted = list(ids)
        return self._kept(or_(_events.c.id.in_(wanted), _events.c.payment.in_(wanted)))

    def needing_attention(self, since: datetime) -> list[Kept]:
        """The events received since then on which only a person can decide, oldest first."""
        return self._kept(
            _events.c.state == EventState.ATTENTION.value,
            _events.c.received_at >= moment_text(since),
        )

    def credited(self, payment_ids: Iterable[str]) -> set[str]:
        """Those of the payments that have an event in the state CREDITED."""
        done = select(_events.c.payment).where(
            self._ours,
            _events.c.payment.in_(list(payment_ids)),
            _events.c.state == EventState.CREDITED.value,
        )
        return set(self._rows(done, lambda row: str(row.payment)))

    def counts(self) -> dict[EventState, int]:
        """How many events there are in each state."""
        counted = select(_events.c.state, func.count().label("number")).where(self._ours)
        by_state = counted.group_by(_events.c.state)
        found = dict(self._rows(by_state, lambda row: (row.state, int(row.number))))
        return {state: found.get(state.value, 0) for state in EventState}

    def waiting_because(self, note: str) -> int:
        """How many payments have a waiting event with this note."""
        waiting = select(func.count(func.distinct(_events.c.payment)).label("number")).where(
            self._ours, _events.c.state == EventState.WAITING.value, _events.c.note == note
        )
        return sum(self._rows(waiting, lambda row: int(row.number)))

    def oldest_waiting(self) -> datetime | None:
        """The moment since which the longest-waiting event has waited; None if none waits.

        An event about a payment waits from the moment when it was received. Any other is put off
        until the engine's next run, and waits only from then on.
        """
        is_paying = _events.c.type.in_(sorted(PAYING_TYPES))
        since = case((is_paying, _events.c.received_at), else_=_events.c.next_at)
        waiting = select(func.min(since).label("oldest")).where(
            self._ours,
            _events.c.state == EventState.WAITING.value,
            or_(is_paying, _events.c.next_at <= moment_text(self._now())),
        )
        # Without HAVING, the minimum of no rows would be a row of its own, with NULL.
        some = waiting.having(func.count() > 0)
        found = self._rows(some, lambda row: datetime.fromisoformat(row.oldest))
        return found[0] if found else None

    def due_since(self) -> tuple[int, datetime | None]:
        """How many events are due, and since when the first of them has been due."""
        now = moment_text(self._now())
        found = select(func.count(), func.min(_events.c.next_at)).where(
            self._ours, _events.c.state == EventState.WAITING.value, _events.c.next_at <= now
        )
        with self._database.reading() as connection:
            number, oldest = connection.execute(found).one()
        return number, datetime.fromisoformat(oldest) if oldest else None

    def worker(self, base_id: str) -> Holder | None:
        """The `cascade serve` that credits the base's events; None if there is none.

        One that has died, and whose lock nobody has taken over yet, does not count.
        """
        with self._database.reading() as connection:
            found = holder_of(connection, worker_lock_of(base_id))
        if found is None or not found.has_lease(self._now()):
            return None
        return None if HolderLiveness(self._worker.host, None).is_dead(found) else found

    def _kept(self, *conditions: ColumnElement[bool]) -> list[Kept]:
        found = select(_events).where(self._ours, *conditions)
        return self._rows(found.order_by(_events.c.created_at, _events.c.id), _kept)

    def _rows(self, query: Select[Any], decode: Callable[[Row[Any]], _Decoded]) -> list[_Decoded]:
        """Decode within `reading`, which turns what `decode` raises into a TamperedError."""
        with self._database.reading() as connection:
            return [decode(row) for row in connection.execute(query)]

    def _rows_of(self, connection: Connection, ids: Iterable[str]) -> Iterator[Row[Any]]:
        remaining = iter(ids)
        while some := list(islice(remaining, KEYS_PER_QUERY)):
            named = select(_events).where(_events.c.id.in_(some), self._ours)
            yield from connection.execute(named).all()

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
            "attempts": 0,
            "note": "",
        }

    def _settled(self, row: Row[Any], settlement: Settlement) -> dict[str, object]:
        next_at = settlement.next_at
        return {
            "state": settlement.state.value,
            "note": self._redactor.text(settlement.note)[:_MOST_NOTE],
            "next_at": moment_text(next_at) if next_at else row.next_at,
            "attempts": row.attempts + 1,
        }


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
    return Accepted(event, datetime.fromisoformat(row.received_at), row.attempts)
