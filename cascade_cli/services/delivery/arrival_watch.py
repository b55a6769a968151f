"""When the server checks whether ducats have arrived: only after the engine has had its turn.

If the engine skips a transfer, the server checks it LOOKS times in all. After that, `reconcile
--repair` finds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta

from cascade_cli.domain.delivery.arrival_notices import Arrival
from cascade_cli.domain.shop.engine_schedule import Schedule
from cascade_cli.errors import CascadeError
from cascade_cli.services.delivery.tell_arrivals import NOTICES_PER_WRITE, ArrivalService

LOOKS = 3
KEYS_PER_LOOK = 95
SETTLING = timedelta(minutes=10)
"""How long after its scheduled time an engine run may still be starting or working."""
PAUSE = timedelta(minutes=1)

Looks = MutableMapping[str, tuple[int, datetime]]
"""For each key: how often its transfer was checked, and when last."""


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
