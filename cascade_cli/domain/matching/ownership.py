"""Which rows belong to which payment, among all payments that were read, and for an order of one of
them.

A legacy row names no payment. If it were matched with one payment alone, it would become that
payment's, even if it surely belongs to another. So every order for a payment is told which rows are
its own, and which belong to neighbouring charges.
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
        matches = match(charges, rows)
        self._own = {
            charge_id: frozenset(found.stratagem.record_id for found in pairs)
            for charge_id, pairs in matches.by_charge.items()
        }
        self._late = matches.late
        self._taken: defaultdict[str | None, set[str]] = defaultdict(set)
        for charge in charges:
            self._taken[charge.citizen] |= self._own[charge.id]

    def foreign(self, charge: Charge) -> frozenset[str]:
        """The record ids of rows for the same citizen that other charges own."""
        return frozenset(self._taken[charge.citizen] - self._own[charge.id])

    def tell_apart(self, order: Order, charge: Charge) -> Order:
        """The order for the charge, told which rows are its own and which belong to others."""
        late = self._late.get(charge.id, ())
        return replace(
            order,
            own_records=self._own[charge.id],
            foreign_records=self.foreign(charge),
            unclear_records=frozenset(row.record_id for row in late),
        )


def rows_of(order: Order, rows: Sequence[Stratagem]) -> tuple[Stratagem, ...]:
    """The `rows` that belong to the order, oldest first.

    They belong by key or Stripe id, or as the legacy connector's transfer for the same payment. If
    such a row is wrongly taken for this payment's, the worst result is that another payment stays
    open, which reconciliation shows. If it is wrongly left aside, the payment could be delivered
    twice.
    """
    own = [row for row in rows if row.record_id not in order.foreign_records]
    named = [r for r in own if r.stratagem_id == order.key or r.record_id in order.own_records]
    if order.charge is not None:
        # A thousand portions have a thousand rows, so only those that may belong to this one are
        # matched.
        ids = frozenset(order.charge.names)
        keys = frozenset(map(stratagem_id_for, ids))
        rest = [row for row in own if _may_be_for(ids, keys, row) and row not in named]
        found = match([order.charge], rest)
        named += [m.stratagem for m in found.by_charge[order.charge.id]]
        # If nothing else is known, what a person gave beside its own transfer has paid it.
        named += found.corrections.get(order.charge.id, ())
    return tuple(sorted(named, key=lambda row: (row.created_at, row.record_id)))


def unclear_rows(order: Order, rows: Sequence[Stratagem]) -> tuple[Stratagem, ...]:
    """The `rows` that no payment surely owns, and that may turn out to be the order's own.

    These are legacy rows for its citizen and amount, made at any time after the payment, and
    credits by hand to its citizen that mention the payment.
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
    """It names the payment, or is a legacy row, which names none: no rule matches any other row."""
    is_named = row.stratagem_id in keys or not ids.isdisjoint(row.stripe_ids)
    return is_named or row.origin is Origin.LEGACY
