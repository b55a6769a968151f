"""Where it is kept who gets how much of a payment for many citizens."""

from __future__ import annotations

from typing import Protocol

from cascade_cli.domain.selling.allocation import Allocation


class Allocations(Protocol):
    """The journal's."""

    def find(self, digest: str) -> Allocation | None:
        """The allocation of that digest."""

    def keep(self, allocation: Allocation) -> None:
        """For good, before anything is sold by it."""


class NoAllocations:
    """Where there is no journal."""

    def find(self, _digest: str) -> Allocation | None:
        """Nothing."""
        return None

    def keep(self, _allocation: Allocation) -> None:
        """Stripe's metadata is the only place."""
