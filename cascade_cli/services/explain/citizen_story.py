"""What a citizen bought and was sent lately, each with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cascade_cli.domain.discrepancies.evidence import describe_gift
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.explain.story import (
    CitizenBalances,
    CitizenStory,
    StoryLine,
    Verdict,
    verdict_of,
)
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import LEGACY_REACH, match
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import look_alikes
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import CitizensPort, PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.gather import Reconciler
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges


class CitizenStories:
    """Reads a window of Stripe's charges, and Venice's transfers to one citizen."""

    def __init__(
        self,
        payments: PaymentsPort,
        transfers: TransfersPort,
        citizens: CitizensPort,
        answering: Reconciler,
        processor: str,
    ) -> None:
        self._payments, self._transfers, self._citizens = payments, transfers, citizens
        self._answering, self._processor = answering, processor

    def tell(self, name: str, window: Window, terms: Terms) -> CitizenStory | None:
        """The citizen's story; None if Venice has no such citizen and nothing lately names them."""
        found = self._citizens.balances([name, self._processor])
        # A legacy row at the window's beginning may belong to a payment just before the window.
        earlier = replace(window, since=window.since - LEGACY_REACH)
        bought = self._payments.purchases(earlier).charges
        charges = [charge for charge in bought if name in _parties(charge)]
        rows = self._transfers.listed(window.since, citizen=name)
        similar = () if name in found else look_alikes([name], found).get(name, ())
        if name not in found and not (charges or rows or similar):
            return None
        lines = self._lines(self._snapshot(charges, rows, window), charges, rows, terms)
        return CitizenStory(
            name,
            name in found,
            similar,
            window,
            tuple(sorted(lines, key=lambda line: line.at)),
            CitizenBalances(found.get(self._processor), found.get(name)),
        )

    def _lines(
        self,
        snapshot: Snapshot,
        charges: Sequence[Charge],
        rows: Sequence[Stratagem],
        terms: Terms,
    ) -> Iterator[StoryLine]:
        snapshot = replace(snapshot, lookups=self._answering.lookups(snapshot, terms))
        told = set[str]()
        for item in reconcile(snapshot, terms).items:
            if item.charge is None or item.charge in charges:
                told |= {row.record_id for row in item.stratagems}
                yield _line(item)
        yield from _others(snapshot, [row for row in rows if row.record_id not in told])

    def _snapshot(
        self, charges: Sequence[Charge], rows: Sequence[Stratagem], window: Window
    ) -> Snapshot:
        near = (
            NeighbouringCharges(self._payments, self._transfers).snapshot_of(charges)
            if charges
            else None
        )
        known = near.stratagems if near else ()
        distinct = {row.record_id: row for row in (*rows, *known)}
        return Snapshot(window, near.charges if near else (), tuple(distinct.values()))


def _line(item: Item) -> StoryLine:
    charge = item.charge
    ducats = format_ducats(item.ducats, grouped=True) if item.ducats else "?"
    if charge:
        gift = f", {describe_gift(charge.gift)} to {charge.citizen!r}" if charge.gift else ""
        what = f"{charge.own_money} for {ducats} ducats{gift}"
        return StoryLine(charge.created_at, charge.payment_id, what, verdict_of(item))
    row = item.stratagems[0]
    name = row.name
    return StoryLine(row.created_at, name, f"{ducats} ducats sent", verdict_of(item))


def _parties(charge: Charge) -> tuple[str | None, ...]:
    """Who receives the ducats, and who gave them, if it is a gift."""
    return (charge.citizen, charge.gift.giver) if charge.gift else (charge.citizen,)


def _others(snapshot: Snapshot, rows: Sequence[Stratagem]) -> Iterator[StoryLine]:
    """Transfers to the citizen that belong to no payment of theirs and are not orphans."""
    matches = match(snapshot.charges, snapshot.stratagems)
    unmatched = {row.record_id for row in matches.unmatched}
    for row in rows:
        paid_for = snapshot.lookups.payment_of(row)
        by_hand = bool(row.reason) and row.stratagem_id.startswith("cascade_manual_")
        if row.record_id in unmatched and (paid_for or by_hand):
            why = f"for {paid_for}" if paid_for else f"credited by hand: {row.reason}"
            ducats = format_ducats(row.ducats, grouped=True) if row.ducats else "?"
            what = f"{ducats} ducats sent, {row.status}"
            yield StoryLine(row.created_at, row.stratagem_id, what, Verdict(why))
