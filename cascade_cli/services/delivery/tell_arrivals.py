"""Tell citizens that their ducats have arrived, where the base refuses the engine's own notice.

Each citizen is told at most once. An attempt is journaled before the notice is sent, and a process
that finds an attempt sends nothing. So a notice that was lost or refused is not sent again.

The server looks for arrivals only after the engine has had its turn. If the engine skips a
transfer, the server checks it LOOKS times in all. After that, `reconcile --repair` finds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL, Arrival, arrivals, rows_by_key
from cascade_cli.domain.delivery.delivery_steps import SEND_WITHIN
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.engine_schedule import Schedule
from cascade_cli.domain.shop.keys import payment_id_in, whole_id
from cascade_cli.errors import AnswerError, CascadeError, FateUnknownError
from cascade_cli.services.ports import JournalPort, NoticesPort, Surroundings, TransfersPort

LOOKS = 3
KEYS_PER_LOOK = 95
SETTLING = timedelta(minutes=10)
"""How long after its scheduled time an engine run may still be starting or working."""
PAUSE = timedelta(minutes=1)
NOTICES_PER_WRITE = 10
GIVER: Mapping[str, str] = {"told": "giver"}
"""How the journal tells a giver's notice from a recipient's."""

Telling = Callable[[Sequence[Arrival], datetime], None]

Looks = MutableMapping[str, tuple[int, datetime]]
"""For each key: how often its transfer was checked, and when last."""


@dataclass
class NoticesSent:
    """How many notices were written, refused, or sent with an unknown fate."""

    by_fate: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))


class ArrivalService:
    """Finds arrivals that nobody was told about, and sends the notices."""

    def __init__(
        self,
        journal: JournalPort,
        transfers: TransfersPort,
        notifier: NoticesPort,
        around: Surroundings,
    ) -> None:
        self._journal, self._transfers = journal, transfers
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
            rows += self._transfers.transfers_named(unseen)
            rows += self._revived(unseen, rows)
        return arrivals(self._journal.promises(keys), rows, self._around.now()) if keys else ()

    def _revived(self, keys: Iterable[str], rows: Iterable[Stratagem]) -> list[Stratagem]:
        """The legacy connector's revived rows have another StratagemId; notes name the payment."""
        there = rows_by_key(rows)
        payments = {payment_id_in(key) for key in keys if key not in there}
        named = sorted({whole_id(payment) for payment in payments if payment})
        return self._transfers.transfers_noting(named) if named else []

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
            self._warn(mine, detail, "could not be", error)
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
        whom = format_count(len(mine), detail.get("told", "citizen"))
        self._around.tell(f"{whom} {how} told that the ducats have arrived: {error.message}")


class ArrivalWatch:
    """Checks for arrivals and sends notices in small steps, so that credits need not wait.

    `looks` outlives the watch: the server's worker makes a new watch after every failure.
    """

    def __init__(
        self,
        service: ArrivalService,
        schedule: Schedule,
        looks: Looks,
        *,
        now: Callable[[], datetime],
        tell: Callable[[str], None],
    ) -> None:
        self._service, self._schedule, self._looks = service, schedule, looks
        self._now, self._tell = now, tell
        self._arrived = deque[Arrival]()
        self._settling = min(SETTLING, schedule.longest_wait / 2)
        self._next_at = now()

    def work(self) -> bool:
        """Send up to ten notices, or check the transfers that are due. True if it did anything.

        Never raises: a failed notice must not hold up another citizen's ducats.
        """
        try:
            return self._tell_ten() if self._arrived else self._look()
        except Exception as error:  # noqa: BLE001 - see above
            why = error.message if isinstance(error, CascadeError) else type(error).__name__
            self._tell(f"nobody is told of arrivals for now: {why}")
            self._arrived.clear()
            self._next_at = self._now() + self._settling
            return False

    def _tell_ten(self) -> bool:
        number = min(NOTICES_PER_WRITE, len(self._arrived))
        self._service.tell([self._arrived.popleft() for _ in range(number)])
        return True

    def _look(self) -> bool:
        now = self._now()
        if now < self._next_at:
            return False
        keys = self._due(now)
        is_all = len(keys) < KEYS_PER_LOOK
        self._next_at = now + min(PAUSE, self._settling) if is_all else now
        for key in keys:
            self._looks[key] = (self._looks.get(key, (0, now))[0] + 1, now)
        self._arrived.extend(self._service.arrived(keys))
        return bool(keys)

    def _due(self, now: datetime) -> list[str]:
        """The keys whose transfer the engine should have taken since the last check."""
        since = now - max(self._schedule.longest_wait, timedelta(days=1))
        unannounced = self._service.unannounced_transfers(since)
        for key in self._looks.keys() - unannounced.keys():
            del self._looks[key]
        due = (key for key, given_at in unannounced.items() if self._is_due(key, given_at, now))
        return [key for key, _ in zip(due, range(KEYS_PER_LOOK), strict=False)]

    def _is_due(self, key: str, given_at: datetime, now: datetime) -> bool:
        times, last = self._looks.get(key, (0, given_at))
        run = self._schedule.next_run(max(given_at, last))
        return times < LOOKS and run + self._settling <= now
