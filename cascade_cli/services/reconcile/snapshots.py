"""A few payments or transfers with what a verdict on them needs, and what the journal remembers of
their deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.history.checkpoint import Checkpoint, mark_name
from cascade_cli.domain.history.verification import Settled
from cascade_cli.domain.matching.matching import LEGACY_REACH, match, named_payments
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import REFERENCE, Cause, Order, lookup_order
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Stratagem
from cascade_cli.domain.shop.keys import MANUAL_PREFIX, Origin, take_back_keys
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import JournalPort, PaymentsPort, TransfersPort

SECOND = timedelta(seconds=1)
# A neighbour may in turn compete with its own neighbour for a transfer.
NEIGHBOURHOOD = 2 * LEGACY_REACH
# How far back we look for a payment that a legacy row may be a late transfer of.
LATE_REACH = timedelta(days=30)


class NeighbouringCharges:
    """Reads the transfers of given charges, and of their neighbours if rows name no payment."""

    def __init__(self, payments: PaymentsPort, transfers: TransfersPort) -> None:
        self._payments, self._transfers = payments, transfers

    def snapshot_of(
        self, charges: Sequence[Charge], rows: Sequence[Stratagem] | None = None
    ) -> Snapshot:
        """A snapshot whose window holds at least these charges, and whose matching is sound. Pass
        the charges' `rows` if they were read already.

        A legacy row belongs to the nearest payment of the same citizen and amount. To say which one
        that is, we must know the other such payments.
        """
        rows = list(self._rows(charges) if rows is None else rows)
        has_legacy = any(row.origin is Origin.LEGACY for row in rows)
        neighbours = self._neighbours(charges, rows) if has_legacy else []
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


@dataclass(frozen=True)
class TransferSnapshots:
    """Reads transfers that no payment accounts for, from Stripe and Venice."""

    payments: PaymentsPort
    transfers: TransfersPort

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


class PastDeliveries:
    """What one journal remembers about deliveries into one base."""

    def __init__(self, journal: JournalPort, base_id: str) -> None:
        self._journal, self._last_run = journal, mark_name(base_id)

    def written_for(self, key: str) -> PastDelivery:
        """The last write that the journal has for this key, whatever the key is for."""
        return PastDelivery(self._journal.attempts([key]).get(key))

    def past_of(self, charges: Sequence[Charge], now: datetime) -> Mapping[str, PastDelivery]:
        """What is remembered about the charges' deliveries, by charge id; sends no request."""
        if not charges:
            return {}
        written = self._journal.attempts([charge.stratagem_id for charge in charges])
        mark = self._journal.mark(self._last_run)
        settled = Settled(Checkpoint.of(mark).trusted(now), ()) if mark else None
        return {
            charge.id: PastDelivery(
                written.get(charge.stratagem_id),
                settled.checkpoint.until if settled and settled.saw_delivered(charge) else None,
            )
            for charge in charges
        }
