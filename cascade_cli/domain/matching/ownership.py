"""Whose transfer is whose, among all payments that were read: for orders of some of them.

A legacy row names no payment. Matched with one payment alone, it would be that payment's, even
where it is surely another's. So every order for a payment is told here which rows are its own, and
which belong to its neighbours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem


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
