"""Whose transfer is whose: among all payments that were read, and for orders of some of them.

A legacy row names no payment. Matched with one payment alone, it would be that payment's, even
where it is surely another's. So every order for a payment is told here which rows are its own, and
which belong to its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin, stratagem_id_for


class Ownership:
    """Every charge with its rows, one to one."""

    def __init__(self, charges: Iterable[Charge], rows: Iterable[Stratagem]) -> None:
        charges = tuple(charges)
        self._matches = match(charges, rows)
        self._taken: defaultdict[str | None, set[str]] = defaultdict(set)
        for charge in charges:
            self._taken[charge.citizen] |= self.own(charge)

    def own(self, charge: Charge) -> frozenset[str]:
        """The record ids of the charge's own rows."""
        return frozenset(found.stratagem.record_id for found in self._matches.by_charge[charge.id])

    def foreign(self, charge: Charge) -> frozenset[str]:
        """The record ids of rows for the same citizen that other charges own."""
        return frozenset(self._taken[charge.citizen] - self.own(charge))

    def tell_apart(self, order: Order, charge: Charge) -> Order:
        """The order for the charge, with what is known of its own and of others' rows."""
        late = self._matches.late.get(charge.id, ())
        return replace(
            order,
            own_records=self.own(charge),
            foreign_records=self.foreign(charge),
            unclear_records=frozenset(row.record_id for row in late),
        )


def rows_of(order: Order, rows: Sequence[Stratagem]) -> tuple[Stratagem, ...]:
    """Those of `rows` that belong to the order, oldest first.

    By key or Stripe id, or as the older connector's transfer for the same payment. Taking such a
    row for this payment's can at worst leave a second payment open, which reconciliation shows;
    leaving it aside could pay twice.
    """
    own = [row for row in rows if row.record_id not in order.foreign_records]
    named = [r for r in own if r.stratagem_id == order.key or r.record_id in order.own_records]
    if order.charge is not None:
        # A thousand portions have a thousand rows: only what may be this one's is matched.
        ids = frozenset(order.charge.names)
        keys = frozenset(map(stratagem_id_for, ids))
        rest = [row for row in own if _may_be_for(ids, keys, row) and row not in named]
        found = match([order.charge], rest)
        named += [m.stratagem for m in found.by_charge[order.charge.id]]
        # What a person gave beside its own transfer has paid it, where nothing else is known.
        named += found.corrections.get(order.charge.id, ())
    return tuple(sorted(named, key=lambda row: (row.created_at, row.record_id)))


def unclear_rows(order: Order, rows: Sequence[Stratagem]) -> tuple[Stratagem, ...]:
    """Those of `rows` that belong to nobody surely, and may turn out to be the order's own.

    Legacy rows of its citizen and amount, made after the payment at whatever time, and credits by
    hand to its citizen that speak of the payment.
    """
    charge = order.charge
    if charge is None:
        return ()
    taken = order.foreign_records - order.unclear_records
    alike = [
        row
        for row in rows
        if row.origin is Origin.LEGACY
        and (row.citizen, row.ducats) == (order.citizen, order.ducats)
        and row.created_at >= charge.created_at
        and row.record_id not in taken
    ]
    ids = set(charge.names)
    alike += [
        row
        for row in rows
        if row.citizen == order.citizen
        and row.status in {"executed", "active"}
        and not ids.isdisjoint(row.mentions)
    ]
    own = {row.record_id for row in rows_of(order, rows)} if alike else set()
    found = (row for row in alike if row.record_id not in own)
    return tuple(sorted(found, key=lambda row: (row.created_at, row.record_id)))


def _may_be_for(ids: frozenset[str], keys: frozenset[str], row: Stratagem) -> bool:
    """It names the payment, or none at all: nothing else is matched by any rule."""
    is_named = row.stratagem_id in keys or not ids.isdisjoint(row.stripe_ids)
    return is_named or row.origin is Origin.LEGACY
