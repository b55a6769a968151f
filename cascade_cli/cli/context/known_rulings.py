"""What this machine's journal has of people's decisions about single rows."""

from __future__ import annotations

import threading
import time
from contextlib import closing

from cascade_cli.cli.context.journal_location import chosen_url, has_no_journal, journal_url
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.records.rulings import RowRuling, Rulings
from cascade_cli.errors import JournalError
from cascade_cli.settings import Settings

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
        from cascade_cli.cli.terminal.worker_name import this_worker  # noqa: PLC0415

        url = journal_url(self._session, chosen_url(self._settings))
        worker = this_worker("reconcile", self._settings.airtable_base)
        secrets = self._session.secrets
        with closing(Journal(Database(url), worker, now=utc_now, secrets=secrets)) as journal:
            found = map(RowRuling.of, journal.rulings().values())
            return {ruling.record_id: ruling for ruling in found if ruling}
