"""What this machine's webhook made of events."""

from __future__ import annotations

from collections.abc import Sequence

from cascade_cli.bootstrap import Wiring
from cascade_cli.cli.context.archive import archive_of
from cascade_cli.cli.terminal.session import Session
from cascade_cli.domain.records.accepted_events import Kept
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.errors import JournalError

# A statement holds only so many values, and each id is asked for twice.
_IDS_PER_QUERY = 250


def receipts(session: Session, wiring: Wiring, events: Sequence[Event]) -> dict[str, Kept]:
    """Those that it received, by their ids; without the journal none, and that is said."""
    found = dict[str, Kept]()
    try:
        with archive_of(session, wiring) as archive:
            if archive is None:
                return found
            for begin in range(0, len(events), _IDS_PER_QUERY):
                ids = [event.id for event in events[begin : begin + _IDS_PER_QUERY]]
                found |= {k.accepted.event.id: k for k in archive.inbox.about(ids)}
    except JournalError as error:
        session.warn(f"without the webhook's part: {error.message}")
    return found
