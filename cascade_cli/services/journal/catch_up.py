"""Look up in the base what a restored journal has forgotten, and write it down again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cascade_cli.domain.history.restored import looked_up_since, settled_at, to_adopt
from cascade_cli.domain.records.journal_entries import RESTORED, Promised, Restored
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.services.ports import JournalPort, TransfersPort

# Wait in short steps, because the clock may be corrected meanwhile.
_STEP_SECONDS = 1.0


@dataclass(frozen=True)
class CaughtUp:
    """The result: how many `rows` were read, and which promises the journal took over from them.

    `unreadable` are the rows that do not say who gets how much.
    """

    since: datetime
    rows: int = 0
    taken_over: tuple[Promised, ...] = ()
    unreadable: tuple[Stratagem, ...] = ()


class CatchUpService:
    """Reads the base, and writes only to the journal. Raises the errors of a read.

    `take_over` makes the journal take over what it had forgotten.
    """

    def __init__(
        self,
        *,
        transfers: TransfersPort,
        journal: JournalPort,
        take_over: Callable[[Sequence[Promised], Restored], None],
        base: str,
        lifetime: timedelta,
        now: Callable[[], datetime],
        sleep: Callable[[float], None],
        tell: Callable[[str], None],
    ) -> None:
        self._transfers, self._journal, self._base = transfers, journal, base
        self._take_over = take_over
        self._lifetime, self._now, self._sleep, self._tell = lifetime, now, sleep, tell

    def carry_out(self, since: datetime | None = None) -> CaughtUp | None:
        """Look up all rows since the backup, or since that moment. None if there is nothing to
        catch up with."""
        restored = Restored.of(self._journal.mark(RESTORED))
        if restored is None or not restored.is_pending:
            if since is None:
                return None
            restored = Restored(self._now(), since, knows_attempts=True)
        self._wait(settled_at(restored))
        begin = min(since or restored.since, restored.since)
        rows = self._transfers.listed(looked_up_since(begin, self._lifetime))
        keys = {row.stratagem_id for row in rows if row.stratagem_id}
        last = self._journal.attempts(keys)
        known = {key: last.get(key) for key in self._journal.known(keys)}
        found, unreadable = to_adopt(rows, known, self._base, begin)
        self._take_over(found, replace(restored, caught_up=self._now()))
        return CaughtUp(begin, len(rows), tuple(found), tuple(unreadable))

    def _wait(self, until: datetime) -> None:
        """Wait until no write that was sent before the restore can still be applied."""
        if (left := (until - self._now()).total_seconds()) <= 0:
            return
        self._tell(
            f"A write from before the restore may still be applied: reading the base in "
            f"{left:.0f} s. If you stop this, go on later with: cascade journal catch-up"
        )
        while (left := (until - self._now()).total_seconds()) > 0:
            self._sleep(min(left, _STEP_SECONDS))
