"""What this machine's journal remembers, for commands that only read: past deliveries, who gets
how much of a split payment, and what people decided."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import TypeVar

from cascade_cli.domain.matching.matched_charge import Decided
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.rulings import RowRuling, Rulings
from cascade_cli.domain.selling.allocation import Allocation, Allocations, read_allocation
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.journal import ShopJournal
from cascade_cli.wiring.reading import Wiring

T = TypeVar("T")


class DeliveriesKnown(PastDeliveries):
    """Past deliveries. Opens the journal only when asked, because that takes 0.2 s to import."""

    def __init__(self, shop: ShopJournal, base: str, warn: Callable[[str], None]) -> None:
        self._shop, self._base, self._warn = shop, base, warn

    def past_of(self, charges: Sequence[Charge], now: datetime) -> Mapping[str, PastDelivery]:
        """By charge id; empty if there is no journal, or none that can be read."""
        return self._asked(lambda past: dict(past.past_of(charges, now)), {})

    def written_for(self, key: str) -> PastDelivery:
        """The journal's last write for the key, if there is a journal that can be read."""
        return self._asked(lambda past: past.written_for(key), NOTHING_PAST)

    def _asked(self, ask: Callable[[PastDeliveries], T], otherwise: T) -> T:
        journal = self._shop.to_read()
        if journal is None:
            return otherwise
        try:
            return ask(PastDeliveries(journal, self._base))
        except JournalError as error:
            self._warn(f"cannot tell which transfers have vanished: {error.message}")
            return otherwise


class KeptAllocations(Allocations):
    """Allocations. Opens the journal only when asked, because that takes 0.2 s to import."""

    def __init__(self, shop: ShopJournal) -> None:
        self._shop = shop

    def find(self, digest: str) -> Allocation | None:
        """The allocation with that digest; None if there is none, or no journal."""
        journal = self._shop.to_read()
        kept = journal.allocation(digest) if journal else None
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
        self._shop.used_by(this_worker("checkout")).keep_allocation(seal.digest, body)


# A server reads rows all day, and sees a person's decisions with this delay.
_FRESH_SECONDS = 10.0


class RulingsKnown:
    """Rulings, read when first asked for, and again after _FRESH_SECONDS."""

    def __init__(self, shop: ShopJournal, warn: Callable[[str], None]) -> None:
        self._shop, self._warn = shop, warn
        self._lock = Lock()
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
        journal = self._shop.to_read()
        if journal is None:
            return {}
        try:
            kept = journal.rulings()
        except JournalError as error:
            self._warn(f"cannot tell what people decided about rows: {error.message}")
            return {}
        found = map(RowRuling.of, kept.values())
        return {ruling.record_id: ruling for ruling in found if ruling}


def forget_debts(invocation: Invocation, wiring: Wiring, run: Run) -> None:
    """Clear the recorded debts of payments that the run found settled. Nothing is to come back any
    more, since the dispute was won, the refund failed, or the ducats are back."""
    gone = run.result.settled_debts
    if not gone:
        return
    from cascade_cli.services.refunds.refund_service import settled_debts  # noqa: PLC0415 - as below

    try:
        journal = wiring.journal_of("reconcile")
        settled = settled_debts(journal.refunds(), gone, wiring.clock.now())
        journal.keep_refunds(settled)
    except JournalError as error:
        invocation.warn(f"Could not record that debts no longer stand: {error.message}")


def decided(invocation: Invocation, wiring: Wiring) -> Decided:
    """What people decided. Empty if there is no journal, or none that can be read: then the report
    lists refunds that somebody may have settled."""
    journal = wiring.shop_journal.to_read()
    if journal is None:
        return Decided()
    # Only shops with a journal need it.
    from cascade_cli.services.refunds.refund_service import decided_by  # noqa: PLC0415

    try:
        return decided_by(journal.refunds(), journal.decisions(), journal.rulings())
    except JournalError as error:
        invocation.warn(f"Cannot tell what people decided: {error.message}")
        return Decided()
