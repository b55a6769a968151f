"""Payments outside the window that a run has to judge: left open, changed, or credited since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cascade_cli.domain.history.checkpoint import Checkpoint
from cascade_cli.domain.matching.fast_path import take_fast_path
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import Matches, asked_payments, match
from cascade_cli.domain.matching.snapshot import Snapshot
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, Stratagem
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.keys import Origin, take_back_keys, whole_id
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.ports import PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.gather import paid

# Events that may change the verdict on a settled payment, or bring up one that is older than the
# checkpoint. charge.succeeded and charge.updated are left out, since every payment has them: new
# payments are listed, and those that may still be paid are asked for by their ids.
CHANGES = (
    "charge.captured",
    "charge.refunded",
    "charge.refund.updated",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
    "charge.dispute.funds_reinstated",
    "charge.dispute.funds_withdrawn",
    # A payment of long ago may be attached to an invoice today.
    "invoice_payment.paid",
)


@dataclass(frozen=True)
class SinceLastSources:
    """Where everything is read; `changes` returns Stripe's events of a window and of some types."""

    payments: PaymentsPort
    transfers: TransfersPort
    changes: Callable[[Window, Sequence[str]], list[Event]]


@dataclass(frozen=True)
class Followed:
    """What the last run left open outside the window, as it is now.

    `dormant` are rows that are as they were, `reactivated` the charges of rows that changed.
    `ownerless` counts open transfers without a charge, `unknown` counts open charges that Stripe
    does not know any more.
    """

    charges: list[Charge] = field(default_factory=list)
    rows: list[Stratagem] = field(default_factory=list)
    pending: Mapping[str, datetime] = field(default_factory=dict)
    dormant: Mapping[str, str] = field(default_factory=dict)
    reactivated: frozenset[str] = frozenset()
    ownerless: int = 0
    unknown: int = 0

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the charges and the record ids of the rows."""
        return frozenset({*(c.id for c in self.charges), *(row.record_id for row in self.rows)})


def follow(
    sources: SinceLastSources,
    checkpoint: Checkpoint,
    window: Window,
    rows: Iterable[Stratagem],
    now: datetime,
    *,
    decided: Iterable[str],
) -> Followed:
    """Read the open charges and rows that the window's listings do not hold, and the `decided`
    transfers that the checkpoint does not know."""
    asked = [
        open_item.charge
        for open_item in checkpoint.open_items
        if open_item.charge and open_item.at not in window
    ]
    shown = sources.payments.charges(asked)
    here = {row.record_id: row for row in rows}
    led_to = dict.fromkeys(
        record for open_item in checkpoint.open_items for record in open_item.records
    )
    wanted = [record for record in {**led_to, **checkpoint.dormant} if record not in here]
    found = {row.record_id: row for row in sources.transfers.transfers_recorded(wanted)}
    unknown = _with_what_was_taken(sources, decided)
    found |= unknown
    there = here | found
    reactivated = {record for record in checkpoint.dormant if _moves(there.get(record), now)}
    return Followed(
        shown.charges,
        [found[r] for r in {**led_to, **dict.fromkeys(reactivated), **unknown} if r in found],
        shown.pending,
        {r: c for r, c in checkpoint.dormant.items() if r in there and r not in reactivated},
        frozenset(checkpoint.dormant[record] for record in reactivated),
        sum(
            not open_item.charge and open_item.at not in window
            for open_item in checkpoint.open_items
        ),
        len(set(map(whole_id, asked))) - paid(shown.charges) - shown.unpaid - shown.other_products,
    )


def _with_what_was_taken(sources: SinceLastSources, records: Iterable[str]) -> dict[str, Stratagem]:
    """Transfers without a charge, and those that take their ducats back."""
    rows = sources.transfers.transfers_recorded(names) if (names := sorted(records)) else []
    keys = [key for row in rows for key in take_back_keys(row.record_id)]
    taking = sources.transfers.transfers_named(keys) if keys else []
    return {row.record_id: row for row in (*rows, *taking)}


def _moves(row: Stratagem | None, now: datetime) -> bool:
    return row is not None and row.state(now) in MAY_STILL_MOVE


@dataclass(frozen=True)
class Concern:
    """Why a payment outside the window may have to be judged: Stripe reported that it `changed`, a
    dormant row of it was `reactivated`, or somebody has `decided` about it (these three hold ids of
    charges, or of their payments). Or it is one of the `suspects`.
    """

    changed: frozenset[str]
    reactivated: frozenset[str] = frozenset()
    decided: frozenset[str] = frozenset()
    suspects: tuple[Charge, ...] = ()


@dataclass(frozen=True)
class Concerned:
    """Payments that were settled, or never read, and have to be judged: `changed` of them because
    Stripe reported a change, `named` because new transfers belong to them.

    `unknown` are payments that transfers name and Stripe does not know.
    """

    charges: tuple[Charge, ...]
    changed: int
    named: int
    unknown: frozenset[str]


def concerned(
    sources: SinceLastSources, snapshot: Snapshot, concern: Concern, terms: Terms
) -> Concerned:
    """All payments outside the window that have to be judged with the window."""
    _, rest = take_fast_path(snapshot, terms.prices)
    matches = match(rest.charges, rest.stratagems)
    ownerless = [row for row in matches.unmatched if snapshot.looks_at(row)]
    # A take-back that people decided on names its payment as well.
    taking = (row for row in snapshot.stratagems if row.origin is Origin.TAKE_BACK)
    ownerless += [row for row in taking if snapshot.looks_at(row)]
    named = {payment for row in ownerless for payment in asked_payments(row)}
    here: dict[str, tuple[Charge, ...]] = {}
    for charge in snapshot.charges:
        here |= {name: (*here.get(name, ()), charge) for name in set(charge.names)}
    # Stripe reports changes to a whole payment. The snapshot may hold only some of its portions.
    others_named = {*concern.reactivated, *concern.decided}
    asked = sorted({*concern.changed, *others_named, *named} - _complete(here))
    found = here | sources.payments.portions_of(asked)
    told = _unjudged(snapshot, _all(found, concern.changed))
    credited = _credited(snapshot, rest.charges, matches)
    by_row = _unjudged(snapshot, [*_all(found, named), *credited])
    others = _unjudged(snapshot, [*_all(found, others_named), *concern.suspects])
    return Concerned(
        tuple({**others, **by_row, **told}.values()),
        len(told),
        len(by_row.keys() - told.keys()),
        frozenset(name for name in named if not found[name]),
    )


def _complete(here: Mapping[str, Sequence[Charge]]) -> set[str]:
    """The ids whose charges are all here, portion by portion."""
    return {
        name
        for name, charges in here.items()
        if not (portion := charges[0].portion)
        or name in {charges[0].id, charges[0].payment_id}
        or len(charges) == portion.of
    }


def _all(found: Mapping[str, Iterable[Charge]], names: Iterable[str]) -> list[Charge]:
    return [charge for name in sorted(names) for charge in found[name]]


def _credited(snapshot: Snapshot, charges: Iterable[Charge], matches: Matches) -> Iterator[Charge]:
    """The charges that a transfer of the window belongs to."""
    for charge in charges:
        rows = (found.stratagem for found in matches.by_charge[charge.id])
        if any(row.created_at in snapshot.window for row in rows):
            yield charge


def _unjudged(snapshot: Snapshot, charges: Iterable[Charge]) -> dict[str, Charge]:
    return {charge.id: charge for charge in charges if not snapshot.judges(charge)}
