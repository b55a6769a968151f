"""Carry orders out, each exactly once: claim, read, write what is next, until nothing is left.

What is to be written is decided in domain/delivery.py, which also states the promise; here it is
journaled, sent and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeVar

from cascade_cli.adapters.transport import permitted
from cascade_cli.domain.delivery import (
    SEND_WITHIN,
    Action,
    End,
    Step,
    Verdict,
    Wait,
    Write,
    next_step,
    rows_of,
)
from cascade_cli.domain.journal import Attempt, Claim, ClaimState, Fate, Intent
from cascade_cli.domain.money import ZERO, format_ducats
from cascade_cli.domain.orders import Order
from cascade_cli.domain.stratagems import Stratagem
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    FateUnknownError,
    JournalError,
    LockedError,
    ThrottledError,
    UnreachableError,
)
from cascade_cli.services.delivery_ports import (
    Delivery,
    DeliveryTerms,
    Ledger,
    Notifier,
    Reader,
    Result,
    Surroundings,
    Writer,
)

T = TypeVar("T")

LEASE = timedelta(minutes=10)
ORDERS_PER_ROUND = 100
ROWS_PER_WRITE = 10
TRIES = 5


@dataclass
class _Job:
    """One order in hand: its rows as last read or written, and the last attempt for its key."""

    order: Order
    last: Attempt | None
    rows: tuple[Stratagem, ...] = ()
    refusals: int = 0
    wrote: set[Action] = field(default_factory=set)
    error: CascadeError | None = None
    step: Step | None = None

    def think(self, now: datetime) -> None:
        self.step = next_step(self.order, self.rows, now, self.last)

    def put(self, row: Stratagem) -> None:
        others = tuple(r for r in self.rows if r.record_id != row.record_id)
        self.rows = (*others, row)


class Deliverer:
    """Carries orders out. Raises JournalError, or what a read raises, with all claims released;
    what is wrong with a single order is told in its Delivery."""

    def __init__(
        self,
        *,
        reader: Reader,
        writer: Writer,
        notifier: Notifier,
        journal: Ledger,
        terms: DeliveryTerms,
        around: Surroundings,
    ) -> None:
        self._reader, self._writer, self._notifier = reader, writer, notifier
        self._journal, self._terms, self._around = journal, terms, around

    def deliver(
        self,
        orders: Sequence[Order],
        *,
        patience: timedelta,
        done: Callable[[Delivery], None] = lambda _delivery: None,
    ) -> list[Delivery]:
        """One Delivery per order, in their order; `done` hears of each as it is final.

        Orders whose write has an unknown fate are come back to when the others are done, unless
        that takes longer than `patience`.
        """
        found: dict[str, Delivery] = {}
        pending = {order.key: order for order in orders}
        give_up_at = self._around.now() + patience
        while pending:
            waiting: list[Delivery] = []
            for chunk in _chunks(list(pending.values()), ORDERS_PER_ROUND):
                for delivery in self._round(chunk):
                    if delivery.finish_at and delivery.finish_at <= give_up_at:
                        waiting.append(delivery)
                    else:
                        found[delivery.order.key] = delivery
                        done(delivery)
            pending = {delivery.order.key: delivery.order for delivery in waiting}
            self._wait(waiting)
        return [found[order.key] for order in orders]

    def _wait(self, waiting: Sequence[Delivery]) -> None:
        if not waiting:
            return
        until = max(d.finish_at for d in waiting if d.finish_at)
        seconds = (until - self._around.now()).total_seconds()
        self._around.tell(
            f"{len(waiting)} writes may or may not have been applied: waiting {seconds:.0f} s, "
            "until that can be told, before looking again"
        )
        self._around.sleep(max(seconds, 0))

    def _round(self, orders: Sequence[Order]) -> list[Delivery]:
        """Take the orders as far as they go now."""
        claims = self._journal.claim(
            [_intent(order) for order in orders],
            lease=LEASE,
            day_limit_ducats=self._terms.day_limit_ducats,
        )
        held = [order for order in orders if claims[order.key].state is ClaimState.HELD]
        jobs = [_Job(order, claims[order.key].last_attempt) for order in held]
        try:
            self._read(jobs)
            self._work(jobs)
            self._notify(jobs)
        finally:
            self._journal.release([job.order.key for job in jobs])
        refused = [order for order in orders if order not in held]
        return [_delivery(job) for job in jobs] + [_not_held(o, claims[o.key]) for o in refused]

    def _read(self, jobs: Sequence[_Job]) -> None:
        rows = self._reader.transfers_for([job.order for job in jobs]) if jobs else []
        for job in jobs:
            job.rows = rows_of(job.order, rows)

    def _work(self, jobs: Sequence[_Job]) -> None:
        """Write until every job waits, ends, or was refused too often."""
        while True:
            due = [job for job in jobs if job.error is None and self._is_due(job)]
            if not due:
                return
            for action in Action:
                same = [job for job in due if _action(job) is action]
                for ten in _chunks(same, ROWS_PER_WRITE):
                    self._write(action, ten)

    def _is_due(self, job: _Job) -> bool:
        job.think(self._around.now())
        return isinstance(job.step, Write)

    def _write(self, action: Action, jobs: Sequence[_Job]) -> None:
        """Send one request for these jobs; one that is refused for many is sent for each."""
        try:
            rows = self._send(action, jobs, lambda: self._call(action, jobs))
        except JournalError:
            raise
        except FateUnknownError:
            return
        except LockedError as error:
            _give_up(jobs, error)
        except CascadeError as error:
            self._refused(action, jobs, error)
        else:
            _take(action, jobs, rows)

    def _send(
        self, action: Action, jobs: Sequence[_Job], call: Callable[[], list[Stratagem]]
    ) -> list[Stratagem]:
        """Turn, journal, permit, request, journal: the only way a write leaves."""
        keys = [job.order.key for job in jobs]
        self._around.turn()
        at = self._journal.attempt(keys, action, lease=LEASE)
        fate, bodies, rows = Fate.UNKNOWN, None, list[Stratagem]()
        _remember(jobs, Attempt(action, at, fate))
        try:
            with permitted(at + SEND_WITHIN):
                rows = call()
            fate = Fate.APPLIED
            bodies = {row.stratagem_id: {"record": row.record_id} for row in rows}
        except FateUnknownError:
            raise
        except CascadeError:
            fate = Fate.REFUSED
            raise
        finally:
            # Also when interrupted: then the fate stays unknown, as the attempt already says.
            if fate is not Fate.UNKNOWN:
                self._journal.outcome(keys, action, fate, bodies)
                _remember(jobs, Attempt(action, at, fate))
        return rows

    def _call(self, action: Action, jobs: Sequence[_Job]) -> list[Stratagem]:
        expires_at = self._around.now() + self._terms.lifetime
        if action is Action.CREATE:
            return self._writer.create_planned([job.order for job in jobs], expires_at)
        records = [_target(job).record_id for job in jobs]
        if action is Action.ACTIVATE:
            return self._writer.activate(records, expires_at)
        if action is Action.EXTEND:
            return self._writer.extend(records, expires_at)
        if action is Action.EXPIRE:
            return self._writer.expire(records, self._around.now())
        pairs = [(record, job.order) for record, job in zip(records, jobs, strict=True)]
        return self._writer.rewrite(pairs, expires_at)

    def _refused(self, action: Action, jobs: Sequence[_Job], error: CascadeError) -> None:
        if isinstance(error, ThrottledError | UnreachableError):
            for job in jobs:
                job.refusals += 1
            _give_up([job for job in jobs if job.refusals >= TRIES], error)
            self._around.sleep(2.0 ** min(job.refusals for job in jobs))
        elif isinstance(error, AnswerError) and len(jobs) > 1:
            # One bad row spoils the ten: find it, and let the others through.
            for job in jobs:
                self._write(action, [job])
        else:
            _give_up(jobs, error)

    def _notify(self, jobs: Sequence[_Job]) -> None:
        """Tell those whose transfer came under way and who were not told yet; once, come what may.

        A notification that fails changes nothing about the transfer, and is not sent again.
        """
        untold = [job for job in jobs if _is_untold(job)]
        schedule = self._terms.schedule.describe(self._around.now())
        for ten in _chunks(untold, ROWS_PER_WRITE):
            orders = [job.order for job in ten]

            def call(orders: Sequence[Order] = orders) -> list[Stratagem]:
                self._notifier.tell(orders, self._around.now(), schedule)
                return []

            try:
                self._send(Action.NOTIFY, ten, call)
            except JournalError:
                raise
            except CascadeError as error:
                self._around.tell(f"{len(ten)} citizens were not told: {error.message}")


def _intent(order: Order) -> Intent:
    detail = {"reason": order.reason, **order.facts}
    return Intent(
        order.key, order.citizen, order.ducats, order.cause, detail, order.refuse_twin_since
    )


def _action(job: _Job) -> Action | None:
    return job.step.action if isinstance(job.step, Write) else None


def _target(job: _Job) -> Stratagem:
    assert isinstance(job.step, Write)  # noqa: S101 - only jobs that are due come here
    assert job.step.row is not None  # noqa: S101 - only a CREATE has none
    return job.step.row


def _remember(jobs: Iterable[_Job], attempt: Attempt) -> None:
    for job in jobs:
        job.last = attempt


def _give_up(jobs: Iterable[_Job], error: CascadeError) -> None:
    for job in jobs:
        job.error = error


def _is_untold(job: _Job) -> bool:
    """The last thing done for it was to let the engine have it."""
    under_way = isinstance(job.step, End) and job.step.verdict is Verdict.UNDER_WAY
    telling = {Action.ACTIVATE, Action.EXTEND, Action.REWRITE}
    return under_way and job.last is not None and job.last.action in telling


def _take(action: Action, jobs: Sequence[_Job], rows: Sequence[Stratagem]) -> None:
    """What Airtable answered is how the rows now stand."""
    by_key = {row.stratagem_id: row for row in rows}
    by_record = {row.record_id: row for row in rows}
    for job in jobs:
        is_new = action is Action.CREATE
        row = by_key.get(job.order.key) if is_new else by_record.get(_target(job).record_id)
        if row is not None:
            job.put(row)
            job.wrote.add(action)


def _delivery(job: _Job) -> Delivery:
    order, step, row = job.order, job.step, (job.rows[0] if job.rows else None)
    if job.error is not None:
        busy = isinstance(job.error, LockedError)
        result = Result.BUSY if busy else Result.FAILED
        return Delivery(order, result, job.error.message, row, error=job.error)
    if isinstance(step, Wait):
        why = "a write may or may not have been applied"
        return Delivery(order, Result.UNFINISHED, why, row, finish_at=step.until)
    assert isinstance(step, End)  # noqa: S101 - _work leaves no other
    if step.verdict is Verdict.BLOCKED:
        return Delivery(order, Result.BLOCKED, step.why, step.row)
    result = Result.RETIRED if job.wrote == {Action.EXPIRE} else Result.CREDITED
    result = result if job.wrote else Result.ALREADY
    return Delivery(order, result, step.verdict.value.replace("_", " "), step.row)


_NOT_HELD = {
    ClaimState.BUSY: (Result.BUSY, "another worker is at it", "Run it again later."),
    ClaimState.CONFLICT: (
        Result.REFUSED,
        "its key was promised otherwise",
        "A key means one transfer for ever: use another reference for another one.",
    ),
    ClaimState.OVER_LIMIT: (
        Result.REFUSED,
        "the day's limit of ducats is reached",
        "{left} ducats are left today (UTC); CASCADE_MAX_DUCATS_PER_DAY sets the limit.",
    ),
    ClaimState.TWIN: (
        Result.REFUSED,
        "the same credit was made within a day",
        "If it is meant a second time, add --again or a --reference.",
    ),
}


def _not_held(order: Order, claim: Claim) -> Delivery:
    result, why, hint = _NOT_HELD[claim.state]
    why = f"{why}: {claim.other}" if claim.other else why
    left = format_ducats(claim.ducats_left_today or ZERO)
    return Delivery(order, result, why, hint=hint.format(left=left))


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
