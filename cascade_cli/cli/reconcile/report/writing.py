"""From how a run ended to the file: what the command calls."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cascade_cli.adapters.files import replace_file
from cascade_cli.cli.reconcile.report.page import render
from cascade_cli.cli.reconcile.report.view import ReportPage, judged_page, unjudged_page
from cascade_cli.cli.reconcile.run import JudgedOutcome
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.records.journal_entries import Head
from cascade_cli.errors import ExitCode

# Nothing was done, or somebody else is doing it: the page of the last run stays.
NOT_WORTH_A_PAGE = frozenset({ExitCode.USAGE, ExitCode.LOCKED})


def write_report(session: Session, path: Path, outcome: Outcome, head: Head | None) -> None:
    """Put the outcome's page there. Raises OSError."""
    if outcome.exit_code not in NOT_WORTH_A_PAGE:
        replace_file(path, _rendered(session, _page(outcome, head)))


def _rendered(session: Session, page: ReportPage) -> str:
    return render(
        page,
        sandbox=session.sandbox,
        settings=session.settings_note,
        redacted=session.redacted,
        completed=session.completed,
    )


def _page(outcome: Outcome, head: Head | None) -> ReportPage:
    data = outcome.data or {}
    if isinstance(outcome, JudgedOutcome):
        return judged_page(outcome.run, outcome.reading, data, outcome.error, head)
    if outcome.error is None:
        raise TypeError("a run without a judgement has to say why")
    return unjudged_page(outcome.error, data, datetime.now(UTC), head)
