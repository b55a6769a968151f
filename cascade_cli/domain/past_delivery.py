"""What is remembered of the delivery of a payment that has no stratagem now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cascade_cli.domain.times import format_moment

if TYPE_CHECKING:
    from cascade_cli.domain.journal import Attempt

# As `domain.delivery` and `domain.journal` name them: a short reconciliation needs neither.
_CREATE, _APPLIED = "create", "applied"


@dataclass(frozen=True)
class PastDelivery:
    """`last_write` is the journal's last write for the payment's key; `settled_until` is the end
    of the complete run that left nothing open about the payment."""

    last_write: Attempt | None = None
    settled_until: datetime | None = None

    @property
    def was_written(self) -> bool:
        """cascade wrote a row: all writes but the first change one that was there."""
        last = self.last_write
        return last is not None and (last.action != _CREATE or last.fate == _APPLIED)

    def evidence(self) -> Iterator[str]:
        """Who says so."""
        if (last := self.last_write) and self.was_written:
            yield (
                f"the journal: its stratagem was written last at {format_moment(last.at)} "
                f"({last.action}: {last.fate})"
            )
        if self.settled_until:
            yield f"the run until {format_moment(self.settled_until)} left nothing open about it"


NOTHING_PAST = PastDelivery()
