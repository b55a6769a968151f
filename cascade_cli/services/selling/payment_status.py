"""Where a payment stands at Stripe, and what it led to in Venice."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.ownership import Ownership, rows_of
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import lookup_order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.selling.sales import PaymentIntent
from cascade_cli.domain.shop.keys import Origin, portion_number, whole_id
from cascade_cli.errors import JournalError, NotFoundError, ServiceError
from cascade_cli.services.ports import PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges

T = TypeVar("T")

ANSWER_KEPT_SECONDS = 1.0
# One request to Airtable reads fifty portions, so polling a thousand costs one every two seconds.
PORTIONS_A_SECOND = 25
MOST_KEPT = 10_000


class Remembered(Generic[T]):
    """Answers that may be given again for a few seconds; safe in threads, bounded in number."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> T | None:
        """The value under the key, unless it has expired."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, None))
            return value if self._clock() < until else None

    def put(self, key: str, value: T, longer_seconds: float = 0.0) -> None:
        """Remember the value, and for longer if it was expensive to get."""
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._clock() + self._seconds + longer_seconds, value


@dataclass(frozen=True)
class Transfer:
    """A payment's transfer in Venice; `state` is `none` before there is a row, `unknown` while
    Venice cannot be read. `event` is where the payment's webhook event stands, if one came."""

    state: str
    row: Stratagem | None = None
    event: EventState | None = None


@dataclass(frozen=True)
class PaymentStatus:
    """A payment at Stripe and its transfer. For a payment for many citizens, `portions` has each
    with its transfer, and `transfer` is the one that has come least far."""

    intent: PaymentIntent
    transfer: Transfer
    portions: tuple[tuple[Charge, Transfer], ...] = ()


class PaymentStatuses:
    """Tells where payments stand; `events_of` returns the webhook's events that name a payment."""

    def __init__(
        self,
        payments: PaymentsPort,
        transfers: TransfersPort,
        *,
        intent_of: Callable[[str], PaymentIntent | None],
        events_of: Callable[[str], list[Kept]],
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._payments, self._transfers = payments, transfers
        self._intent_of, self._events_of, self._now = intent_of, events_of, now
        self._told = Remembered[PaymentStatus](ANSWER_KEPT_SECONDS, clock)

    def status_of(self, intent_id: str) -> PaymentStatus:
        """Where the payment stands. Raises NotFoundError if no such payment buys ducats."""
        if told := self._told.get(intent_id):
            return told
        intent = self._purchase(intent_id)
        if intent is None:
            raise NotFoundError(f"There is no purchase of ducats {intent_id!r}.")
        found = self._transfers_of(intent)
        least = max(found, key=lambda transfer: _FROM_LAST.index(transfer.state))
        portions = tuple(zip(intent.charges, found, strict=True)) if len(found) > 1 else ()
        status = PaymentStatus(intent, least, portions)
        self._told.put(intent_id, status, len(portions) / PORTIONS_A_SECOND)
        return status

    def _purchase(self, intent_id: str) -> PaymentIntent | None:
        """The intent with what it bought; for the id of a part, with that part alone."""
        intent = self._intent_of(whole_id(intent_id))
        if intent is None:
            return None
        if not intent.is_purchase:
            # Its charge, or the invoice that it paid, may say more than the intent.
            charges = self._payments.portions(whole_id(intent_id))
            intent = replace(intent, metadata={}, charges=charges) if charges else None
        if intent is None or portion_number(intent_id) is None:
            return intent
        part = tuple(charge for charge in intent.charges if charge.payment_id == intent_id)
        return replace(intent, id=intent_id, charges=part) if part else None

    def _transfers_of(self, intent: PaymentIntent) -> list[Transfer]:
        """One for each charge, and at least one."""
        event = self._event(intent)
        if not intent.charges:
            return [Transfer("none", event=event)]
        try:
            own = self._rows(intent.charges)
        except ServiceError:
            # What Stripe says is useful even without Venice.
            return [Transfer("unknown", event=event) for _ in intent.charges]
        return [self._transfer(rows, event) for rows in own]

    def _rows(self, charges: Sequence[Charge]) -> list[tuple[Stratagem, ...]]:
        """Each charge's rows. A legacy row may be a neighbouring charge's: then Stripe is asked for
        the neighbours."""
        rows = self._transfers.transfers_for([lookup_order(charge) for charge in charges])
        if any(row.origin is Origin.LEGACY for row in rows) and not _all_executed(charges, rows):
            snapshot = NeighbouringCharges(self._payments, self._transfers).snapshot_of(
                charges, rows
            )
            ownership = Ownership(snapshot.charges, snapshot.stratagems)
        else:
            ownership = Ownership(charges, rows)
        orders = [ownership.tell_apart(lookup_order(c), c) for c in charges]
        return [rows_of(order, rows) for order in orders]

    def _transfer(self, rows: Sequence[Stratagem], event: EventState | None) -> Transfer:
        states = {row.state(self._now()).value: row for row in reversed(rows)}
        state = next((state for state in _RANKS if state in states), "none")
        return Transfer(state, states.get(state), event)

    def _event(self, intent: PaymentIntent) -> EventState | None:
        """Events name the whole payment, or the invoice that it paid."""
        invoices = [charge.period.invoice for charge in intent.charges if charge.period]
        names = dict.fromkeys([whole_id(intent.id), *invoices])
        try:
            kept = [event for name in names for event in self._events_of(name)]
        except JournalError:
            return None
        states = {k.state for k in kept if k.accepted.event.is_paying}
        return next((state for state in _STATES if state in states), None)


_RANKS = ("executed", "live", "doubtful", "failed", "stalled")
_FROM_LAST = (*_RANKS, "none", "unknown")
_STATES = (EventState.CREDITED, EventState.ATTENTION, EventState.WAITING, EventState.RECORDED)


def _all_executed(charges: Sequence[Charge], rows: Sequence[Stratagem]) -> bool:
    """Whether rows that name their payment settle all charges: then no other row matters."""
    named = match(charges, [row for row in rows if row.origin is not Origin.LEGACY]).by_charge
    return all(any(m.stratagem.status == "executed" for m in named[c.id]) for c in charges)
