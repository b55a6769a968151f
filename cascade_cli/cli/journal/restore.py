"""`cascade journal restore` and `catch-up`.

`restore` puts a backup in the journal's place. Then it catches up: it looks up in the base what the
backup does not know.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cascade_cli.adapters.journal.reported_heads import last_reported, remember_reported
from cascade_cli.adapters.journal.restoring import Restoring
from cascade_cli.cli.journal.options import RestoreOptions
from cascade_cli.cli.journal.run import kept_head
from cascade_cli.cli.journal.text import (
    caught_up_document,
    plan_document,
    show_caught_up,
    show_plan,
    show_restored,
)
from cascade_cli.cli.terminal.confirmation import check_answerable, confirm
from cascade_cli.cli.terminal.option_values import moment_option
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.history.restored import RestorePlan
from cascade_cli.domain.records.journal_entries import RESTORED, Head, Restored
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import CascadeError, ExitCode, GuardError
from cascade_cli.services.journal.catch_up import CatchUpService, CaughtUp
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.journal import existing_journal, restoring
from cascade_cli.wiring.writing import run_lock

if TYPE_CHECKING:
    from rich.console import Console


def restore(session: Session, options: RestoreOptions) -> Outcome:
    """Verify the backup, say what would be forgotten, ask, replace the journal, and catch up."""
    against = kept_head(options.against) if options.against is not None else None
    with restoring(session, options.backup) as work:
        plan = _plan(session, work, against)
        nothing = {"kept": None, "caught_up": None}
        data = {**plan_document(plan), "dry_run": options.dry_run, **nothing}
        if options.dry_run or (plan.is_done and not plan.was_carried_out):
            return Outcome(data, lambda s: show_plan(s.console(), plan))
        if plan.is_done:
            # The same command was broken off earlier: go on where it stopped.
            return _look_up(session, data, lambda console: show_plan(console, plan))
        work.check_holders(plan.present)
        if plan.goes_back and not options.force:
            return _refused(plan, data, options.backup)
        kept = _carry_out(session, work, plan, options)
    data["kept"] = str(kept) if kept else None
    # Catching up may take two minutes.
    session.say("The journal is restored. Looking up in the base what the backup lacks…")

    def show(console: Console) -> None:
        if options.yes or plan.present.is_absent:
            # If there was a question, the plan was shown before it.
            show_plan(console, plan, is_done=True)
        show_restored(console, data["kept"])

    return _look_up(session, data, show)


def _plan(session: Session, work: Restoring, against: Head | None) -> RestorePlan:
    backup = work.backup()
    told = (last_reported(session.folder, work.place), against)
    missing = tuple(head for head in told if head and not work.holds(head))
    return RestorePlan(backup, work.present(), tuple(dict.fromkeys(missing)))


def _refused(plan: RestorePlan, data: Mapping[str, Any], backup: Path) -> Outcome:
    error = GuardError(
        "The backup is older than the journal, or than a head that was reported. Nothing was "
        "changed.",
        f"Look for a newer backup. If there is none, go back with: "
        f"{command('journal', 'restore', str(backup), '--force')}",
    )
    return Outcome(data, lambda s: show_plan(s.console(), plan), error.exit_code, error)


def _carry_out(
    session: Session, work: Restoring, plan: RestorePlan, options: RestoreOptions
) -> Path | None:
    """Ask and restore. Returns the file that keeps the earlier journal, if there was one."""
    if not plan.present.is_absent:
        check_answerable(yes=options.yes)
        if not options.yes:
            show_plan(session.console(stderr=True), plan)
        confirm(session, f"Restore the journal from {str(options.backup)!r}?", yes=options.yes)
    kept = work.kept_as(session.folder)
    note = {
        "head": str(plan.backup.head),
        "replaced": str(plan.present.head) if plan.present.head else None,
        "not_in_it": [str(head) for head in plan.missing],
    }
    was_there = work.carry_out(plan.present, plan.since, note, kept)
    return kept if was_there else None


def _look_up(
    session: Session, data: dict[str, Any], show_before: Callable[[Console], None]
) -> Outcome:
    """Catch up. If that fails, the journal is restored all the same, and `catch-up` goes on."""
    found, error = None, None
    try:
        found = _caught_up(session, None)
    except CascadeError as caught:
        error = _unfinished(caught)
    data["caught_up"] = caught_up_document(found) if found else None

    def show(session: Session) -> None:
        console = session.console()
        show_before(console)
        if found:
            show_caught_up(console, found)

    return Outcome(data, show, error.exit_code if error else ExitCode.OK, error)


def _unfinished(error: CascadeError) -> CascadeError:
    """The same error, with what it means after a restore."""
    told = type(error)(
        f"The journal is restored, but the base could not be read: {error.message}",
        f"{error.hint} Before anything is written to the base, type: cascade journal catch-up",
    )
    told.__cause__ = error
    return told


def catch_up(session: Session, since: str | None) -> Outcome:
    """Catch up without a restore."""
    begin = moment_option("--since", since, datetime.now(UTC)) if since else None
    found = _caught_up(session, begin)
    data = {"caught_up": caught_up_document(found) if found else None}
    return Outcome(data, lambda s: show_caught_up(s.console(), found))


def _caught_up(session: Session, since: datetime | None) -> CaughtUp | None:
    with connected(session) as wiring:
        settings, journal = wiring.settings, wiring.journal_of("journal catch-up")
        service = CatchUpService(
            transfers=wiring.transfers,
            journal=journal,
            take_over=journal.catch_up,
            base=settings.airtable_base,
            lifetime=settings.lifetime,
            now=wiring.clock.now,
            sleep=time.sleep,
            tell=session.say,
        )
        with run_lock(journal, settings.airtable_base):
            found = service.carry_out(since)
        head = journal.head()
        if found and head:
            # Record this head: earlier ones may be gone with the replaced journal.
            remember_reported(session.folder, journal.place, head, session.warn)
    _warn_of_others(session)
    return found


def _warn_of_others(session: Session) -> None:
    with existing_journal(session) as journal:
        if journal is None:
            return
        for base in sorted(journal.bases()):
            restored = Restored.of(journal.of_base(base).mark(RESTORED))
            if restored and restored.is_pending:
                session.warn(
                    f"the journal also serves the base {base}, which must catch up as well: type "
                    "journal catch-up with the settings of that shop (--profile or --env-file)"
                )
