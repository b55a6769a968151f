"""Which citizens to tell that ducats have arrived, if the base refuses the engine's own notice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.domain.records.gifts import Gift
from cascade_cli.domain.records.journal_entries import Intent
from cascade_cli.domain.records.orders import Cause, Order
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.keys import stratagem_id_for

NEWS = timedelta(days=3)
"""Nobody is told about a transfer that was executed longer ago."""
TELL_ARRIVAL = "tell_arrival"
"""The name of this write in the journal."""


@dataclass(frozen=True)
class Arrival:
    """An order whose ducats moved at `at`."""

    order: Order
    at: datetime


def arrivals(
    promised: Iterable[Intent], rows: Sequence[Stratagem], now: datetime
) -> tuple[Arrival, ...]:
    """Those promised transfers that the engine executed recently, exactly as promised."""
    by_key = rows_by_key(rows)
    found = (_arrival(intent, by_key.get(intent.key, ()), now) for intent in promised)
    return tuple(arrival for arrival in found if arrival)


def rows_by_key(rows: Iterable[Stratagem]) -> dict[str, list[Stratagem]]:
    """The rows under every key to which they may belong.

    A revived row of the legacy connector keeps its StratagemId; its Notes name the payment.
    """
    found = defaultdict[str, list[Stratagem]](list)
    for row in rows:
        named = () if row.returns or row.corrects else map(stratagem_id_for, row.stripe_ids)
        for key in {row.stratagem_id, *named}:
            found[key].append(row)
    return dict(found)


def _arrival(intent: Intent, rows: Sequence[Stratagem], now: datetime) -> Arrival | None:
    # An intent may also be to set the processor's own balance, which sends ducats to nobody.
    is_transfer = intent.cause in set(Cause)
    if not is_transfer or any(row.state(now) is State.DOUBTFUL for row in rows):
        return None
    executed = [
        (row.executed_at, row.record_id, row)
        for row in rows
        if row.executed_at and row.state(now) is State.EXECUTED and _is_as_promised(intent, row)
    ]
    if not executed:
        return None
    at, _, row = min(executed)
    return Arrival(_order(intent, row), at) if now - at <= NEWS else None


def _is_as_promised(intent: Intent, row: Stratagem) -> bool:
    is_back = intent.cause in {Cause.REFUND, Cause.TAKE_BACK}
    as_found = (row.concerned, row.ducats, bool(row.payer))
    return as_found == (intent.citizen, intent.ducats, is_back)


def _order(intent: Intent, row: Stratagem) -> Order:
    return Order(
        key=intent.key,
        citizen=row.citizen,
        ducats=intent.ducats,
        cause=Cause(intent.cause),
        reason=str(intent.detail.get("reason", "")),
        payer=row.payer,
        gift=_gift(intent.detail),
    )


def _gift(detail: Mapping[str, Any]) -> Gift | None:
    """The gift without its message, which is private and not in the journal."""
    gift = detail.get("gift")
    if not isinstance(gift, Mapping) or not gift.get("giver"):
        return None
    return Gift(str(gift["giver"]), anonymous=bool(gift.get("anonymous")))
