"""What deliveries need from outside, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from cascade_cli.domain.records.journal_entries import Claim, Fate, Intent
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.engine_schedule import Schedule


class Reader(Protocol):
    """Where the rows of orders are read."""

    def transfers_for(self, orders: Sequence[Order]) -> list[Stratagem]:
        """All transfers that may belong to the orders."""


class Writer(Protocol):
    """Where rows are written: at most ten at once, each request sent once."""

    def create_planned(self, orders: Sequence[Order], expires_at: datetime) -> list[Stratagem]:
        """New rows that the engine ignores."""

    def activate(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """Let the engine take them."""

    def extend(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """A new expiry and nothing else."""

    def expire(self, records: Sequence[str], now: datetime) -> list[Stratagem]:
        """Out of the engine's way."""

    def rewrite(
        self, rows: Sequence[tuple[Stratagem, Order]], expires_at: datetime
    ) -> list[Stratagem]:
        """Dead rows as their orders want them."""


class Notifier(Protocol):
    """Where citizens are told."""

    def tell(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say that the ducats are on their way."""

    def tell_givers(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say to those who gave them that their gifts are."""


class Ledger(Protocol):
    """The journal, as far as deliveries need it."""

    def claim(
        self, intents: Sequence[Intent], *, lease: timedelta, day_limit_ducats: Decimal | None
    ) -> dict[str, Claim]:
        """Record intents and take their keys."""

    def attempt(
        self, keys: Sequence[str], action: str, body: Any = None, *, lease: timedelta
    ) -> datetime:
        """Record that a write is about to be sent."""

    def outcome(self, keys: Sequence[str], action: str, fate: Fate, body: Any = None) -> None:
        """Record what became of it."""

    def release(self, keys: Sequence[str]) -> None:
        """Let others have the keys."""


@dataclass(frozen=True)
class DeliveryTerms:
    """How long a stratagem may live, what may leave in a day, and when the engine runs.

    The lifetime is longer than the engine ever leaves one waiting: Settings sees to it.
    """

    lifetime: timedelta
    day_limit_ducats: Decimal
    schedule: Schedule


@dataclass(frozen=True)
class Surroundings:
    """Time and pacing, real or simulated; `turn` returns when a write may be sent.

    With several `lanes`, rounds of different orders are delivered at once; each claims its keys
    for itself, so that they stand to each other like workers of one journal.
    """

    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    turn: Callable[[], None]
    tell: Callable[[str], None]
    lanes: int = 1
