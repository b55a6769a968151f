"""Where it is kept who gets how much of a payment for many citizens."""

from __future__ import annotations

from cascade_cli.domain.selling.allocation import Allocation


class Allocations:
    """Where there is no journal: Stripe's metadata is the only place."""

    def find(self, _digest: str) -> Allocation | None:
        """The allocation of that digest, if it was kept."""
        return None

    def keep(self, _allocation: Allocation) -> None:
        """For good, before anything is sold by it."""
