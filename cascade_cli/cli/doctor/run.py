"""`cascade doctor`: from all checks to an outcome."""

from __future__ import annotations

import traceback

from cascade_cli.cli.doctor.text import document, show
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.doctor.findings import Level
from cascade_cli.errors import ExitCode
from cascade_cli.wiring.doctor import examine


def doctor(session: Session) -> Outcome:
    """Run all checks. Exit code 4 if something is red. Broken settings are a finding, not an
    exception."""
    checks = examine(session, lambda error: _tell_bug(session, error))
    is_red = any(check.level is Level.RED for check in checks)
    return Outcome(
        document(session, checks),
        lambda session: show(session, checks),
        ExitCode.SETTINGS if is_red else ExitCode.OK,
    )


def _tell_bug(session: Session, error: Exception) -> None:
    if session.verbose:
        session.say("".join(traceback.format_exception(error)))
