"""Orders with what became of them."""

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
    """Its transfer was executed, or under way, before."""
    RETIRED = "retired"
    """A surplus transfer was taken out of the engine's way; the one that is due stands."""
    BLOCKED = "blocked"
    """Only a person can decide."""
    BUSY = "busy"
    """Another worker is at it."""
    REFUSED = "refused"
    """A limit, or the key was promised otherwise."""
    FAILED = "failed"
    """A service refused the write, and nothing was applied; or the engine refused the transfer."""
    UNFINISHED = "unfinished"
    """A write's fate is unknown; the same command finishes the job after `finish_at`."""


@dataclass(frozen=True)
class Delivery:
    """An order with what became of it; `row` is its stratagem as last seen, `claim` what the
    journal answered where the key was not to be had."""

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
        """The id that its row has, which a legacy row keeps for ever; without one, what it gets."""
        return self.row.name if self.row else self.order.key


@dataclass(frozen=True)
class Sighting:
    """Rows as a look at them began at `at`: all that belonged to the orders in question then."""

    rows: tuple[Stratagem, ...]
    at: datetime
