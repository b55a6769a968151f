"""How unsettled charges are found again, months later, without reading everything in between."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.fast_path import take_fast_path
from cascade_cli.domain.matching.matching import Rule, match
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.selling.pricing import PriceList

_DAY = timedelta(days=1)
_PAGE = 100
# A charge and its transfer are one row each. The minimum keeps a history from looking empty after a
# quiet day.
_ROWS_PER_CHARGE, _LEAST_REQUESTS_A_DAY = 2, 1.0


@dataclass(frozen=True)
class OpenItem:
    """One charge, created at `at`, or transfers without a charge.

    `records` are all its transfers, including those that return ducats for refunds and those that
    may be its own.
    """

    charge: str | None
    at: datetime
    records: tuple[str, ...] = ()

    def document(self) -> list[Any]:
        """As the journal keeps it."""
        return [self.charge, self.at.isoformat(), list(self.records)]

    @classmethod
    def of(cls, document: Sequence[Any]) -> OpenItem:
        """From what the journal kept."""
        charge, at, records = document
        return cls(charge, datetime.fromisoformat(at), tuple(records))


def open_items_of(result: Reconciliation) -> Iterable[OpenItem]:
    """Open items for everything that is watched, and for credits by hand that are under way."""
    known: set[str] = set()
    for item in result.items.watched:
        open_item = _open_item_of(item)
        known.update(open_item.records)
        yield open_item
    for stratagem in result.under_way:
        if stratagem.record_id not in known:
            yield OpenItem(None, stratagem.created_at, (stratagem.record_id,))


def _open_item_of(item: Item) -> OpenItem:
    rows = (*item.rows, *item.late)
    records = tuple(dict.fromkeys(stratagem.record_id for stratagem in rows))
    return OpenItem(item.charge.id if item.charge else None, item.occurred_at, records)


def dormant_of(result: Reconciliation) -> Mapping[str, str]:
    """Records of settled payments that the engine passes over, mapped to their charges.

    If told to run a row by its id, the engine ignores expiry and status.
    """
    return {
        stratagem.record_id: item.charge.id
        for item in result.items.considered
        if item.kind is Kind.SETTLED and item.charge
        for stratagem in item.rows
        if stratagem.status != "executed"
    }


def cheapest_since(
    open_items: Iterable[OpenItem], latest: datetime, charges_a_day: int
) -> datetime:
    """Where to begin a window that has to reach back to `latest`, with the fewest requests.

    Charges within the window are listed; each older open charge is asked for by its id. Items that
    wait for the engine's next run are many and young; items that wait for people are few and old.
    """
    older = sorted(
        (open_item.at for open_item in open_items if open_item.charge and open_item.at < latest),
        reverse=True,
    )
    a_day = max(_ROWS_PER_CHARGE * charges_a_day / _PAGE, _LEAST_REQUESTS_A_DAY)
    costs = [(float(len(older)), latest)]
    costs += [
        (len(older) - number + a_day * ((latest - at) / _DAY), at)
        for number, at in enumerate(older, start=1)
    ]
    return min(costs, key=lambda cost: cost[0])[1]


def without_strangers(
    snapshot: Snapshot, prices: PriceList, followed: Container[str], remembered: Container[str]
) -> Snapshot:
    """The snapshot without rows of the legacy connector that would be taken for a followed charge's
    only because their own charge was not read.

    All rows that such a charge had before the window are remembered, so any other row belongs to a
    settled charge.
    """
    while strangers := set(_strangers(snapshot, prices, followed, remembered)):
        kept = tuple(s for s in snapshot.stratagems if s.record_id not in strangers)
        snapshot = replace(snapshot, stratagems=kept)
    return snapshot


def _strangers(
    snapshot: Snapshot, prices: PriceList, followed: Container[str], remembered: Container[str]
) -> Iterator[str]:
    _, rest = take_fast_path(snapshot, prices)
    matches = match(rest.charges, rest.stratagems)
    for charge, found in matches.by_charge.items():
        if charge not in followed:
            continue
        rows = [one.stratagem for one in found if one.rule in {Rule.NEAREST, Rule.SURPLUS}]
        for row in (*rows, *matches.late.get(charge, ())):
            if row.created_at < snapshot.window.since and row.record_id not in remembered:
                yield row.record_id
