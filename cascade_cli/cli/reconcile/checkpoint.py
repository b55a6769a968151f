"""Where the last complete run ended. It is kept in the journal, for `--since last`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.cli.terminal.session import Session
from cascade_cli.cli.terminal.windows import FIRST_REACH
from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name, may_be_kept
from cascade_cli.domain.shop.times import CLOCK_TOLERANCE
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.wiring.reading import Wiring

if TYPE_CHECKING:
    from cascade_cli.services.ports import JournalPort


def recall(wiring: Wiring, now: datetime) -> Checkpoint | None:
    """What `trusted_checkpoint` returns, from the shop's journal. Raises JournalError."""
    return trusted_checkpoint(wiring.journal_of("reconcile"), wiring.settings.airtable_base, now)


def remember(session: Session, wiring: Wiring, run: Run) -> None:
    """Keep the end of a complete run for `--since last`. A journal that cannot be written is a
    warning: the run counts all the same.

    A run that neither continues the checkpoint nor covers all of it is not kept, because the rest
    would be forgotten. A first run is not kept if it covers less than `--since last` reads by
    itself.
    """
    if run.continues is None and not may_be_kept(run.snapshot.window):
        return
    try:
        journal = wiring.journal_of("reconcile")
        is_over = keep(journal, wiring.settings.airtable_base, run, wiring.clock)
    except JournalError as error:
        session.warn(f"This run is not remembered for --since last: {error.message}")
        return
    if not is_over:
        session.warn(
            "This run is not remembered for --since last: its end may be in the future, because "
            "the clocks of this machine and of the services differ."
        )


def trusted_checkpoint(journal: JournalPort, base_id: str, now: datetime) -> Checkpoint | None:
    """The checkpoint of the base's last complete run, as far as it can be trusted now; None if
    there was no such run."""
    document = journal.mark(mark_name(base_id))
    return Checkpoint.of(document).trusted(now) if document else None


def keep(journal: JournalPort, base_id: str, run: Run, clock: ServiceClock) -> bool:
    """Keep the run, if that forgets nothing. False if the run may end in the future.

    If the clocks differ, nobody knows which is right: a proxy may date all answers. So the
    checkpoint ends by our own clock or by the services', whichever is earlier.
    """
    now = clock.now()
    if run.snapshot.window.until > now + CLOCK_TOLERANCE:
        return False
    known = trusted_checkpoint(journal, base_id, now)
    if not _forgets_nothing(run, known):
        return True
    memory = run.memory.ended(run.snapshot.window.until + min(clock.ahead, timedelta(0)), known)
    if not memory.covers_anything:
        return False
    # The list of ends is by the services' clocks, so an end by ours alone is not added to it.
    memory = memory.dated(known) if clock.is_known else memory
    journal.set_mark(mark_name(base_id), memory.document())
    return True


def _forgets_nothing(run: Run, known: Checkpoint | None) -> bool:
    window = run.snapshot.window
    if known is None:
        return window.since <= window.until - FIRST_REACH
    return run.continues == known or known.is_replaced_by(run.covered_since, window.until)
