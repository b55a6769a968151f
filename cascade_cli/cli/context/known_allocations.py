"""The journal's allocations of payments for many; few commands come across one that needs it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cascade_cli.cli.context.journal_location import chosen_url, has_no_journal, journal_url
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.selling.allocation import Allocation, read_allocation
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.services.allocations import Allocations
from cascade_cli.settings import Settings

if TYPE_CHECKING:
    from cascade_cli.adapters.journal import Journal


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
        from cascade_cli.cli.terminal.worker_name import this_worker  # noqa: PLC0415

        with self._lock:
            if self._journal is None:
                url = journal_url(self._session, chosen_url(self._settings))
                worker = this_worker("checkout", self._settings.airtable_base)
                secrets = self._session.secrets
                self._journal = Journal(url, worker, now=utc_now, secrets=secrets)
            return self._journal
