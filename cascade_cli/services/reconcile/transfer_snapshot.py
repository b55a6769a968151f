"""A transfer that no payment accounts for, with all that a verdict on it needs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import REFERENCE, Cause, Order
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Stratagem
from cascade_cli.domain.shop.keys import MANUAL_PREFIX, Origin, take_back_keys
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import PaymentsPort, VenicePort
from cascade_cli.services.reconcile.neighbouring_charges import SECOND, NeighbouringCharges

# How far back we look for a payment that a legacy row may be a late transfer of.
LATE_REACH = timedelta(days=30)


@dataclass(frozen=True)
class TransferSnapshots:
    """Reads such snapshots from Stripe and Venice."""

    payments: PaymentsPort
    transfers: VenicePort

    def snapshot_of(self, rows: Sequence[Stratagem]) -> Snapshot:
        """The rows of one StratagemId, with what was taken back of them, what was given instead,
        and the payments that they may be late transfers for."""
        made = [row.created_at for row in rows]
        window = Window(min(made), max(made) + SECOND)
        orders = [*_lookup_orders(rows)]
        beside = self.transfers.transfers_for(orders) if orders else []
        snapshot = Snapshot(window, (), (*rows, *(row for row in beside if row not in rows)))
        charges = [charge for row in rows for charge in self._late_for(row)]
        return self._with(snapshot, charges) if charges else snapshot

    def _late_for(self, row: Stratagem) -> list[Charge]:
        if row.origin is not Origin.LEGACY or row.state(row.created_at) not in MAY_STILL_MOVE:
            return []
        bought = self.payments.purchases(Window(row.created_at - LATE_REACH, row.created_at))
        alike = (row.citizen, row.ducats)
        return [charge for charge in bought.charges if (charge.citizen, charge.ducats) == alike]

    def _with(self, snapshot: Snapshot, charges: Sequence[Charge]) -> Snapshot:
        around = NeighbouringCharges(self.payments, self.transfers).snapshot_of(charges)
        rows = {row.record_id: row for row in (*snapshot.stratagems, *around.stratagems)}
        judged = frozenset(charge.id for charge in charges)
        return replace(
            snapshot, charges=around.charges, stratagems=tuple(rows.values()), beyond=judged
        )


def _lookup_orders(rows: Sequence[Stratagem]) -> Iterator[Order]:
    """Orders that look up what was taken back of the rows, and what was given instead."""
    for row in rows:
        if row.origin is Origin.MANUAL:
            yield _lookup_order(row, row.stratagem_id)
        if row.state(row.created_at) in MAY_STILL_MOVE:
            yield from (_lookup_order(row, key) for key in take_back_keys(row.record_id))
        if row.mentions:
            said = {REFERENCE: row.stratagem_id.removeprefix(MANUAL_PREFIX)}
            yield replace(_lookup_order(row, row.stratagem_id), reason=row.reason, facts=said)


def _lookup_order(row: Stratagem, key: str) -> Order:
    return Order(key, row.citizen, row.ducats or ZERO, Cause.MANUAL, "")
