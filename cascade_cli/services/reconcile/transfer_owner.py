"""Which payment a transfer is for, by name, or by citizen, amount and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cascade_cli.domain.matching.matching import LEGACY_REACH, match, named_payments
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import PaymentsPort, VenicePort
from cascade_cli.services.reconcile.neighbouring_charges import SECOND, NeighbouringCharges


@dataclass(frozen=True)
class Owners:
    """Asks Stripe and Venice."""

    payments: PaymentsPort
    transfers: VenicePort

    def snapshot_of(self, charges: Sequence[Charge]) -> Snapshot:
        """The charges with all that a verdict on them needs."""
        return NeighbouringCharges(self.payments, self.transfers).snapshot_of(charges)

    def owner_of(self, row: Stratagem) -> Charge | None:
        """The paid charge that the transfer is for."""
        for payment_id in named_payments(row):
            found = self.payments.portions(payment_id)
            for charge in found:
                if len(found) == 1 or charge.citizen == row.citizen:
                    return charge
        if row.origin is not Origin.LEGACY:
            return None
        window = Window(row.created_at - LEGACY_REACH, row.created_at + SECOND)
        bought = self.payments.purchases(window).charges
        alike = [c for c in bought if (c.citizen, c.ducats) == (row.citizen, row.ducats)]
        if not alike:
            return None
        snapshot = self.snapshot_of(alike)
        matches = match(snapshot.charges, snapshot.stratagems).by_charge
        owned = {m.stratagem.record_id: charge for charge, ms in matches.items() for m in ms}
        return next((c for c in snapshot.charges if c.id == owned.get(row.record_id)), None)
