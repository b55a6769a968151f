"""`cascade doctor`: from all checks to an outcome."""

from __future__ import annotations

import traceback
from pathlib import Path

from cascade_cli.cli.doctor.text import document, show
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.doctor.findings import Level
from cascade_cli.errors import ExitCode, UsageError
from cascade_cli.wiring.doctor import examine


def doctor(session: Session, file: Path | None, *, dry_run: bool, yes: bool, json: bool) -> Outcome:
    """Run all checks. Exit code 4 if something is red. Broken settings are a finding, not an
    exception. With a `file`, a bundle for a bug report is written there.
    """

    def tell_bug(error: Exception) -> None:
        if session.verbose:
            session.say("".join(traceback.format_exception(error)))

    if file is not None:
        # A plain doctor does not need it.
        from cascade_cli.cli.doctor.bundle import write_bundle  # noqa: PLC0415

        return write_bundle(session, file, tell_bug, dry_run=dry_run, yes=yes, json=json)
    if dry_run or yes:
        raise UsageError(
            f"{'--dry-run' if dry_run else '--yes'} is for --bundle: doctor itself writes nothing.",
            "Leave it out, or add --bundle F.",
        )
    checks = examine(session, tell_bug)
    is_red = any(check.level is Level.RED for check in checks)
    return Outcome(
        document(session, checks),
        lambda session: show(session, checks),
        ExitCode.SETTINGS if is_red else ExitCode.OK,
    )
