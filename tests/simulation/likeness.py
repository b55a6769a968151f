"""What is drawn for tests.simulation.lookalikes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from random import Random

_SHARE = 1 / 12


class Likeness(StrEnum):
    """What happens, all in one moment, so that no command sees half of it."""

    LATE = "late"
    """The legacy connector credits a payment that was made 100 hours ago."""
    OTHER = "other"
    """An older set-up makes the payment's transfer, and another processor pays it."""
    TWINS = "twins"
    """Of two payments alike the later one is refunded; one legacy row was made."""
    ANEW = "anew"
    """The citizen of an expired row has left, and another has come by that name."""
    VANISHED = "vanished"
    """The row that cascade let go is not there any more, and a spare one is."""


_FRACTIONS = {likeness: f"{number}125" for number, likeness in enumerate(Likeness, 1)}


@dataclass(frozen=True)
class Alike:
    """One of them, for an amount that nobody else buys."""

    after_seconds: float
    likeness: Likeness
    citizen: str
    ducats: str


def draw_alike(begins: datetime, horizon: float, citizens: tuple[str, ...]) -> Iterator[Alike]:
    """From a source of its own: the histories without them stay what they were."""
    random = Random(f"{begins}:likeness")  # noqa: S311
    for likeness in (Likeness.LATE, Likeness.OTHER, Likeness.TWINS):
        yield from _drawn(likeness, random, horizon, citizens)
    for likeness in (Likeness.ANEW, Likeness.VANISHED):
        yield from _drawn(likeness, Random(f"{begins}:{likeness}"), horizon, citizens)  # noqa: S311


def _drawn(
    likeness: Likeness, random: Random, horizon: float, citizens: tuple[str, ...]
) -> Iterator[Alike]:
    if random.random() < _SHARE:
        # Else the legacy row of one may be the transfer of another's payment.
        ducats = f"{random.randrange(900, 1100)}.{_FRACTIONS[likeness]}"
        after = random.uniform(0, 0.8) * horizon
        yield Alike(after, likeness, random.choice(citizens), ducats)
