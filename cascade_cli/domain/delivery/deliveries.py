"""Orders, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cascade_cli.domain.records.journal_entries import ClaimState
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.errors import CascadeError


class Result(StrEnum):
    """What became of an order."""

    CREDITED = "credited"
    """This run made or revived its transfer; the engine takes it at its next run."""
    ALREADY = "already"
    """Its transfer was already executed or under way."""
    RETIRED = "retired"
    """A transfer was taken out of the engine's way: a surplus one, or one that must not arrive."""
    BLOCKED = "blocked"
    """Only a person can decide."""
    BUSY = "busy"
    """Another worker is working on it."""
    REFUSED = "refused"
    """A limit was reached, or the key was promised for something else."""
    FAILED = "failed"
    """A service refused the write and nothing was applied, or the engine refused the transfer."""
    UNFINISHED = "unfinished"
    """A write's fate is unknown; the same command finishes the job after `finish_at`."""


DONE = frozenset({Result.CREDITED, Result.ALREADY, Result.RETIRED})
"""Nothing is left to do for such an order."""


@dataclass(frozen=True)
class Delivery:
    """An order, and what became of it.

    `row` is its stratagem as last seen. `claim` is the journal's answer if the key could not be
    claimed.
    """

    order: Order
    result: Result
    why: str = ""
    row: Stratagem | None = None
    finish_at: datetime | None = None
    hint: str = ""
    error: CascadeError | None = None
    claim: ClaimState | None = None

    @property
    def stratagem_id(self) -> str:
        """The id of its row, which a legacy row keeps for ever; if there is no row yet, the id it
        will get."""
        return self.row.name if self.row else self.order.key


@dataclass(frozen=True)
class Sighting:
    """All rows that belonged to the orders in question when reading them began, at `at`."""

    rows: tuple[Stratagem, ...]
    at: datetime
