"""An alert in words: what is new, what is solved, what is still open, and what to type."""

from __future__ import annotations

import re
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from cascade_cli.adapters.alert_sender import Alert, Urgency
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.discrepancies.repair_command import explain
from cascade_cli.domain.history.alert import AlertNews
from cascade_cli.domain.history.checkpoint import name_of
from cascade_cli.domain.reconcile.reconciliation import Item
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import Window, format_moment

# More is read at the terminal; many services cut a message off anyway.
MOST_LINES = 20
LONGEST_NAME = 40
LONGEST_ERROR = 600
# Buyers choose names. Services make mentions, links and markup of them, whatever the format says.
_NOT_IN_A_NAME = re.compile(r"[^\w' -]")
_MENTION = re.compile(r"[<>@`]")


def failure_alert(session: Session, outcome: Outcome, found: AlertNews | None = None) -> Alert:
    """The run did not come to its end, or not to a good one."""
    title = f"{_who(session)}: reconciliation failed (exit code {int(outcome.exit_code)})"
    lines = [*_error(session, outcome), *(["", f"{_counts(found)}."] if found else [])]
    lines += ["", f"Run on {_plain(socket.gethostname())}."]
    return Alert(title, "\n".join(lines), Urgency.FAILURE)


def news_alert(session: Session, found: AlertNews, window: Window, base: str) -> Alert:
    """Something is new or solved."""
    told = [*_news_lines(session, found)]
    more = len(told) - MOST_LINES
    all_of_them = session.completed(command("reconcile"))
    lines = told[:MOST_LINES] + ([f"… and {more} more: {all_of_them}"] if more > 0 else [])
    since, until = format_moment(window.since), format_moment(window.until)
    place = f"Base {base}, payments of {since} – {until}, run on {_plain(socket.gethostname())}."
    title = f"{_who(session)}: {_counts(found)}"
    urgency = Urgency.WARNING if found.new else Urgency.SUCCESS
    return Alert(title, "\n".join([*lines, "", _transfer_status(found), place]), urgency)


def with_head(alert: Alert, head: Head | None) -> Alert:
    """The same, and what proves later that the journal was not cut off or put back."""
    return replace(alert, body=f"{alert.body}\nJournal: {head}") if head else alert


def _who(session: Session) -> str:
    return "cascade (sandbox)" if session.sandbox else "cascade"


def _counts(found: AlertNews) -> str:
    """What people decided is not called solved."""
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


def _transfer_status(found: AlertNews) -> str:
    """As every screen says it."""
    transfer_status = found.transfer_status
    return (
        f"{transfer_status.described}. {transfer_status.closed}".strip() if transfer_status else ""
    )


def _news_lines(session: Session, found: AlertNews) -> Iterator[str]:
    for item in found.new:
        yield f"{'REOPENED' if item.reopened else 'NEW'} {_line(session, item)}"
    for name, known in found.solved.items():
        yield f"{_became(found, name).upper()} {known.kind} {_plain(name)}"
    yield from (f"OPEN {_line(session, item)}" for item in found.still_open)


def _line(session: Session, item: Item) -> str:
    ducats = f"{rounded(item.ducats)} ducats" if item.ducats else "no amount"
    who = _plain(item.citizen) if item.citizen else "nobody"
    what = (
        f"{item.kind.value.replace('_', ' ')}: {who}, {ducats}, {format_moment(item.occurred_at)}"
    )
    return f"{what}: {session.completed(explain(name_of(item)).command)}"


def _error(session: Session, outcome: Outcome) -> Sequence[str]:
    error = outcome.error
    said = [error.message, error.hint] if error else ["It ended without saying why."]
    return [_harmless(session.redacted(session.completed(text))) for text in said if text]


def _harmless(text: str) -> str:
    return _MENTION.sub("·", escape(text, keep="\n"))[:LONGEST_ERROR]


def _plain(name: str) -> str:
    """A name as people need it to recognise, in characters that no service acts upon."""
    return _NOT_IN_A_NAME.sub("·", name)[:LONGEST_NAME]
