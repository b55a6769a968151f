"""What this machine's journal remembers of payments that have no stratagem now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import TypeVar

from cascade_cli.cli.context.journal_location import chosen_url, has_no_journal, journal_url
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.past_deliveries import PastDeliveries
from cascade_cli.settings import Settings

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
        from cascade_cli.cli.terminal.worker_name import this_worker  # noqa: PLC0415

        database = Database(journal_url(self._session, chosen_url(self._settings)))
        if not database.exists():
            return otherwise
        worker = this_worker("reconcile", self._settings.airtable_base)
        secrets = self._session.secrets
        with closing(Journal(database, worker, now=utc_now, secrets=secrets)) as journal:
            return ask(PastDeliveries(journal, self._settings.airtable_base))
