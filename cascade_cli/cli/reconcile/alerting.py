"""`--alert`: who is told what, in which words, and the record of what they were told."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from cascade_cli.adapters.alert_sender import Alert, Channels, Urgency, addresses_in
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.repair_command import explain
from cascade_cli.domain.history.alert import (
    NOTHING_REPORTED,
    AlertNews,
    AlertRecord,
    news,
    record_after,
)
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window, format_moment
from cascade_cli.errors import JournalError
from cascade_cli.settings import ALERT_URLS
from cascade_cli.wiring.reading import Wiring


class Alerting:
    """Sends alerts to the services of CASCADE_ALERT_URLS. Raises SettingsError if it names none, or
    one that is unusable."""

    def __init__(self, session: Session) -> None:
        addresses = addresses_in(session.found.get(ALERT_URLS.name, ""))
        # Each address by itself, too: an output would contain one of them, not the whole setting.
        session.secrets += addresses
        self._session = session
        self._channels = Channels(addresses)
        self._head: Head | None = None

    def tell(self, outcome: Outcome, *, failed: bool, head: Head | None = None) -> bool:
        """Send an alert about a failure, or about what is new or solved since the last alert.

        False if a service did not take it; the next run then sends the news again.
        """
        self._head = head
        if isinstance(outcome, JudgedOutcome):
            # The run has closed it by now: the record of alerts opens it once more.
            with closing(outcome.wiring.shop_journal):
                return self._tell_judged(outcome, failed=failed)
        return not failed or self._send(failure_alert(self._session, outcome))

    def _tell_judged(self, outcome: JudgedOutcome, *, failed: bool) -> bool:
        record = self._record(outcome.wiring)
        scope, result = outcome.run.scope, outcome.run.result
        found = news(record, scope, result)
        base = outcome.wiring.settings.airtable_base
        if failed and not self._send(failure_alert(self._session, outcome, found)):
            return False
        if found.is_change and not self._send(news_alert(self._session, found, scope.window, base)):
            return False
        if (after := record_after(record, scope, result)) != record:
            self._keep(outcome.wiring, after)
        return True

    def _send(self, alert: Alert) -> bool:
        """Whether every service took the alert. If one did not, the next run sends it to all
        again."""
        missed = self._channels.send(with_head(alert, self._head))
        for number in missed:
            self._session.insist(
                f"address {number} of {len(self._channels)} in {ALERT_URLS.name} did not take the "
                "alert; the next run with --alert sends it again"
            )
        return not missed

    def _record(self, wiring: Wiring) -> AlertRecord:
        try:
            document = wiring.journal_of("reconcile").mark(_name(wiring))
        except JournalError as error:
            self._session.insist(f"the alert calls every open case new: {error.message}")
            return NOTHING_REPORTED
        return AlertRecord.of(document) if document else NOTHING_REPORTED

    def _keep(self, wiring: Wiring, record: AlertRecord) -> None:
        try:
            wiring.journal_of("reconcile").set_mark(_name(wiring), record.document())
        except JournalError as error:
            self._session.insist(f"the same alert will be sent again: {error.message}")


def _name(wiring: Wiring) -> str:
    return f"alerted {wiring.settings.airtable_base}"


# More is for the terminal to show; many services cut long messages off anyway.
MOST_LINES = 20
LONGEST_NAME = 40
LONGEST_ERROR = 600
# Buyers choose their names. Services turn parts of them into mentions, links and markup, even in
# plain text.
_NOT_IN_A_NAME = re.compile(r"[^\w' -]")
_MENTION = re.compile(r"[<>@`]")


def failure_alert(session: Session, outcome: Outcome, found: AlertNews | None = None) -> Alert:
    """The alert that a run failed or did not finish."""
    title = f"{_who(session)}: reconciliation failed (exit code {int(outcome.exit_code)})"
    lines = [*_error(session, outcome), *(["", f"{_counts(found)}."] if found else [])]
    lines += ["", f"Run on {_plain(socket.gethostname())}."]
    return Alert(title, "\n".join(lines), Urgency.FAILURE)


def news_alert(session: Session, found: AlertNews, window: Window, base: str) -> Alert:
    """The alert that something is new or solved."""
    told = [*_news_lines(session, found)]
    more = len(told) - MOST_LINES
    all_of_them = session.completed(command("reconcile"))
    lines = told[:MOST_LINES] + ([f"… and {more} more: {all_of_them}"] if more > 0 else [])
    since, until = format_moment(window.since), format_moment(window.until)
    place = f"Base {base}, payments of {since} – {until}, run on {_plain(socket.gethostname())}."
    title = f"{_who(session)}: {_counts(found)}"
    urgency = Urgency.WARNING if found.new else Urgency.SUCCESS
    return Alert(title, "\n".join([*lines, "", _open_cases_text(found), place]), urgency)


def with_head(alert: Alert, head: Head | None) -> Alert:
    """The alert with the journal's head, which proves later that the journal was not cut off or put
    back."""
    return replace(alert, body=f"{alert.body}\nJournal: {head}") if head else alert


def _who(session: Session) -> str:
    """The heading. It names the profile and its mode, so that two shops can share a channel."""
    told = f" {_plain(session.profile_in_use)}" if session.profile_in_use else ""
    mode = "sandbox" if session.sandbox else session.mode if told else ""
    return f"cascade{told} ({mode})" if mode else f"cascade{told}"


def _counts(found: AlertNews) -> str:
    """A case that a person decided does not count as solved."""
    became = Counter(_became(found, name) for name in found.solved)
    parts = (
        f"{len(found.new)} new",
        f"{became['solved']} solved",
        *(f"{became[what]} {what}" for what in ("decided", "snoozed") if became[what]),
        f"{len(found.still_open)} still open",
        f"{found.elsewhere} outside this window" if found.elsewhere else "",
    )
    return ", ".join(filter(None, parts))


def _became(found: AlertNews, name: str) -> str:
    how = found.decided.get(name)
    if how is None:
        return "solved"
    return "snoozed" if how is How.SNOOZE else "decided"


def _open_cases_text(found: AlertNews) -> str:
    """What is open, in the words of every screen."""
    cases = found.open_cases
    return f"{cases.described}. {cases.closed}".strip() if cases else ""


def _news_lines(session: Session, found: AlertNews) -> Iterator[str]:
    for item in found.new:
        yield f"{'REOPENED' if item.reopened else 'NEW'} {_line(session, item)}"
    for name, known in found.solved.items():
        yield f"{_became(found, name).upper()} {known.kind} {_plain(name)}"
    yield from (f"OPEN {_line(session, item)}" for item in found.still_open)


def _line(session: Session, item: Item) -> str:
    ducats = f"{rounded(item.ducats)} ducats" if item.ducats else "no amount"
    who = _plain(item.citizen) if item.citizen else "nobody"
    what = f"{item.kind.words}: {who}, {ducats}, {format_moment(item.occurred_at)}"
    return f"{what}: {session.completed(explain(item.identity).command)}"


def _error(session: Session, outcome: Outcome) -> Sequence[str]:
    error = outcome.error
    said = [error.message, error.hint] if error else ["It ended without saying why."]
    return [_harmless(session.redacted(session.completed(text))) for text in said if text]


def _harmless(text: str) -> str:
    return _MENTION.sub("·", escape(text, keep="\n"))[:LONGEST_ERROR]


def _plain(name: str) -> str:
    """A name that people can still recognise, without characters that a service acts upon."""
    return _NOT_IN_A_NAME.sub("·", name)[:LONGEST_NAME]
