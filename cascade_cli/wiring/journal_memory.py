"""What this machine's journal remembers, for commands that only read: past deliveries, who gets
how much of a split payment, and what people decided."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from cascade_cli.domain.matching.matched_charge import Decided
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.rulings import RowRuling, Rulings
from cascade_cli.domain.selling.allocation import Allocation, Allocations, read_allocation
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.journal import has_no_journal, open_journal, run_journal
from cascade_cli.wiring.reading import Wiring

if TYPE_CHECKING:
    from cascade_cli.adapters.journal import Journal

T = TypeVar("T")


class DeliveriesKnown(PastDeliveries):
    """Past deliveries. Opens the journal only when asked, because that takes 0.2 s to import."""

    def __init__(self, invocation: Invocation, settings: Settings) -> None:
        self._invocation, self._settings = invocation, settings

    def past_of(self, charges: Sequence[Charge], now: datetime) -> Mapping[str, PastDelivery]:
        """By charge id; empty if there is no journal, or none that can be read."""
        return self._asked(lambda past: dict(past.past_of(charges, now)), {})

    def written_for(self, key: str) -> PastDelivery:
        """The journal's last write for the key, if there is a journal that can be read."""
        return self._asked(lambda past: past.written_for(key), NOTHING_PAST)

    def _asked(self, ask: Callable[[PastDeliveries], T], otherwise: T) -> T:
        if has_no_journal(self._invocation, self._settings):
            return otherwise
        invocation, settings = self._invocation, self._settings
        try:
            with closing(
                open_journal(invocation, settings, this_worker("reconcile"), invocation.now)
            ) as journal:
                return ask(PastDeliveries(journal, settings.airtable_base))
        except JournalError as error:
            invocation.warn(f"cannot tell which transfers have vanished: {error.message}")
            return otherwise


class KeptAllocations(Allocations):
    """Allocations. Opens the journal only when asked, because that takes 0.2 s to import."""

    def __init__(self, invocation: Invocation, settings: Settings) -> None:
        self._invocation, self._settings = invocation, settings
        self._journal: Journal | None = None
        self._lock = Lock()

    def find(self, digest: str) -> Allocation | None:
        """The allocation with that digest; None if there is none, or no journal."""
        if has_no_journal(self._invocation, self._settings):
            return None
        kept = self._opened().allocation(digest)
        try:
            return read_allocation(kept["text"]) if kept else None
        except (KeyError, ValueError):
            return None

    def keep(self, allocation: Allocation) -> None:
        """Store the allocation for good, before it is sold. Raises JournalError."""
        seal = allocation.seal
        body = {
            "citizens": seal.count,
            "ducats": format_ducats(seal.total),
            "text": allocation.text,
        }
        self._opened().keep_allocation(seal.digest, body)

    def close(self) -> None:
        """Close the journal if it was opened."""
        if self._journal:
            self._journal.close()

    def _opened(self) -> Journal:
        with self._lock:
            if self._journal is None:
                worker = this_worker("checkout")
                self._journal = open_journal(
                    self._invocation, self._settings, worker, self._invocation.now
                )
            return self._journal


# A server reads rows all day, and sees a person's decisions with this delay.
_FRESH_SECONDS = 10.0


class RulingsKnown:
    """Rulings, read when first asked for, and again after _FRESH_SECONDS. A server sets `journal`,
    which it keeps open; any other caller's journal is opened for each reading."""

    journal: Journal | None = None

    def __init__(self, invocation: Invocation, settings: Settings) -> None:
        self._invocation, self._settings = invocation, settings
        self._lock = threading.Lock()
        self._known: Rulings = {}
        self._read_at: float | None = None

    def __call__(self) -> Rulings:
        """By record id; empty if there is no journal, or none that can be read."""
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at > _FRESH_SECONDS:
                self._known, self._read_at = self._read(), now
            return self._known

    def forget(self) -> None:
        """Something was decided: read it again."""
        self._read_at = None

    def _read(self) -> Rulings:
        try:
            if self.journal:
                return _rulings_in(self.journal)
            return self._read_once()
        except JournalError as error:
            self._invocation.warn(f"cannot tell what people decided about rows: {error.message}")
            return {}

    def _read_once(self) -> Rulings:
        if has_no_journal(self._invocation, self._settings):
            return {}
        worker = this_worker("reconcile")
        with closing(
            open_journal(self._invocation, self._settings, worker, self._invocation.now)
        ) as journal:
            return _rulings_in(journal)


def _rulings_in(journal: Journal) -> Rulings:
    found = map(RowRuling.of, journal.rulings().values())
    return {ruling.record_id: ruling for ruling in found if ruling}


def forget_debts(invocation: Invocation, wiring: Wiring, run: Run) -> None:
    """Clear the recorded debts of payments that the run found settled. Nothing is to come back any
    more, since the dispute was won, the refund failed, or the ducats are back."""
    gone = run.result.settled_debts
    if not gone:
        return
    from cascade_cli.services.refunds.refund_service import settled_debts  # noqa: PLC0415 - as below

    try:
        with run_journal(invocation, wiring) as journal:
            settled = settled_debts(journal.refunds(), gone, wiring.clock.now())
            journal.keep_refunds(settled)
    except JournalError as error:
        invocation.warn(f"Could not record that debts no longer stand: {error.message}")


def decided(invocation: Invocation, wiring: Wiring) -> Decided:
    """What people decided. Empty if there is no journal, or none that can be read: then the report
    lists refunds that somebody may have settled."""
    if has_no_journal(invocation, wiring.settings):
        return Decided()
    # Only shops with a journal need it.
    from cascade_cli.services.refunds.refund_service import decided_by  # noqa: PLC0415

    try:
        with run_journal(invocation, wiring) as journal:
            return decided_by(journal.refunds(), journal.decisions(), journal.rulings())
    except JournalError as error:
        invocation.warn(f"Cannot tell what people decided: {error.message}")
        return Decided()
