"""What this machine's journal remembers, for commands that only read: past deliveries, who gets
how much of a split payment, and what people decided about single rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.rulings import RowRuling, Rulings
from cascade_cli.domain.selling.allocation import Allocation, Allocations, read_allocation
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.gather import PastDeliveries
from cascade_cli.settings import Settings
from cascade_cli.wiring.journal import chosen_url, has_no_journal, journal_url

if TYPE_CHECKING:
    from cascade_cli.adapters.journal import Journal

T = TypeVar("T")


class DeliveriesKnown(PastDeliveries):
    """Opens the journal when first asked: it takes 0.2 s to import."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session, self._settings = session, settings

    def past_of(self, charges: Sequence[Charge], now: datetime) -> Mapping[str, PastDelivery]:
        """By charge; empty where there is no journal, or none that can be read."""
        return self._asked(lambda past: dict(past.past_of(charges, now)), {})

    def written_for(self, key: str) -> PastDelivery:
        """As the journal has it, if there is one that can be read."""
        return self._asked(lambda past: past.written_for(key), NOTHING_PAST)

    def _asked(self, ask: Callable[[PastDeliveries], T], otherwise: T) -> T:
        if has_no_journal(self._session, self._settings):
            return otherwise
        try:
            return self._read(ask, otherwise)
        except JournalError as error:
            self._session.warn(f"which transfers have vanished is not known: {error.message}")
            return otherwise

    def _read(self, ask: Callable[[PastDeliveries], T], otherwise: T) -> T:
        from cascade_cli.adapters.http.transport import utc_now  # noqa: PLC0415
        from cascade_cli.adapters.journal import Database, Journal  # noqa: PLC0415 - see above
        from cascade_cli.wiring.worker import this_worker  # noqa: PLC0415

        database = Database(journal_url(self._session, chosen_url(self._settings)))
        if not database.exists():
            return otherwise
        worker = this_worker("reconcile", self._settings.airtable_base)
        secrets = self._session.secrets
        with closing(Journal(database, worker, now=utc_now, secrets=secrets)) as journal:
            return ask(PastDeliveries(journal, self._settings.airtable_base))


class KeptAllocations(Allocations):
    """Opens the journal when first asked: it takes 0.2 s to import."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session, self._settings = session, settings
        self._journal: Journal | None = None
        self._lock = Lock()

    def find(self, digest: str) -> Allocation | None:
        """The allocation of that digest; None where there is none, or no journal."""
        if has_no_journal(self._session, self._settings):
            return None
        kept = self._opened().allocation(digest)
        try:
            return read_allocation(kept["text"]) if kept else None
        except (KeyError, ValueError):
            return None

    def keep(self, allocation: Allocation) -> None:
        """For good, before anything is sold by it. Raises JournalError."""
        seal = allocation.seal
        body = {
            "citizens": seal.count,
            "ducats": format_ducats(seal.total),
            "text": allocation.text,
        }
        self._opened().keep_allocation(seal.digest, body)

    def close(self) -> None:
        """Give back what was opened."""
        if self._journal:
            self._journal.close()

    def _opened(self) -> Journal:
        from cascade_cli.adapters.http.transport import utc_now  # noqa: PLC0415
        from cascade_cli.adapters.journal import Journal  # noqa: PLC0415 - see above
        from cascade_cli.wiring.worker import this_worker  # noqa: PLC0415

        with self._lock:
            if self._journal is None:
                url = journal_url(self._session, chosen_url(self._settings))
                worker = this_worker("checkout", self._settings.airtable_base)
                secrets = self._session.secrets
                self._journal = Journal(url, worker, now=utc_now, secrets=secrets)
            return self._journal


# A server reads rows all day. What a person decides meanwhile counts so much later there.
_FRESH_SECONDS = 10.0


class RulingsKnown:
    """Opens the journal when first asked, and again when that was long ago."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session, self._settings = session, settings
        self._lock = threading.Lock()
        self._known: Rulings = {}
        self._read_at: float | None = None

    def __call__(self) -> Rulings:
        """By record; empty where there is no journal, or none that can be read."""
        with self._lock:
            now = time.monotonic()
            if self._read_at is None or now - self._read_at > _FRESH_SECONDS:
                self._known, self._read_at = self._read(), now
            return self._known

    def forget(self) -> None:
        """Something was decided: read it again."""
        self._read_at = None

    def _read(self) -> Rulings:
        if has_no_journal(self._session, self._settings):
            return {}
        try:
            return self._read_from_journal()
        except JournalError as error:
            self._session.warn(f"what people decided about rows is not known: {error.message}")
            return {}

    def _read_from_journal(self) -> Rulings:
        # Costs 0.2 s to import, and only shops with a journal need it.
        from cascade_cli.adapters.http.transport import utc_now  # noqa: PLC0415
        from cascade_cli.adapters.journal import Database, Journal  # noqa: PLC0415
        from cascade_cli.wiring.worker import this_worker  # noqa: PLC0415

        url = journal_url(self._session, chosen_url(self._settings))
        worker = this_worker("reconcile", self._settings.airtable_base)
        secrets = self._session.secrets
        with closing(Journal(Database(url), worker, now=utc_now, secrets=secrets)) as journal:
            found = map(RowRuling.of, journal.rulings().values())
            return {ruling.record_id: ruling for ruling in found if ruling}
