"""The state of the shop at one moment: the parts that can be read, and the gaps. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from cascade_cli.domain.delivery.runway import OUTFLOW_DAYS, Finances, finances
from cascade_cli.domain.history.checkpoint import Changes, Checkpoint, changes
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.reconcile.overview import Day, delivered_by_day, is_unresolved, passed_over
from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.journal_entries import Entry, Holder
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.records.stripe_events import Event, EventState, Kept
from cascade_cli.domain.shop.density import DensityEstimate
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import CascadeError, GuardError, ServiceError, SettingsError
from cascade_cli.services.ports import (
    CitizensPort,
    InboxPort,
    JournalPort,
    PaymentsPort,
    TransfersPort,
)
from cascade_cli.services.processor.processor_account import no_processor, processor_row
from cascade_cli.services.reconcile.carried_over import SinceLastSources
from cascade_cli.services.reconcile.gather import Reconciler, Run
from cascade_cli.services.reconcile.since_last import SinceLast
from cascade_cli.services.reconcile.snapshots import PastDeliveries

T = TypeVar("T")

# The engine's clock may be behind ours, and a listing may show a row a little late.
OVERLAP = timedelta(hours=1)
# Errors that hide one part of the status and leave the others as they are.
GAPS = (ServiceError, SettingsError, GuardError)
# Enough for the latest commands' names, and quick to read.
_LATEST_ENTRIES = 200
_MOST_COMMANDS = 3


@dataclass(frozen=True)
class Gap:
    """What could not be found out, and why."""

    what: str
    error: CascadeError


@dataclass(frozen=True)
class Treasury:
    """The processor's side of Venice; `finances` is None if its balance is not known."""

    finances: Finances | None
    delivered: tuple[Day, ...]
    last_executed_at: datetime | None
    passed_over: int


@dataclass(frozen=True)
class Status:
    """All that is known at `terms.now`; a gap explains each part that is None."""

    window: Window
    terms: Terms
    treasury: Treasury | None
    run: Run | None
    records: Records | None
    gaps: tuple[Gap, ...]

    @property
    def known_since(self) -> datetime:
        """Since when all discrepancies are known."""
        return self.run.covered_since if self.run else self.window.since

    @property
    def debts(self) -> Mapping[str, Decimal]:
        """The debts after refunds, by payment: the recorded ones if no run has judged them."""
        return self.run.result.debts if self.run else self.terms.decided.debts

    @property
    def since_last(self) -> Changes | None:
        """What became of the discrepancies since the last complete run, if both are known.

        None for a window that leaves out what was open then: it cannot show that it was solved.
        """
        memory = self.records.memory if self.records else None
        if memory is None or self.run is None:
            return None
        if self.run.continues is None and self.window.since > memory.blind_since:
            return None
        return changes(memory, self.run.result)

    @property
    def attention(self) -> tuple[Kept, ...]:
        """The webhook's events that still need a person: not those settled since."""
        kept = self.records.attention if self.records else ()
        run = self.run
        if run is None:
            return kept
        return tuple(k for k in kept if _needs_somebody(k, run))


def _needs_somebody(kept: Kept, run: Run) -> bool:
    """A payment that an earlier run looked at, and did not leave open, is settled."""
    seen = run.continues is not None and kept.accepted.received_at < run.snapshot.window.since
    return is_unresolved(kept.accepted.event.payment_id, run.result, unjudged=not seen)


@dataclass(frozen=True)
class _Rows:
    """Venice's transfers: those of the window, and these with the older ones that still matter."""

    recent: Sequence[Stratagem]
    all: Sequence[Stratagem]


@dataclass
class StatusService:
    """Reads the status as often as asked; from the second time on, only what may have changed."""

    payments: PaymentsPort
    transfers: TransfersPort
    citizens: CitizensPort
    changes: Callable[[Window, Sequence[str]], list[Event]]
    processor: str
    past: PastDeliveries | None = None
    _executed: dict[str, Stratagem] = field(default_factory=dict)
    _looked_at: datetime | None = None

    def read(
        self,
        window: Window,
        terms: Terms,
        records: Records | None,
        tell: Callable[[str], None] = lambda _step: None,
        *,
        follow: Checkpoint | None = None,
    ) -> Status:
        """Reads Venice, then the balance, then Stripe, and reconciles Stripe with Venice.

        With a checkpoint to `follow`, the window is the one that it leaves to the next run.
        """
        gaps: list[Gap] = []
        tell("reading Venice's stratagems")
        rows = self._known("Venice's transfers", lambda: self._rows(window, terms.now), gaps)
        if rows is None:
            return Status(window, terms, None, None, records, tuple(gaps))
        processor = self._known("the processor's balance", self._processor_row, gaps)
        treasury = self._known(
            "the processor", lambda: self._treasury(processor, rows.all, terms), gaps
        )
        tell("reading Stripe's charges")
        run = self._known(
            "discrepancies", lambda: self._run(window, terms, rows.recent, follow), gaps
        )
        return Status(window, terms, treasury, run, records, tuple(gaps))

    def _known(self, what: str, read: Callable[[], T], gaps: list[Gap]) -> T | None:
        try:
            return read()
        except GAPS as error:
            gaps.append(Gap(what, error))
            return None

    def _rows(self, window: Window, now: datetime) -> _Rows:
        begin = now - timedelta(days=OUTFLOW_DAYS)
        since = max(begin, self._looked_at - OVERLAP) if self._looked_at else begin
        recent = self.transfers.transfers(window.since)
        older = self.transfers.open_or_recent(window.since, since, now)
        rows = {**self._executed, **{row.record_id: row for row in (*older, *recent)}}
        # An executed row never changes, so it need not be read again.
        self._executed = {name: row for name, row in rows.items() if _is_executed(row, begin)}
        self._looked_at = now
        return _Rows(recent, list(rows.values()))

    def _processor_row(self) -> CitizenRow:
        found = processor_row(self.citizens.rows_named_like, self.processor)
        if found is None:
            raise no_processor(self.citizens.rows_named_like, self.processor)
        return found

    def _treasury(
        self, processor: CitizenRow | None, rows: Sequence[Stratagem], terms: Terms
    ) -> Treasury:
        begin = terms.now - timedelta(days=OUTFLOW_DAYS)
        rows = [r for r in rows if r.origin is not Origin.REFUND and not r.other_processor]
        executed = [row for row in rows if _is_executed(row, begin)]
        moments = [row.executed_at for row in executed if row.executed_at]
        last = max(moments) if moments else self.transfers.last_executed_at()
        still_open = [r for r in rows if r.status == "planned" or r.state(terms.now) is State.LIVE]
        return Treasury(
            finances(processor, still_open, executed, last, terms.now) if processor else None,
            delivered_by_day(executed, terms.now, OUTFLOW_DAYS),
            last,
            passed_over(still_open, last, terms),
        )

    def _run(
        self, window: Window, terms: Terms, recent: Sequence[Stratagem], follow: Checkpoint | None
    ) -> Run:
        def listing(
            since: datetime, until: datetime | None, expected: DensityEstimate | None
        ) -> list[Stratagem]:
            """The window's listing is not read a second time."""
            if (since, until) == (window.since, None):
                return list(recent)
            return self.transfers.transfers(since, until, expected)

        reconciler = Reconciler(
            self.payments,
            self.transfers,
            self.citizens,
            self.processor,
            self.past,
            listing=listing,
        )
        if follow is None:
            return reconciler.run(window, terms)
        sources = SinceLastSources(self.payments, self.transfers, self.changes)
        return SinceLast(reconciler, sources).run(follow, window.until, terms)


def _is_executed(row: Stratagem, since: datetime) -> bool:
    return row.status == "executed" and row.executed_at is not None and row.executed_at >= since


@dataclass(frozen=True)
class LastWrite:
    """When a command wrote last, and who ran it."""

    command: str
    operator: str
    at: datetime


@dataclass(frozen=True)
class Records:
    """`memory` is the last complete run's checkpoint; `last_writes` begins with the newest.

    `attention` are the webhook's events that only a person can decide about, since some moment.
    `worker` is the `cascade serve` that credits events.
    """

    promised_today: Decimal
    memory: Checkpoint | None
    last_writes: tuple[LastWrite, ...]
    events: dict[EventState, int]
    oldest_waiting: datetime | None
    attention: tuple[Kept, ...]
    worker: Holder | None


NO_RECORDS = Records(ZERO, None, (), dict.fromkeys(EventState, 0), None, (), None)
"""The records if there is no journal yet: nothing was written from here."""


def read_records(
    journal: JournalPort,
    inbox: InboxPort,
    memory: Checkpoint | None,
    since: datetime,
    base_id: str,
) -> Records:
    """Reads the records; `attention` begins at `since`. Raises JournalError."""
    return Records(
        journal.ducats_today(),
        memory,
        _last_writes(journal.entries(limit=_LATEST_ENTRIES)),
        inbox.counts(),
        inbox.oldest_waiting(),
        tuple(inbox.needing_attention(since)),
        inbox.worker(base_id),
    )


def _last_writes(entries: Iterable[Entry]) -> tuple[LastWrite, ...]:
    """The newest entry of each command."""
    by_command: dict[str, LastWrite] = {}
    for entry in sorted(entries, key=lambda entry: entry.seq, reverse=True):
        write = LastWrite(entry.command, entry.operator, entry.at)
        by_command.setdefault(entry.command, write)
    return tuple(by_command.values())[:_MOST_COMMANDS]
