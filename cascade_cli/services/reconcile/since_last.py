"""`reconcile --since last`: judges what is new, what was not settled yet, and what has changed.

What the checkpoint calls settled is not read again, so it costs nothing, however much there is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random

from cascade_cli.domain.history.checkpoint import Checkpoint, WithoutVerdict
from cascade_cli.domain.history.open_items import without_strangers
from cascade_cli.domain.history.verification import (
    Depth,
    MemoryVerification,
    Settled,
    VerificationSample,
)
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, reconcile
from cascade_cli.domain.records.charges import Charge, Listing
from cascade_cli.domain.records.orders import lookup_order
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.keys import IdKind, kind_of_id, whole_id
from cascade_cli.domain.shop.times import Window, format_moment
from cascade_cli.errors import RightsError
from cascade_cli.services.reconcile.carried_over import (
    CHANGES,
    Concern,
    Concerned,
    Followed,
    SinceLastSources,
    concerned,
    follow,
)
from cascade_cli.services.reconcile.gather import (
    Coverage,
    Reconciler,
    Run,
    coverage_of,
    joined,
    judge,
    listed,
)
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges, window_around

# One request asks for this many transfers.
SAMPLE_SIZE = 50

Tell = Callable[[str], None]


class SinceLast:
    """Continues where a checkpoint ends. Raises what `Reconciler` raises."""

    def __init__(self, reconciler: Reconciler, sources: SinceLastSources) -> None:
        self._reconciler, self._sources = reconciler, sources

    def run(
        self,
        checkpoint: Checkpoint,
        until: datetime,
        terms: Terms,
        tell: Tell = lambda _step: None,
        check: VerificationSample | None = None,
    ) -> Run:
        """Judge all that the checkpoint leaves open, and all that is new by `until`."""
        run = self._run(checkpoint, until, terms, tell, check)
        remarks = (checkpoint.remark, *run.remarks) if checkpoint.remark else run.remarks
        return replace(run, remarks=remarks)

    def _run(
        self,
        checkpoint: Checkpoint,
        until: datetime,
        terms: Terms,
        tell: Tell,
        check: VerificationSample | None,
    ) -> Run:
        if not checkpoint.is_continuable(until):
            return self._read_all_again(checkpoint, until, terms, tell, _why_again(checkpoint))
        tell("asking Stripe what has changed")
        try:
            changed = self._changed(Window(checkpoint.new_since, until))
        except RightsError as error:
            why = f"refunds and disputes of what was settled go unnoticed. {error.message}"
            return self._read_all_again(checkpoint, until, terms, tell, why)
        return _Continuation(
            self._reconciler, self._sources, checkpoint, changed, terms, check
        ).run(until, tell)

    def _read_all_again(
        self, checkpoint: Checkpoint, until: datetime, terms: Terms, tell: Tell, why: str
    ) -> Run:
        """Read everything again from `blind_since` on: without Stripe's events, we cannot follow up
        what lies outside the window. `why` goes into the remark."""
        since = checkpoint.blind_since
        run = self._reconciler.run(Window(since, until), terms, tell)
        remark = f"everything was read again from {format_moment(since)} on: {why}"
        judged = {charge.id for charge in run.snapshot.charges if run.snapshot.judges(charge)}
        without_verdict = replace(
            run.without_verdict, dormant=checkpoint.dormant, void=checkpoint.void - judged
        )
        return replace(
            run, continues=checkpoint, without_verdict=without_verdict, remarks=(remark,)
        )

    def _changed(self, window: Window) -> frozenset[str]:
        """The ids of changed charges, or else of their payments. Nothing else in an event is
        trusted."""
        events = self._sources.changes(window, CHANGES)
        charges = (
            next((s for s in event.subjects if s.startswith(("ch_", "py_"))), event.payment_id)
            for event in events
        )
        return frozenset(charge for charge in charges if charge)


def _why_again(checkpoint: Checkpoint) -> str:
    if checkpoint.covered_since is None:
        return "an older version kept no record of single payments."
    return (
        f"Stripe no longer has all events since the last run, {format_moment(checkpoint.until)}. "
        "What was refunded or disputed meanwhile shows up with a longer --since."
    )


@dataclass(frozen=True)
class _Sample:
    """How many payments were checked; `suspects` are those that do not look settled."""

    checked: int = 0
    suspects: tuple[Charge, ...] = ()


@dataclass(frozen=True)
class _Continuation:
    """One run; `changed` are the charges that Stripe has reported since the last one."""

    reconciler: Reconciler
    sources: SinceLastSources
    checkpoint: Checkpoint
    changed: frozenset[str]
    terms: Terms
    check: VerificationSample | None

    def run(self, until: datetime, tell: Tell) -> Run:
        window = self._window(until)
        tell("reading what is new")
        listing, rows = self.reconciler.read(window)
        tell("following up what was open, and what has changed")
        records, payments = self._decided
        followed = follow(
            self.sources, self.checkpoint, window, rows, self.terms.now, decided=records
        )
        snapshot = Snapshot(window, (), (), beyond=followed.ids)
        snapshot = joined(snapshot, [*listing.charges, *followed.charges], [*rows, *followed.rows])
        snapshot = self.reconciler.with_neighbours(snapshot, self.terms)
        looked_at = self._sample(followed)
        concern = Concern(self.changed, followed.reactivated, payments, looked_at.suspects)
        old = concerned(self.sources, snapshot, concern, self.terms)
        snapshot = self._complete(snapshot, followed, old)
        result = judge(snapshot, self.terms)
        return Run(
            snapshot,
            _coverage(snapshot, listing, followed, old),
            result,
            self._without_verdict(snapshot, listing, followed),
            self.checkpoint.covered_since or window.since,
            self.checkpoint,
            self._verified(snapshot, result, followed, looked_at),
            _remarks(followed),
        )

    def _window(self, until: datetime) -> Window:
        window, since = self.checkpoint.next_window(until), self.checkpoint.covered_since
        if since and self.check and self.check.depth is Depth.FULL:
            return Window(min(since, window.since), until)
        return window

    @cached_property
    def _decided(self) -> tuple[frozenset[str], frozenset[str]]:
        """The transfers and the payments that people decided about and that the checkpoint does not
        list as open: older than all that it covers, or settled since."""
        names = self.terms.decided.decisions.keys() - self.checkpoint.open.keys()
        records = frozenset(name for name in names if kind_of_id(name) is IdKind.NAME)
        return records, frozenset(map(whole_id, names - records))

    def _settled(self, followed: Followed) -> Settled:
        return Settled(self.checkpoint, self.changed | followed.reactivated)

    def _sample(self, followed: Followed) -> _Sample:
        if self.check is None or self.check.depth is not Depth.SAMPLE:
            return _Sample()
        chance = Random(self.check.seed)  # noqa: S311 - nobody bets on it
        return _judge_sample(self.sources, self._settled(followed), self.terms, chance)

    def _complete(self, snapshot: Snapshot, followed: Followed, old: Concerned) -> Snapshot:
        """The snapshot with the old payments and what a verdict on them needs, and without rows
        that belong to nothing in it."""
        if old.charges:
            near = NeighbouringCharges(self.sources.payments, self.sources.transfers).snapshot_of(
                old.charges
            )
            snapshot = joined(snapshot, near.charges, near.stratagems)
            snapshot = replace(
                snapshot, beyond=snapshot.beyond | {charge.id for charge in old.charges}
            )
        remembered = {
            record for open_item in self.checkpoint.open_items for record in open_item.records
        }
        snapshot = without_strangers(snapshot, self.terms.prices, followed.ids, remembered)
        known = Lookups(payments=dict.fromkeys(old.unknown, ()))
        return replace(snapshot, lookups=self.reconciler.lookups(snapshot, self.terms, known))

    def _without_verdict(
        self, snapshot: Snapshot, listing: Listing, followed: Followed
    ) -> WithoutVerdict:
        judged = {charge.id for charge in snapshot.charges if snapshot.judges(charge)}
        dormant = {row: charge for row, charge in followed.dormant.items() if charge not in judged}
        pending = {**followed.pending, **listing.pending}
        return WithoutVerdict(pending, dormant, listed(listing), self.checkpoint.void - judged)

    def _verified(
        self, snapshot: Snapshot, result: Reconciliation, followed: Followed, looked_at: _Sample
    ) -> MemoryVerification | None:
        if self.check is None:
            return None
        settled, checked = self._settled(followed), looked_at.checked
        if self.check.depth is Depth.FULL:
            checked = sum(map(settled.speaks_of, snapshot.charges))
        wrong = settled.contradicted_by(result.items.unsettled)
        return MemoryVerification(self.check.depth, checked, tuple(wrong))


def _coverage(snapshot: Snapshot, listing: Listing, followed: Followed, old: Concerned) -> Coverage:
    return replace(
        coverage_of(snapshot, listing),
        carried=len(followed.charges) + followed.ownerless,
        changed=old.changed,
        named=old.named,
    )


def _remarks(followed: Followed) -> tuple[str, ...]:
    if not followed.unknown:
        return ()
    payments = format_count(followed.unknown, "payment that was", "payments that were")
    return (
        f"Stripe no longer knows {payments} open at the last run: "
        "is STRIPE_SECRET_KEY of the same account?",
    )


def _judge_sample(
    sources: SinceLastSources, settled: Settled, terms: Terms, chance: Random
) -> _Sample:
    """Judge again some payments that are remembered as settled, chosen at random.

    Takes two requests, or three if nothing was sold before the chosen moment. Neighbours are not
    read: a payment that looks suspicious is judged again with them later.
    """
    charges = _chosen(sources, settled, chance)
    if not charges:
        return _Sample()
    rows = sources.transfers.transfers_for([lookup_order(charge) for charge in charges])
    snapshot = Snapshot(window_around(charges), tuple(charges), tuple(rows))
    items = reconcile(snapshot, terms).items.unsettled
    return _Sample(len(charges), tuple(item.charge for item in items if item.charge))


def _chosen(sources: SinceLastSources, settled: Settled, chance: Random) -> Sequence[Charge]:
    """The settled payments just before a random moment of the past, or else the newest ones."""
    past = settled.past
    moment = past.since + chance.random() * (past.until - past.since)
    before = Window(past.since, max(moment, past.since + timedelta(seconds=1)))
    return _settled_in(sources, settled, before) or _settled_in(sources, settled, past)


def _settled_in(sources: SinceLastSources, settled: Settled, window: Window) -> Sequence[Charge]:
    found = sources.payments.latest(window, SAMPLE_SIZE).charges
    return [charge for charge in found if settled.speaks_of(charge)]
