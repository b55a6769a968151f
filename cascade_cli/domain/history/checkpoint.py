"""What a complete run leaves for the next one: where it ended, and what was not settled.

Everything else in [covered_since, until) is thereby remembered as settled for good. So a checkpoint
is only as large as what is open, and what it claims can be verified: see
`domain.history.verification`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.history.open_items import (
    OpenItem,
    cheapest_since,
    dormant_of,
    open_items_of,
)
from cascade_cli.domain.reconcile.reconciliation import Reconciliation
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.stripe_events import KEPT
from cascade_cli.domain.shop.times import CLOCK_TOLERANCE, Window, format_moment, rfc3339

# Enough for differing clocks and lagging answers: a payment captured late is remembered by its id
# from its authorisation on, and a transfer made late is dated when it is made.
OVERLAP = timedelta(hours=1)
# For a run that follows no ids: a payment may be captured, and its transfer made, long after the
# payment's date.
BLIND_OVERLAP = timedelta(hours=48)
_DAY = timedelta(days=1)
_MOST_ENDS = 14


@dataclass(frozen=True)
class Checkpoint:
    """The end of a complete run.

    `open` maps what was not settled, or what people decided about, to its kind. `open_since` is
    when the oldest of these was paid. `covered_since` is the moment since which everything is
    covered without a gap; None in a checkpoint that an older version wrote. `open_items` say where
    to find again what is open or may still be paid. `dormant` maps records of settled payments that
    the engine could still be made to execute to the payments' charges. `charges_a_day` is roughly
    how many charges Stripe listed per day. `ends` is where this run and some earlier ones ended by
    the services' clocks, newest first; an older version used this machine's clock. `claimed_until`
    is an end that was not believed. `void` are settled charges that were not delivered, because
    nothing was owed.
    """

    until: datetime
    open: Mapping[str, str]
    open_since: datetime | None
    covered_since: datetime | None = None
    open_items: tuple[OpenItem, ...] = ()
    dormant: Mapping[str, str] = field(default_factory=dict)
    charges_a_day: int = 0
    ends: tuple[datetime, ...] = ()
    claimed_until: datetime | None = None
    void: frozenset[str] = frozenset()
    citizens: Mapping[str, str] = field(default_factory=dict)

    def trusted(self, now: datetime) -> Checkpoint:
        """The part of the checkpoint that can be trusted now.

        A run cannot have read the future. If it claims so, a wrong clock dated it, and perhaps
        earlier runs too. Then everything is covered again since the last end that the services'
        clocks dated. What the run left open stays known.
        """
        if self.until <= now + CLOCK_TOLERANCE:
            return self
        good = tuple(end for end in self.ends if end <= now)
        start = self.covered_since or self.open_since or now
        until = good[0] if good else min(start, now)
        return replace(self, until=until, ends=good, claimed_until=self.until)

    @property
    def remark(self) -> str:
        """What people should know about an end that was not trusted; empty if it was."""
        if self.claimed_until is None:
            return ""
        return (
            f"the last run's end, {format_moment(self.claimed_until)}, is later than now: a wrong "
            f"clock dated it. Everything since {format_moment(self.until)} is checked again."
        )

    @property
    def blind_since(self) -> datetime:
        """Where a run has to begin if it follows up nothing outside its window."""
        moments = [self.until - BLIND_OVERLAP, *(open_item.at for open_item in self.open_items)]
        return min(*moments, self.open_since or self.until)

    @property
    def new_since(self) -> datetime:
        """Anything made from this moment on may not have been seen."""
        return self.until - OVERLAP

    def is_continuable(self, now: datetime) -> bool:
        """Whether Stripe still has the events since `new_since`, so that the next run can ask for
        what changed."""
        return self.covered_since is not None and self.new_since > now - KEPT

    def next_window(self, now: datetime) -> Window:
        """What the next run lists: everything new, and as much before that as is cheaper to list
        than to ask for one by one."""
        return Window(cheapest_since(self.open_items, self.new_since, self.charges_a_day), now)

    def is_replaced_by(self, covered_since: datetime, until: datetime) -> bool:
        """Whether a run over this span would forget nothing: neither what is open, nor that settled
        payments have to be watched."""
        reach = self.blind_since
        if self.covered_since and self.is_continuable(until):
            reach = min(reach, self.covered_since)
        return covered_since <= reach and until >= self.until

    def document(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "until": self.until.isoformat(),
            "open": dict(self.open),
            "open_since": self.open_since.isoformat() if self.open_since else None,
            "covered_since": self.covered_since.isoformat() if self.covered_since else None,
            "leads": [open_item.document() for open_item in self.open_items],
            "loose": dict(self.dormant),
            "charges_a_day": self.charges_a_day,
            "ends": [end.isoformat() for end in self.ends],
            "void": sorted(self.void),
            "citizens": dict(self.citizens),
        }

    def ended(self, until: datetime, before: Checkpoint | None) -> Checkpoint:
        """The checkpoint as if the run had read no further than `until`. What an earlier run
        covered stays covered."""
        return replace(self, until=min(self.until, max(until, before.until) if before else until))

    @property
    def covers_anything(self) -> bool:
        """Whether it ends after it begins."""
        return self.covered_since is None or self.covered_since < self.until

    def dated(self, before: Checkpoint | None) -> Checkpoint:
        """This checkpoint, with its own end put before the ends of the earlier one, `before`; all
        by the services' clocks."""
        ends = (self.until, *(before.ends if before else ()))
        return replace(self, ends=ends[:_MOST_ENDS])

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Checkpoint:
        """From what the journal kept; an older version kept less."""
        return cls(
            datetime.fromisoformat(document["until"]),
            document["open"],
            _moment(document["open_since"]),
            _moment(document.get("covered_since")),
            tuple(map(OpenItem.of, document.get("leads", ()))),
            document.get("loose", {}),
            document.get("charges_a_day", 0),
            tuple(map(datetime.fromisoformat, document.get("ends", ()))),
            void=frozenset(document.get("void", ())),
            citizens=document.get("citizens", {}),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Changes:
    """Discrepancies that are new since the last complete run, solved, or still open.

    `decided` and `snoozed` are those solved ones that only a person's decision has closed.
    """

    since: datetime
    new: tuple[str, ...]
    solved: tuple[str, ...]
    still_open: tuple[str, ...]
    decided: tuple[str, ...] = ()
    snoozed: tuple[str, ...] = ()

    @property
    def gone(self) -> tuple[str, ...]:
        """The solved discrepancies, without those that a person's decision closed."""
        closed = {*self.decided, *self.snoozed}
        return tuple(name for name in self.solved if name not in closed)

    @property
    def described(self) -> str:
        """The numbers, for people."""
        parts = ((self.decided, "decided"), (self.snoozed, "snoozed"))
        closed = [f"{len(names)} {what}" for names, what in parts if names]
        return ", ".join([f"{len(self.new)} new", f"{len(self.gone)} solved", *closed])

    def document(self) -> dict[str, Any]:
        """As scripts read it."""
        return {
            "previous_until": rfc3339(self.since),
            "new": list(self.new),
            "solved": list(self.solved),
            "still_open": list(self.still_open),
            "decided": list(self.decided),
            "snoozed": list(self.snoozed),
        }


def mark_name(base_id: str) -> str:
    """The name under which the journal keeps the last complete run over a base."""
    return f"reconcile {base_id}"


def may_be_kept(window: Window) -> bool:
    """False for a window too short to be remembered, whatever was remembered before: it continues
    nothing, and `is_replaced_by` needs at least `BLIND_OVERLAP`."""
    return window.since <= window.until - BLIND_OVERLAP


@dataclass(frozen=True)
class Scope:
    """The discrepancies about which a run knows whether they still exist: those in a span of time,
    and those it followed up by name."""

    window: Window
    names: frozenset[str] = frozenset()

    def covers(self, name: str, at: datetime) -> bool:
        """Whether the run knows about the discrepancy of that name, paid or made at `at`."""
        return at in self.window or name in self.names


@dataclass(frozen=True)
class WithoutVerdict:
    """What the next run must know of charges and rows to which this run gave no verdict.

    `pending` are charges that may still be paid, with when they were created. `dormant` rows and
    `void` charges are unchanged since earlier runs. `listed` is how many charges Stripe listed in
    the window.
    """

    pending: Mapping[str, datetime] = field(default_factory=dict)
    dormant: Mapping[str, str] = field(default_factory=dict)
    listed: int = 0
    void: frozenset[str] = frozenset()


def checkpoint_of(
    window: Window,
    result: Reconciliation,
    without_verdict: WithoutVerdict | None = None,
    covered_since: datetime | None = None,
) -> Checkpoint:
    """What to remember of a complete run. Everything is covered since `covered_since`, or since the
    window began."""
    without_verdict = without_verdict or WithoutVerdict()
    watched = result.items.watched
    return Checkpoint(
        window.until,
        {item.identity: _left_as(item).value for item in watched},
        min((item.occurred_at for item in watched), default=None),
        covered_since or window.since,
        (*open_items_of(result), *_open_items_of(without_verdict.pending)),
        {**without_verdict.dormant, **dormant_of(result)},
        _a_day(without_verdict.listed, window),
        void=without_verdict.void | frozenset(_void_in(result)),
        citizens={item.identity: item.citizen for item in watched if item.citizen},
    )


def _left_as(item: Item) -> Kind:
    """What a person decided to leave as it is counts as settled, but is still watched."""
    return Kind.SETTLED if item.is_decided else item.kind


def _void_in(result: Reconciliation) -> Iterator[str]:
    for item in result.items.considered:
        is_delivered = any(row.status == "executed" for row in item.stratagems)
        if item.kind is Kind.SETTLED and item.charge and not is_delivered:
            yield item.charge.id


def _open_items_of(pending: Mapping[str, datetime]) -> Iterator[OpenItem]:
    for charge, created_at in sorted(pending.items()):
        yield OpenItem(charge, created_at)


def _a_day(charges: int, window: Window) -> int:
    return round(charges * _DAY / max(window.until - window.since, timedelta(hours=1)))


def changes(checkpoint: Checkpoint, result: Reconciliation) -> Changes:
    """What became of the discrepancies since `checkpoint`. What is in flight is not a
    discrepancy."""
    before = {name for name, kind in checkpoint.open.items() if Kind(kind).is_discrepancy}
    now = {item.identity for item in result.discrepancies}
    closed = decided_in(result)
    snoozed = {name for name, how in closed.items() if how is How.SNOOZE}
    return Changes(
        checkpoint.until,
        tuple(sorted(now - before)),
        tuple(sorted(before - now)),
        tuple(sorted(now & before)),
        tuple(sorted(before & (closed.keys() - snoozed))),
        tuple(sorted(before & snoozed)),
    )


def decided_in(result: Reconciliation) -> dict[str, How]:
    """What only a person's decision has closed, by name, and how."""
    found = (item for item in result.items.unsettled if item.is_decided)
    return {item.identity: item.decision.how for item in found if item.decision}
