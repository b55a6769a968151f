"""`--alert`: who is told, of what, and the memory of having told them."""

from __future__ import annotations

from contextlib import closing

from cascade_cli.adapters.alert_sender import Alert, Channels, addresses_in
from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.reconcile.alert_text import failure_alert, news_alert, with_head
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.history.alert import NOTHING_TOLD, Told, news, told_after
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.errors import JournalError
from cascade_cli.settings import ALERT_URLS


class Alerting:
    """Tells the services of CASCADE_ALERT_URLS. Raises SettingsError where none can be told."""

    def __init__(self, session: Session) -> None:
        addresses = addresses_in(session.values().get(ALERT_URLS.name, ""))
        # One by one as well: that is how one would show up in an output.
        session.secrets += addresses
        self._session = session
        self._channels = Channels(addresses)
        self._head: Head | None = None

    def tell(self, outcome: Outcome, *, failed: bool, head: Head | None = None) -> bool:
        """Tell of a failure, or of what is new or solved since people were last told.

        False if a service did not take it; the next run then tells the news again.
        """
        self._head = head
        if isinstance(outcome, JudgedOutcome):
            return self._tell_judged(outcome, failed=failed)
        return not failed or self._send(failure_alert(self._session, outcome))

    def _tell_judged(self, outcome: JudgedOutcome, *, failed: bool) -> bool:
        told = self._told(outcome.wiring)
        scope, result = outcome.run.scope, outcome.run.result
        found = news(told, scope, result)
        base = outcome.wiring.settings.airtable_base
        if failed and not self._send(failure_alert(self._session, outcome, found)):
            return False
        if found.is_change and not self._send(news_alert(self._session, found, scope.window, base)):
            return False
        if (after := told_after(told, scope, result)) != told:
            self._keep(outcome.wiring, after)
        return True

    def _send(self, alert: Alert) -> bool:
        """Whether every service took it: where one did not, the next run tells all again."""
        missed = self._channels.send(with_head(alert, self._head))
        for number in missed:
            self._session.insist(
                f"the alert was not taken by address {number} of {len(self._channels)} in "
                f"{ALERT_URLS.name}; the next run with --alert tells it again"
            )
        return not missed

    def _told(self, wiring: Wiring) -> Told:
        from cascade_cli.cli.context.write_context import open_journal, this_worker  # noqa: PLC0415 - costs 0.2 s

        try:
            with closing(open_journal(self._session, wiring, this_worker("reconcile"))) as journal:
                document = journal.mark(_name(wiring))
        except JournalError as error:
            self._session.insist(f"all that is open is told as new: {error.message}")
            return NOTHING_TOLD
        return Told.of(document) if document else NOTHING_TOLD

    def _keep(self, wiring: Wiring, told: Told) -> None:
        from cascade_cli.cli.context.write_context import open_journal, this_worker  # noqa: PLC0415 - as above

        try:
            with closing(open_journal(self._session, wiring, this_worker("reconcile"))) as journal:
                journal.set_mark(_name(wiring), told.document())
        except JournalError as error:
            self._session.insist(f"the same alert will be sent again: {error.message}")


def _name(wiring: Wiring) -> str:
    return f"alerted {wiring.settings.airtable_base}"
