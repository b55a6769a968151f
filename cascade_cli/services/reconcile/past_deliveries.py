"""What a journal remembers of the deliveries of payments, by its writes and by its runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.history.verification import Settled
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.services.ports import JournalPort


class PastDeliveries:
    """Answers from one journal, for payments that are delivered into one base."""

    def __init__(self, journal: JournalPort, base_id: str) -> None:
        self._journal, self._base_id = journal, base_id

    def written_for(self, key: str) -> PastDelivery:
        """What the journal wrote last under that key, whatever it stands for."""
        return PastDelivery(self._journal.attempts([key]).get(key))

    def past_of(self, charges: Sequence[Charge], now: datetime) -> Mapping[str, PastDelivery]:
        """What is remembered now of the charges' deliveries, by charge; no request is sent."""
        if not charges:
            return {}
        written = self._journal.attempts([charge.stratagem_id for charge in charges])
        mark = self._journal.mark(mark_name(self._base_id))
        settled = Settled(Checkpoint.of(mark).believed(now), ()) if mark else None
        return {
            charge.id: PastDelivery(
                written.get(charge.stratagem_id),
                settled.checkpoint.until if settled and settled.saw_delivered(charge) else None,
            )
            for charge in charges
        }
