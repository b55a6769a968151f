"""What this machine's journal knows of people's decisions: about refunds, and about cases."""

from __future__ import annotations

from contextlib import closing

from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.matching.matched_charge import Decided
from cascade_cli.errors import JournalError
from cascade_cli.services.reconcile.gather import Run
from cascade_cli.wiring.journal import has_no_journal
from cascade_cli.wiring.reading import Wiring


def forget_debts(session: Session, wiring: Wiring, run: Run) -> None:
    """Of payments that the run has judged, keep what became of recorded debts: nothing is to come
    back any more, since the dispute was won, the refund failed, or the ducats are back."""
    gone = run.result.settled_debts
    if not gone:
        return
    from cascade_cli.services.refunds.refund_service import settled_debts  # noqa: PLC0415
    from cascade_cli.wiring.worker import this_worker  # noqa: PLC0415
    from cascade_cli.wiring.write_context import open_journal  # noqa: PLC0415 - as below

    try:
        with closing(open_journal(session, wiring, this_worker("reconcile"))) as journal:
            settled = settled_debts(journal.refunds(), gone, wiring.clock.now())
            journal.keep_refunds(settled)
    except JournalError as error:
        session.warn(f"That debts stand no more is not kept: {error.message}")


def decided(session: Session, wiring: Wiring) -> Decided:
    """Nothing where there is no journal, or none that can be read: then the report lists refunds
    that somebody may have settled."""
    if has_no_journal(session, wiring.settings):
        return Decided()
    # Costs 0.2 s to import, and only shops with a journal need it.
    from cascade_cli.services.refunds.refund_service import decided_by  # noqa: PLC0415
    from cascade_cli.wiring.worker import this_worker  # noqa: PLC0415
    from cascade_cli.wiring.write_context import open_journal  # noqa: PLC0415

    try:
        with closing(open_journal(session, wiring, this_worker("reconcile"))) as journal:
            return decided_by(journal.refunds(), journal.decisions(), journal.rulings())
    except JournalError as error:
        session.warn(f"What people decided is not known: {error.message}")
        return Decided()
