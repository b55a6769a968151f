"""What this machine's journal knows of people's decisions: about refunds, and about cases."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.journal_place import journal_url
from cascade_cli.cli.session import Session
from cascade_cli.domain.case import Decided
from cascade_cli.errors import JournalError

_SQLITE = "sqlite:///"


def decided(session: Session, wiring: Wiring) -> Decided:
    """Nothing where there is no journal, or none that can be read: then the report lists refunds
    that somebody may have settled."""
    chosen = wiring.settings.journal_url
    url = journal_url(session, chosen.reveal() if chosen else "")
    if url.startswith(_SQLITE) and not Path(url.removeprefix(_SQLITE)).exists():
        return Decided()
    # Costs 0.2 s to import, and only shops with a journal need it.
    from cascade_cli.cli.writing import open_journal, this_worker  # noqa: PLC0415
    from cascade_cli.services.refund import decided_by  # noqa: PLC0415

    try:
        with closing(open_journal(session, wiring, this_worker("reconcile"))) as journal:
            return decided_by(journal.refunds(), journal.decisions(), journal.rulings())
    except JournalError as error:
        session.warn(f"What people decided is not known: {error.message}")
        return Decided()
