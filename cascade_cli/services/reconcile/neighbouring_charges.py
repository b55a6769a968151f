"""A few payments with all that a verdict on them needs, without reading a whole window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.matching.matching import LEGACY_REACH, match, named_payments
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.event_replay import lookup_order
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import PaymentsPort, VenicePort

SECOND = timedelta(seconds=1)
# A neighbour may in turn compete with its own neighbour for a transfer.
NEIGHBOURHOOD = 2 * LEGACY_REACH


class NeighbouringCharges:
    """Reads the transfers of given charges, and of their neighbours if rows name no payment."""

    def __init__(self, payments: PaymentsPort, transfers: VenicePort) -> None:
        self._payments, self._transfers = payments, transfers

    def snapshot_of(self, charges: Sequence[Charge]) -> Snapshot:
        """A snapshot whose window holds at least these charges, and whose matching is sound.

        A legacy row belongs to the nearest payment of the same citizen and amount. To say which one
        that is, we must know the other such payments.
        """
        return self.snapshot_around(charges, self._rows(charges))

    def snapshot_around(self, charges: Sequence[Charge], rows: Sequence[Stratagem]) -> Snapshot:
        """The same, if the rows of the charges were read already."""
        rows = list(rows)
        neighbours = self._neighbours(charges, rows)
        if new := [charge for charge in neighbours if charge not in charges]:
            rows += self._rows(new)
        return Snapshot(
            window_around(charges),
            tuple({c.id: c for c in (*neighbours, *charges)}.values()),
            tuple({row.record_id: row for row in rows}.values()),
        )

    def owner_of(self, row: Stratagem) -> Charge | None:
        """The paid charge that the transfer is for: by name, or by citizen, amount and time."""
        for payment_id in named_payments(row):
            found = self._payments.portions(payment_id)
            for charge in found:
                if len(found) == 1 or charge.citizen == row.citizen:
                    return charge
        if row.origin is not Origin.LEGACY:
            return None
        window = Window(row.created_at - LEGACY_REACH, row.created_at + SECOND)
        bought = self._payments.purchases(window).charges
        alike = [c for c in bought if (c.citizen, c.ducats) == (row.citizen, row.ducats)]
        if not alike:
            return None
        snapshot = self.snapshot_of(alike)
        matches = match(snapshot.charges, snapshot.stratagems).by_charge
        owned = {m.stratagem.record_id: charge for charge, ms in matches.items() for m in ms}
        return next((c for c in snapshot.charges if c.id == owned.get(row.record_id)), None)

    def _rows(self, charges: Sequence[Charge]) -> list[Stratagem]:
        return self._transfers.transfers_for([lookup_order(charge) for charge in charges])

    def _neighbours(self, charges: Sequence[Charge], rows: Sequence[Stratagem]) -> list[Charge]:
        nameless = {(r.citizen, r.ducats) for r in rows if r.origin is Origin.LEGACY}
        found: list[Charge] = []
        for window in _joined(_moments(charges, rows)):
            found += self._payments.purchases(window).charges
        return [charge for charge in found if (charge.citizen, charge.ducats) in nameless]


def _moments(charges: Sequence[Charge], rows: Sequence[Stratagem]) -> Iterator[datetime]:
    """The moments around which other payments must be known: of charges that a legacy row may be
    for, and of rows that may be a late transfer for an undelivered charge."""
    made: defaultdict[tuple[str | None, Decimal | None], list[datetime]] = defaultdict(list)
    for row in rows:
        if row.origin is Origin.LEGACY:
            made[row.citizen, row.ducats].append(row.created_at)
    if not made:
        return
    named = match(charges, [row for row in rows if row.origin is not Origin.LEGACY]).by_charge
    for charge in charges:
        is_open = all(m.stratagem.status != "executed" for m in named[charge.id])
        for moment in made.get((charge.citizen, charge.ducats), ()):
            if charge.created_at <= moment <= charge.created_at + LEGACY_REACH:
                yield charge.created_at
            elif is_open and moment > charge.created_at:
                yield moment


def window_around(charges: Sequence[Charge]) -> Window:
    """From the first of the charges to the last."""
    moments = [charge.created_at for charge in charges]
    return Window(min(moments), max(moments) + SECOND)


def _joined(moments: Iterable[datetime]) -> list[Window]:
    """The neighbourhoods of the moments; overlapping ones are joined."""
    windows: list[Window] = []
    for moment in sorted(moments):
        around = Window(moment - NEIGHBOURHOOD, moment + NEIGHBOURHOOD)
        if windows and around.since <= windows[-1].until:
            windows[-1] = replace(windows[-1], until=around.until)
        else:
            windows.append(around)
    return windows
