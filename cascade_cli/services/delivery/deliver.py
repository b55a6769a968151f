"""Carry orders out, each exactly once: claim, read, write what is next, until nothing is left.

domain/delivery/delivery_steps.py decides what to write, and states the promise. This module
journals each write, sends it, and remembers what came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from cascade_cli.concurrency import raise_if_stopped, run_all
from cascade_cli.domain.delivery.deliveries import Delivery, Sighting
from cascade_cli.domain.delivery.delivery_steps import SEND_WITHIN, Action, End, Write, next_step
from cascade_cli.domain.records.journal_entries import Attempt, ClaimState, Fate
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.engine_schedule import Schedule
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import (
    AnswerError,
    CascadeError,
    FateUnknownError,
    JournalError,
    LockedError,
    ServiceError,
    SettingsError,
    ThrottledError,
    UnreachableError,
)
from cascade_cli.services.delivery.order_in_progress import (
    FRESHNESS,
    OrderInProgress,
    delivery_of,
    give_up,
    intent_of,
    not_held,
    take,
)
from cascade_cli.services.ports import (
    JournalPort,
    NoticesPort,
    Surroundings,
    TransfersPort,
    VeniceWritesPort,
)

T = TypeVar("T")

LEASE = timedelta(minutes=10)
ORDERS_PER_ROUND = 50
ROWS_PER_WRITE = 10
TRIES = 5


@dataclass(frozen=True)
class DeliveryTerms:
    """How long a stratagem may live, what may leave in a day, and when the engine runs.

    Settings makes sure that the lifetime is longer than the engine's longest wait.
    """

    lifetime: timedelta
    day_limit_ducats: Decimal
    schedule: Schedule


class Deliverer:
    """Carries orders out. Raises JournalError after releasing all its claims. Any other failure
    during a delivery (of the order, of a service, or of the rights to it) is in its Delivery."""

    def __init__(
        self,
        *,
        transfers: TransfersPort,
        writer: VeniceWritesPort,
        notifier: NoticesPort,
        journal: JournalPort,
        terms: DeliveryTerms,
        around: Surroundings,
    ) -> None:
        self._transfers, self._writer, self._notifier = transfers, writer, notifier
        self._journal, self._terms, self._around = journal, terms, around

    def deliver(
        self,
        orders: Sequence[Order],
        *,
        patience: timedelta,
        sighting: Sighting | None = None,
        done: Callable[[Delivery], None] = lambda _delivery: None,
    ) -> list[Delivery]:
        """One Delivery per order, in the same sequence; calls `done` with each as it is final.

        An order whose write has an unknown fate is tried again after the others, unless that takes
        longer than `patience`. A fresh `sighting` of all rows saves reading them again for orders
        that nobody ever wrote for.
        """
        found: dict[str, Delivery] = {}
        pending = {order.key: order for order in orders}
        give_up_at = self._around.now() + patience
        while pending:
            waiting: list[Delivery] = []
            rounds = [
                partial(self._round, chunk, sighting)
                for chunk in _chunks(pending.values(), ORDERS_PER_ROUND)
            ]
            for deliveries in run_all(self._around.threads, rounds):
                for delivery in deliveries:
                    if delivery.finish_at and delivery.finish_at <= give_up_at:
                        waiting.append(delivery)
                    else:
                        found[delivery.order.key] = delivery
                        done(delivery)
            pending = {delivery.order.key: delivery.order for delivery in waiting}
            if waiting:
                self._wait(waiting)
        return [found[order.key] for order in orders]

    def _wait(self, waiting: Sequence[Delivery]) -> None:
        until = max(d.finish_at for d in waiting if d.finish_at)
        seconds = (until - self._around.now()).total_seconds()
        writes = format_count(len(waiting), "write")
        self._around.tell(
            f"{writes} may or may not have been applied: looking again in {max(seconds, 0):.0f} s, "
            "when the base will show it. If you interrupt this, run the same command again after "
            f"{rfc3339(until)}: it looks first, and repeats nothing"
        )
        self._around.sleep(max(seconds, 0))

    def _round(self, orders: Sequence[Order], sighting: Sighting | None) -> list[Delivery]:
        """Claim the orders, and take each as far as it gets now."""
        claims = self._journal.claim(
            [intent_of(order) for order in orders],
            lease=LEASE,
            day_limit_ducats=self._terms.day_limit_ducats,
        )
        held = [order for order in orders if claims[order.key].state is ClaimState.HELD]
        jobs = [OrderInProgress(order, claims[order.key].last_attempt) for order in held]
        try:
            try:
                now = self._around.now()
                self._read([job for job in jobs if not job.recall(sighting, now)])
                # Until every job waits, ends, or was given up.
                while writes := self._decide(jobs):
                    for action, ten in writes:
                        self._write(action, ten)
            except JournalError:
                raise
            except (ServiceError, SettingsError) as error:
                # A read failed: orders that have not ended stay as they are.
                give_up([job for job in jobs if not isinstance(job.step, End)], error)
            self._notify(jobs)
        finally:
            self._journal.release([job.order.key for job in jobs])
        refused = [order for order in orders if order not in held]
        return [delivery_of(job) for job in jobs] + [not_held(o, claims[o.key]) for o in refused]

    def _read(self, jobs: Sequence[OrderInProgress]) -> None:
        rows = self._transfers.transfers_for([job.order for job in jobs]) if jobs else []
        now = self._around.now()
        for job in jobs:
            job.see(rows, now)

    def _decide(
        self, jobs: Sequence[OrderInProgress]
    ) -> list[tuple[Action, list[OrderInProgress]]]:
        """Decide the next step of each job. Returns what is to be written, and for which jobs."""
        now = self._around.now()
        due = self._terms.schedule.next_run(now)
        for job in jobs:
            job.step = next_step(job.order, job.rows, now, job.last, due=due, unclear=job.unclear)
        ready = [(job, job.step) for job in jobs if isinstance(job.step, Write) and not job.error]
        return [
            (action, ten)
            for action in Action
            for ten in _chunks((j for j, step in ready if step.action is action), ROWS_PER_WRITE)
        ]

    def _write(self, action: Action, jobs: Sequence[OrderInProgress]) -> None:
        """Send one request for these jobs. If it is refused for several, send one for each."""
        self._around.turn()
        raise_if_stopped()
        now = self._around.now()
        if any(now - job.seen_at > FRESHNESS for job in jobs):
            # The turn came late. Read again, and let the loop decide again.
            self._read(jobs)
            return
        try:
            rows = self._send(action, jobs, partial(self._call, action, jobs))
        except JournalError:
            raise
        except FateUnknownError:
            return
        except LockedError as error:
            give_up(jobs, error)
        except CascadeError as error:
            self._refused(action, jobs, error)
        else:
            take(action, jobs, rows)

    def _send(
        self,
        action: Action,
        jobs: Sequence[OrderInProgress],
        call: Callable[[datetime], list[Stratagem] | None],
        journaled: Mapping[str, str] = MappingProxyType({}),
    ) -> list[Stratagem]:
        """Journal, permit, request, journal: the only way a write leaves."""
        keys = [job.order.key for job in jobs]
        at = self._journal.attempt(keys, action, journaled, lease=LEASE)
        fate, bodies = Fate.UNKNOWN, None
        for job in jobs:
            job.begin_write(Attempt(action, at, fate))
        try:
            with self._around.permitted(at + SEND_WITHIN):
                rows = call(self._around.now()) or []
            fate = Fate.APPLIED
            bodies = {row.stratagem_id: {"record": row.record_id} for row in rows}
            bodies |= {key: dict(journaled) for key in keys if journaled}
        except FateUnknownError:
            raise
        except CascadeError:
            fate = Fate.REFUSED
            raise
        finally:
            # When interrupted, the fate stays unknown, as the attempt already says.
            if fate is not Fate.UNKNOWN:
                self._journal.outcome(keys, action, fate, bodies)
                for job in jobs:
                    job.last = Attempt(action, at, fate)
        return rows

    def _call(
        self, action: Action, jobs: Sequence[OrderInProgress], now: datetime
    ) -> list[Stratagem]:
        expires_at = now + self._terms.lifetime
        if action is Action.CREATE:
            return self._writer.create_planned([job.order for job in jobs], expires_at)
        records = [job.target.record_id for job in jobs]
        if action is Action.ACTIVATE:
            return self._writer.activate(records, expires_at)
        if action is Action.EXTEND:
            return self._writer.extend(records, expires_at)
        if action in {Action.EXPIRE, Action.RETIRE}:
            return self._writer.expire(records, now)
        return self._writer.rewrite([(job.target, job.order) for job in jobs], expires_at)

    def _refused(
        self, action: Action, jobs: Sequence[OrderInProgress], error: CascadeError
    ) -> None:
        if isinstance(error, ThrottledError | UnreachableError):
            for job in jobs:
                job.refusals += 1
            give_up([job for job in jobs if job.refusals >= TRIES], error)
            if again := [job.refusals for job in jobs if job.error is None]:
                self._around.sleep(2.0 ** min(again))
        elif isinstance(error, AnswerError) and len(jobs) > 1:
            # One bad row spoils the ten: find it, and let the others through.
            for job in jobs:
                self._write(action, [job])
        else:
            give_up(jobs, error)

    def _notify(self, jobs: Sequence[OrderInProgress]) -> None:
        """Notify citizens whose transfer is now under way, each at most once.

        A notification that fails changes nothing about the transfer, and is not sent again. Givers
        are notified by separate writes, so that no giver's name can spoil a recipient's notice.
        """
        notices = [(job, order) for job in jobs if (order := job.notice)]
        gifts = [(job, order) for job, order in notices if order.gift]
        next_run = self._terms.schedule.describe(self._around.now())
        for whom, told, tell, journaled in (
            ("citizen", notices, self._notifier.tell, {}),
            ("giver", gifts, self._notifier.tell_givers, {"told": "giver"}),
        ):
            for ten in _chunks(told, ROWS_PER_WRITE):
                self._around.turn()
                raise_if_stopped()
                call = partial(tell, [order for _, order in ten], next_run=next_run)
                try:
                    self._send(Action.NOTIFY, [job for job, _ in ten], call, journaled)
                except JournalError:
                    raise
                except CascadeError as error:
                    self._around.tell(
                        f"{format_count(len(ten), whom)} could not be told: {error.message}"
                    )


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk
