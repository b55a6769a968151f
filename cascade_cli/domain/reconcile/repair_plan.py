"""Which discrepancies a machine may repair, and with which orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.matching.ownership import Ownership
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import (
    PURCHASE_REASON,
    Cause,
    Order,
    moves_of,
    order_for_charge,
)
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.refunds.refund_shares import REASON_REST
from cascade_cli.domain.shop.money import ZERO


@dataclass(frozen=True)
class PlannedRepair:
    """One order that settles one item."""

    item: Item
    order: Order

    @property
    def stratagem_id(self) -> str:
        """The id of its row; if there is no row yet, the id it will get."""
        row = self.item.main_row
        return row.name if row else self.order.key

    @property
    def outgoing_ducats(self) -> Decimal:
        """The ducats that leave the processor because of it; ending a surplus sends nothing out."""
        return ZERO if self.order.retire_surplus else self.order.ducats


@dataclass(frozen=True)
class RepairPlan:
    """What a machine may do. `for_people` are the items that it leaves, with the reason if that is
    a limit."""

    repairs: tuple[PlannedRepair, ...]
    for_people: tuple[tuple[Item, str], ...]

    @property
    def writes(self) -> tuple[object, ...]:
        """If two plans agree in this, they write the same."""
        return moves_of(repair.order for repair in self.repairs)

    @property
    def total_ducats(self) -> Decimal:
        """All ducats that would leave the processor."""
        return sum((repair.outgoing_ducats for repair in self.repairs), ZERO)


def plan_repairs(
    snapshot: Snapshot,
    result: Reconciliation,
    *,
    per_credit_ducats: Decimal,
    facts: Mapping[str, Any],
) -> RepairPlan:
    """Oldest payment first. Items above the limit for one credit are left to people."""
    ownership = Ownership(snapshot.charges, snapshot.stratagems)
    repairs, for_people = [], []
    for item in sorted(result.discrepancies, key=lambda item: item.occurred_at):
        if item.repair is None or not item.repair.automatic:
            for_people.append((item, ""))
        elif (item.ducats or ZERO) > per_credit_ducats:
            for_people.append((item, "it exceeds CASCADE_MAX_DUCATS_PER_CREDIT"))
        elif item.charge is None:
            repairs.append(PlannedRepair(item, _surplus_by_hand(item, facts)))
        else:
            order = _order(item.charge, item.stratagems, ownership, facts)
            if item.repair.ends_surplus:
                rest = item.repair.lets_lapse
                order = replace(order, charge=item.charge, retire_surplus=True, lets_lapse=rest)
            repairs.append(PlannedRepair(item, order))
    return RepairPlan(tuple(repairs), tuple(for_people))


def _surplus_by_hand(item: Item, facts: Mapping[str, Any]) -> Order:
    row = item.stratagems[0]
    return Order(
        key=row.stratagem_id,
        citizen=item.citizen or "",
        ducats=item.ducats or ZERO,
        cause=Cause.MANUAL,
        reason=row.reason,
        facts=facts,
        retire_surplus=True,
    )


def _order(
    charge: Charge, rows: Sequence[Stratagem], ownership: Ownership, facts: Mapping[str, Any]
) -> Order:
    # If a machine may deliver it, no dispute is open any more; but Stripe calls the charge disputed
    # for ever.
    order = order_for_charge(replace(charge, disputed=False), PURCHASE_REASON, facts)
    if charge.refunds or charge.disputed:
        order = _after_a_rest(order, rows)
    return ownership.tell_apart(order, charge)


def _after_a_rest(order: Order, rows: Sequence[Stratagem]) -> Order:
    """While money was gone, only the rest was promised.

    A row that the engine may have taken up stays that rest, since another amount would hide what
    moved. What it lacks is given later.
    """
    begun = next((r for r in rows if r.status == "active" and r.reason == REASON_REST), None)
    if begun and begun.ducats and begun.ducats < order.ducats:
        order = replace(order, ducats=begun.ducats, reason=REASON_REST)
    # Money that came or went cannot change the recipient: another name stays a conflict, for a
    # person.
    return replace(order, amends=all(row.citizen == order.citizen for row in rows))
