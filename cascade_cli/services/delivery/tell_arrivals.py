"""Tell citizens that their ducats have arrived, where the base refuses the engine's own notice.

Each citizen is told at most once. An attempt is journaled before the notice is sent, and a process
that finds an attempt sends nothing. So a notice that was lost or refused is not sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL, Arrival, arrivals, rows_by_key
from cascade_cli.domain.delivery.delivery_steps import SEND_WITHIN
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import payment_id_in, whole_id
from cascade_cli.errors import AnswerError, CascadeError, FateUnknownError
from cascade_cli.services.ports import JournalPort, NoticesPort, Surroundings, VenicePort

NOTICES_PER_WRITE = 10
GIVER: Mapping[str, str] = {"told": "giver"}
"""How the journal tells a giver's notice from a recipient's."""

Telling = Callable[[Sequence[Arrival], datetime], None]


@dataclass
class NoticesSent:
    """How many notices were written, refused, or sent with an unknown fate."""

    by_fate: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))


class ArrivalService:
    """Finds arrivals that nobody was told about, and sends the notices."""

    def __init__(
        self,
        journal: JournalPort,
        reader: VenicePort,
        notifier: NoticesPort,
        around: Surroundings,
    ) -> None:
        self._journal, self._reader = journal, reader
        self._notifier, self._around = notifier, around

    def unannounced_transfers(self, since: datetime) -> dict[str, datetime]:
        """The keys of transfers that the engine was given at `since` or later and that nobody was
        told about, each with the last time. Empty if the engine's own notice gets through, or if
        that is unknown. Reads only the journal."""
        return self._journal.unannounced_transfers(since) if self._notifier.tells_arrivals else {}

    def arrived(self, keys: Collection[str], seen: Iterable[Stratagem] = ()) -> tuple[Arrival, ...]:
        """The arrivals among these keys. Keys with a row in `seen` are not looked up."""
        rows = list(seen)
        known = rows_by_key(rows)
        if unseen := [key for key in keys if key not in known]:
            rows += self._reader.transfers_named(unseen)
            rows += self._revived(unseen, rows)
        return arrivals(self._journal.promises(keys), rows, self._around.now()) if keys else ()

    def _revived(self, keys: Iterable[str], rows: Iterable[Stratagem]) -> list[Stratagem]:
        """The legacy connector's revived rows have another StratagemId; notes name the payment."""
        there = rows_by_key(rows)
        payments = {payment_id_in(key) for key in keys if key not in there}
        named = sorted({whole_id(payment) for payment in payments if payment})
        return self._reader.transfers_noting(named) if named else []

    def tell(self, arrived: Sequence[Arrival]) -> NoticesSent:
        """Send a notice of each arrival, unless one was attempted before. A refusal is a warning.

        Raises JournalError, and any other CascadeError if the rest would be refused as well. The
        rest has no attempt then, so it can be told later.
        """
        told = NoticesSent()
        for start in range(0, len(arrived), NOTICES_PER_WRITE):
            ten = arrived[start : start + NOTICES_PER_WRITE]
            # Recipients last: a key with a recipient's attempt in the journal is not checked again.
            gifts = [arrival for arrival in ten if arrival.order.gift]
            self._send(gifts, self._notifier.tell_givers_of_arrivals, GIVER, told)
            self._send(ten, self._notifier.tell_arrivals, {}, told)
        return told

    def _send(
        self, ten: Sequence[Arrival], tell: Telling, detail: Mapping[str, str], told: NoticesSent
    ) -> None:
        if not ten:
            return
        self._around.turn()
        at, first = self._journal.attempt_once([a.order.key for a in ten], TELL_ARRIVAL, detail)
        mine = [arrival for arrival in ten if arrival.order.key in first]
        if not mine:
            return
        fate = Fate.UNKNOWN
        try:
            with self._around.permitted(at + SEND_WITHIN):
                tell(mine, self._around.now())
            fate = Fate.APPLIED
        except FateUnknownError as error:
            self._warn(mine, detail, "may or may not have been", error)
        except CascadeError as error:
            fate = Fate.REFUSED
            self._warn(mine, detail, "were not", error)
            if not isinstance(error, AnswerError):
                raise
        finally:
            told.by_fate[fate] += len(mine)
            # When interrupted, the fate stays unknown, as the attempt already says.
            if fate is not Fate.UNKNOWN:
                bodies = {key: dict(detail) for key in first if detail}
                self._journal.outcome(first, TELL_ARRIVAL, fate, bodies)

    def _warn(
        self, mine: Sequence[Arrival], detail: Mapping[str, str], how: str, error: CascadeError
    ) -> None:
        whom = f"{detail.get('told', 'citizen')}s"
        self._around.tell(f"{len(mine)} {whom} {how} told of their arrival: {error.message}")
