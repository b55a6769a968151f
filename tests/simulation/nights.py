"""The nightly runs of a history, some of them on a machine whose clock is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from cascade_cli.services.reconcile.gather import Run
from tests.simulation.shop import Shop


class Nights:
    """What they have read, and what they say that they have covered."""

    def __init__(self) -> None:
        self._read: set[str] = set()
        self._runs: list[Run] = []

    def pass_by(self, shop: Shop, ahead: timedelta) -> bool:
        """One night."""
        run = shop.night(ahead)
        # Whoever is killed while remembering may have remembered.
        self._read |= {charge.charge_id for charge in run.snapshot.charges}
        self._runs.append(run)
        shop.remember(run)
        return True

    def hidden(self, paid_at: Mapping[str, datetime]) -> Iterator[str]:
        """Payments that a night calls covered, and none has read."""
        if not self._runs:
            return
        since = min(run.covered_since for run in self._runs)
        until = max(run.snapshot.window.until for run in self._runs)
        for charge, moment in paid_at.items():
            if since <= moment < until and charge not in self._read:
                yield f"{charge} of {moment} is called covered, and no night has read it"
