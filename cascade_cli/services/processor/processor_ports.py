"""What the processor's account needs from outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from cascade_cli.domain.delivery.processor import Citizen
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.engine_schedule import Schedule
from cascade_cli.services.delivery_ports import Ledger


class CitizenSource(Protocol):
    """Where citizens are read."""

    def called(self, username: str) -> list[Citizen]:
        """Those of this name, and those whose names look like it."""


class CitizenSink(Protocol):
    """Where citizens are written, each request once."""

    def check(self, social_class: str) -> None:
        """Raises SchemaError if the base cannot take the citizen."""

    def create(self, username: str, social_class: str, ducats: Decimal) -> None:
        """A new citizen."""

    def set_ducats(self, record_id: str, ducats: Decimal, *, leaves: bool = False) -> None:
        """An absolute balance; with `leaves`, InVenice becomes false in the same write."""

    def leave_venice(self, record_id: str) -> None:
        """InVenice becomes false."""


class TransferSource(Protocol):
    """Where the processor's transfers are read."""

    def open_transfers(self) -> list[Stratagem]:
        """All that are active or planned."""

    def executed_since(self, since: datetime) -> list[Stratagem]:
        """Those executed since."""

    def last_executed_at(self) -> datetime | None:
        """When one was executed last."""


class Memory(Ledger, Protocol):
    """The journal, with the notes that it keeps for the next run."""

    def mark(self, name: str) -> dict[str, Any] | None:
        """What was last remembered."""

    def set_mark(self, name: str, body: Any) -> None:
        """Remember in its place."""

    def run_event(self, body: Any) -> None:
        """Something that concerns no single key."""


@dataclass(frozen=True)
class ProcessorAccount:
    """Whose balance: a name in a base, the class it is created with, and when the engine runs."""

    base: str
    username: str
    social_class: str
    schedule: Schedule


@dataclass(frozen=True)
class Surroundings:
    """Time, pacing, and the run whose name the balance's key carries."""

    now: Callable[[], datetime]
    turn: Callable[[], None]
    run: str
