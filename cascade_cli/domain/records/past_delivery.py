"""What is remembered of a payment's delivery when the base no longer shows its stratagem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import format_moment

if TYPE_CHECKING:
    from cascade_cli.domain.records.journal_entries import Attempt

# The names that `domain.delivery` and `domain.records.journal_entries` use. A short reconciliation
# needs neither module.
_CREATE, _NOTIFY, _APPLIED = "create", "notify", "applied"
_LETS_GO = frozenset({"activate", "extend", "rewrite"})
# A surplus row is ended because another row is due or was executed.
_RETIRE = "retire"
# A row that is ended expires at once; one that is released to the engine lives for hours.
_SETTLING = timedelta(minutes=2)
_AT_ONCE = timedelta(seconds=30)


@dataclass(frozen=True)
class PastDelivery:
    """What the journal and earlier runs know of one payment's delivery.

    `last_write` is the journal's last write for the payment's key. `settled_until` is the end of
    the complete run that left nothing open about the payment.
    """

    last_write: Attempt | None = None
    settled_until: datetime | None = None

    @property
    def was_written(self) -> bool:
        """cascade wrote a row: every write except a create changes a row that existed."""
        last = self.last_write
        return last is not None and (last.action != _CREATE or last.fate == _APPLIED)

    def is_older_than(self, row: Stratagem) -> bool:
        """The row was made after cascade's last write for the payment, so it is a copy."""
        last = self.last_write
        return last is not None and row.created_at > last.at + _SETTLING

    def is_missed_by(self, rows: Iterable[Stratagem]) -> bool:
        """A row of the payment is not among `rows`, which are all that the base shows, and which
        move nothing."""
        if not (rows := tuple(rows)):
            return self.was_written or self.settled_until is not None
        last = self.last_write
        # After cascade's last write, the engine either had a row to execute or had executed one.
        reached_engine = last is not None and (
            last.action in {_NOTIFY, _RETIRE} or (last.action in _LETS_GO and last.fate == _APPLIED)
        )
        is_remembered = reached_engine or self.settled_until is not None
        return is_remembered and all(self._is_another(row) for row in rows)

    def _is_another(self, row: Stratagem) -> bool:
        """cascade never released this row to the engine, or not by its last write.

        It is a spare row; or a legacy row (each such write would have moved its expiry); or a
        surplus that was ended.
        """
        if row.status == "planned":
            return True
        expiry, last = row.expires_at, self.last_write
        if last is not None and last.action == _RETIRE:
            return expiry is not None and expiry <= last.at + _AT_ONCE
        is_touched = last is not None and (expiry is None or expiry > last.at)
        return row.origin is Origin.LEGACY and not is_touched

    def evidence(self) -> Iterator[str]:
        """Who remembers the delivery, in sentences."""
        if (last := self.last_write) and self.was_written:
            yield (
                f"the journal: its stratagem was last written at {format_moment(last.at)} "
                f"({last.action}: {last.fate})"
            )
        if self.settled_until:
            yield f"the run until {format_moment(self.settled_until)} left nothing open about it"


NOTHING_PAST = PastDelivery()
