"""Gathers both sides, and lets the domain decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from cascade_cli.concurrency import both
from cascade_cli.domain.history.checkpoint import (
    Checkpoint,
    Scope,
    WithoutVerdict,
    checkpoint_of,
)
from cascade_cli.domain.history.verification import MemoryVerification
from cascade_cli.domain.matching.fast_path import CachedFastPath, FastPath, take_fast_path
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.pending_lookups import Outside, PendingLookups, outside_of
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.records.charges import Charge, Listing
from cascade_cli.domain.records.citizens import look_alikes
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.density import DensityEstimate
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import BalanceError

if TYPE_CHECKING:
    from cascade_cli.services.ports import CitizensPort, PaymentsPort, TransfersPort
    from cascade_cli.services.reconcile.snapshots import PastDeliveries

NOTHING_KNOWN = Lookups()


@dataclass(frozen=True)
class Coverage:
    """How much was read: paid purchases and the processor's transfers, in and around the window.

    Outside the window: `carried` counts what an earlier run left open, `changed` the payments that
    Stripe has reported since, `named` those that new transfers belong to.
    """

    charges: int
    stratagems: int
    other_products: int
    unpaid: int
    carried: int = 0
    changed: int = 0
    named: int = 0


@dataclass(frozen=True)
class Run:
    """A finished reconciliation with what it rests on, and what it leaves to the next.

    `continues` is the checkpoint that it began from. Everything since `covered_since` is covered
    now. `remarks` say what people should know about how it was read.
    """

    snapshot: Snapshot
    coverage: Coverage
    result: Reconciliation
    without_verdict: WithoutVerdict
    covered_since: datetime
    continues: Checkpoint | None = None
    verification: MemoryVerification | None = None
    remarks: tuple[str, ...] = ()

    @property
    def memory(self) -> Checkpoint:
        """What the next run has to know."""
        return checkpoint_of(
            self.snapshot.window, self.result, self.without_verdict, self.covered_since
        )

    @property
    def scope(self) -> Scope:
        """The discrepancies of which the run can say whether they still exist."""
        followed = self.continues.open if self.continues else ()
        return Scope(Window(self.covered_since, self.snapshot.window.until), frozenset(followed))


Transfers = Callable[[datetime, datetime | None, DensityEstimate | None], list[Stratagem]]
"""Reads the processor's transfers created from a moment to another, or to now; the last argument
estimates how many there are."""


class Reconciler:
    """Reads Stripe and Venice, and pairs them. Raises ServiceError rather than judge partial data.

    Stripe is read up to the end of the window, Venice up to the present: a transfer may follow
    its payment at any later time. Pass `listing` to use a list of transfers
    that may already have been read, instead of reading Venice.
    """

    def __init__(
        self,
        payments: PaymentsPort,
        transfers: TransfersPort,
        citizens: CitizensPort,
        processor: str,
        past: PastDeliveries | None = None,
        *,
        listing: Transfers | None = None,
    ) -> None:
        self._payments, self._transfers = payments, transfers
        self._citizens, self._processor = citizens, processor
        self._past, self._listing = past, listing or transfers.transfers

    def run(
        self, window: Window, terms: Terms, tell: Callable[[str], None] = lambda _step: None
    ) -> Run:
        """Reconcile the charges of `window`; `tell` is called as each step begins."""
        tell("reading Stripe's charges and Venice's stratagems")
        listing, transfers = self.read(window)
        snapshot = Snapshot(window, _distinct_charges(listing.charges), _distinct(transfers))
        tell("looking up what the listings leave open")
        fast_path = CachedFastPath()
        snapshot = self._completed(snapshot, terms, fast_path)
        return Run(
            snapshot,
            coverage_of(snapshot, listing),
            judge(snapshot, terms, fast_path),
            WithoutVerdict(listing.pending, listed=listed(listing)),
            window.since,
        )

    def read(
        self, window: Window, until: datetime | None = None
    ) -> tuple[Listing, list[Stratagem]]:
        """Read both sides at once. Where there are charges, transfers are to be expected."""
        density = DensityEstimate()
        return both(
            lambda: self._payments.purchases(window, density),
            lambda: self._listing(window.since, until, density),
        )

    def _completed(self, snapshot: Snapshot, terms: Terms, fast_path: FastPath) -> Snapshot:
        """The snapshot with neighbours and answers."""
        _, rest = fast_path(snapshot, terms.prices)
        outside = outside_of(rest, terms.decided)
        if outside.has_windows:
            # What is read in these windows answers many of the questions.
            snapshot = self._with_outside(snapshot, outside)
            return replace(snapshot, lookups=self.lookups(snapshot, terms, fast_path=fast_path))
        # Transfers that are asked for by key seldom exist, so the questions need not wait for them.
        whole, lookups = both(
            lambda: self._with_outside(snapshot, outside),
            lambda: self.lookups(snapshot, terms, fast_path=fast_path),
        )
        if whole is not snapshot:
            lookups = self.lookups(whole, terms, lookups)
        return replace(whole, lookups=lookups)

    def with_neighbours(self, snapshot: Snapshot, terms: Terms) -> Snapshot:
        """Add what lies outside the window and belongs, or may belong, to something inside it."""
        _, rest = take_fast_path(snapshot, terms.prices)
        return self._with_outside(snapshot, outside_of(rest, terms.decided))

    def _with_outside(self, snapshot: Snapshot, outside: Outside) -> Snapshot:
        charges: list[Charge] = []
        transfers: list[Stratagem] = []
        if keys := sorted({*outside.keys, *self._copied(outside.copies)}):
            transfers += self._transfers.transfers_named(keys)
        if outside.earlier:
            listing, found = self.read(outside.earlier, outside.earlier.until)
            charges += listing.charges
            transfers += found
        if outside.later:
            charges += self._payments.purchases(outside.later).charges
        return joined(snapshot, charges, transfers) if charges or transfers else snapshot

    def _copied(self, rows: Sequence[Stratagem]) -> Iterator[str]:
        """The keys of rows that cascade did not make, as far as the journal shows."""
        for row in rows if self._past else ():
            if self._past and self._past.written_for(row.stratagem_id).is_older_than(row):
                yield row.stratagem_id

    def lookups(
        self,
        snapshot: Snapshot,
        terms: Terms,
        known: Lookups = NOTHING_KNOWN,
        fast_path: FastPath = take_fast_path,
    ) -> Lookups:
        """Look up at once everything that the snapshot leaves open and `known` does not answer."""
        pending = PendingLookups(snapshot, terms, self._processor, fast_path)
        names = [name for name in pending.citizens if name not in known.citizens]
        payments = [p for p in pending.payments if p not in known.payments]
        disputed = [c for c in pending.disputed_charges if c.id not in known.disputes]
        found, (bought, contested) = both(
            lambda: self._citizens.residents(names) if names else {},
            lambda: both(
                lambda: self._payments.portions_of(payments),
                lambda: self._payments.disputes_against(disputed),
            ),
        )
        lost = [c for c in pending.undelivered if c.id not in known.past]
        missing = [name for name in names if name not in found]
        asked = Lookups(
            citizens={name: name in found for name in names},
            similar=look_alikes(missing, found),
            payments=bought,
            disputes=contested,
            processor_ducats=found[self._processor].ducats if self._processor in found else None,
            arrived={name: found[name].since for name in names if name in found},
            ducats={name: found[name].ducats for name in names if name in found},
            past=self._past.past_of(lost, terms.now) if self._past and lost else {},
        )
        return pending.answered_by(known, asked)


def judge(snapshot: Snapshot, terms: Terms, fast_path: FastPath = take_fast_path) -> Reconciliation:
    """The verdicts on a snapshot. Raises BalanceError if its ducats are not all accounted for."""
    result = reconcile(snapshot, terms, fast_path)
    if result.equation.residual:
        raise BalanceError(
            f"{result.equation.residual} ducats of this window cannot be accounted for.",
            "This is a bug in cascade; the verdicts of this run must not be trusted.",
        )
    return result


def joined(
    snapshot: Snapshot, charges: Iterable[Charge], stratagems: Iterable[Stratagem]
) -> Snapshot:
    """The snapshot with these added, each once."""
    return replace(
        snapshot,
        charges=_distinct_charges([*snapshot.charges, *charges]),
        stratagems=_distinct([*snapshot.stratagems, *stratagems]),
    )


def _distinct_charges(charges: Iterable[Charge]) -> tuple[Charge, ...]:
    """Each charge once: paging while new ones arrive may show one twice."""
    return tuple({charge.id: charge for charge in charges}.values())


def _distinct(stratagems: Iterable[Stratagem]) -> tuple[Stratagem, ...]:
    return tuple({stratagem.record_id: stratagem for stratagem in stratagems}.values())


def coverage_of(snapshot: Snapshot, listing: Listing) -> Coverage:
    """How much was read for the snapshot."""
    judged = [charge for charge in snapshot.charges if snapshot.judges(charge)]
    return Coverage(paid(judged), len(snapshot.stratagems), listing.other_products, listing.unpaid)


def listed(listing: Listing) -> int:
    """How many charges Stripe showed, sales of ducats or not."""
    return paid(listing.charges) + listing.other_products + listing.unpaid


def paid(charges: Sequence[Charge]) -> int:
    """How many charges these are at Stripe, where a payment for many citizens is one charge."""
    portions = [charge for charge in charges if charge.portion]
    return len(charges) - len(portions) + len({charge.charge_id for charge in portions})
