"""Processes accepted webhook events: credits each payment once and, if the settings say so, settles
its refunds.

A fault of one event is recorded with that event. A fault of a whole service is raised, and the
caller tries again later. An event stops waiting only when it has a final result.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cascade_cli.domain.delivery.deliveries import DONE, Delivery, Result
from cascade_cli.domain.reconcile.event_replay import Obstacle
from cascade_cli.domain.records.journal_entries import ClaimState
from cascade_cli.domain.records.stripe_events import Accepted, EventState, Settlement
from cascade_cli.domain.shop.exchange import RatesError
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import AnswerError, CascadeError, LockedError
from cascade_cli.services.events.replay_service import PlannedReplay, Replayer
from cascade_cli.services.ports import InboxPort
from cascade_cli.services.refunds.automatic_refunds import RefundResult

# Small enough to finish within seconds when the process is told to stop, and to claim without
# keeping the webhook waiting. Large enough that ten payments a second, with two events each, need
# fewer than Airtable's five requests a second: one request writes ten payments, and each batch
# needs two more.
BATCH = 100
# Each refund takes requests of its own, and the next payments wait for the whole batch.
REFUNDS = 30
NO_PATIENCE = timedelta(0)
LONGEST_BACKOFF = timedelta(minutes=5)
# Stripe's lists may lag a moment behind its events.
LOOKS_AT_NOTHING = 2
SECOND_LOOK = timedelta(seconds=30)
# After so many failures without a success, the fault is not with single events.
FAULTS_OF_ALL = 3

SHORT_OF_DUCATS = "the processor has too few ducats: cascade citizen replenish --by N"

# How many citizens of a payment for many a note names.
SHOWN = 3
_URGENCY = (EventState.WAITING, EventState.ATTENTION, EventState.CREDITED, EventState.RECORDED)
_LATEST = datetime.max.replace(tzinfo=UTC)


class Intake:
    """Processes due events in batches. `guard` is called before anything is written. `refunds`
    settles a payment whose money went back. `hear` is told of each failure that holds up one
    payment only."""

    def __init__(
        self,
        events: InboxPort,
        credits: Replayer,
        *,
        livemode: bool,
        facts: Mapping[str, Any],
        guard: Callable[[], None],
        now: Callable[[], datetime],
        refunds: Callable[[str, timedelta], RefundResult] | None = None,
        inbox_now: Callable[[], datetime] | None = None,
        tell_arrivals: Callable[[], bool] = lambda: False,
        hear: Callable[[Exception], None] = lambda _error: None,
    ) -> None:
        # Events come in before any service has corrected our clock: the inbox has its own.
        self._inbox_now = inbox_now or now
        self._events, self._credits, self._guard = events, credits, guard
        self._refunds, self._hear = refunds, hear
        self.tell_arrivals = tell_arrivals
        """Tell some citizens of their arrivals if the engine cannot. True if anything was done."""
        self._livemode, self._facts, self._now = livemode, facts, now

    def work(self) -> list[Settlement]:
        """Process one batch of due events; returns an empty list if none is due.

        Raises CascadeError if a service or the journal is down, if there is no processor, or if the
        base belongs to the other mode. What was settled by then stays settled.
        """
        due = self._events.due(BATCH)
        # One payment causes several events, and each lookup costs requests.
        done = self._events.credited({a.event.payment_id for a in due if a.event.payment_id})
        settled, rest, back = list[Settlement](), list[Accepted](), list[Accepted]()
        for accepted in due:
            if foreign := accepted.event.in_other_mode(livemode=self._livemode):
                why = f"it is {foreign}"
                settled.append(Settlement(accepted.event.id, EventState.ATTENTION, why))
            elif not accepted.event.is_paying:
                back.append(accepted)
            elif accepted.event.payment_id in done:
                why = "already credited"
                settled.append(Settlement(accepted.event.id, EventState.CREDITED, why))
            else:
                rest.append(accepted)
        self._events.settle(settled)
        if rest:
            try:
                credited = self._credit(rest)
            except Exception as error:
                if not _may_concern_one_payment(error):
                    raise
                credited = self._one_by_one(rest)
            settled += credited
        # Credits first: a refund can end a transfer under way, but not one that is yet to begin.
        some = _by_payment(back)[:REFUNDS]
        return settled + [s for events in some for s in self._settle_refunds(events)]

    def _one_by_one(self, batch: Sequence[Accepted]) -> list[Settlement]:
        """Find the payment that spoils the batch, and let the others through."""
        settled, failed, passed = list[Settlement](), 0, False
        for events in _by_payment(batch):
            try:
                found = self._credit(events)
            except Exception as error:
                failed += 1
                if not _may_concern_one_payment(error) or (failed == FAULTS_OF_ALL and not passed):
                    raise
                self._hear(error)
                found = [self._waiting(accepted, _reason(error)) for accepted in events]
                self._events.settle(found)
            else:
                passed = True
            settled += found
        return settled

    def _credit(self, batch: Sequence[Accepted]) -> list[Settlement]:
        """Credit what these events paid for, and settle them."""
        plan = self._credits.plan([a.event for a in batch], self._facts, in_part=True)
        if plan.orders:
            self._guard()
        # Without patience: an event that has to wait is taken up again when it is due.
        deliveries = {d.order.key: d for d in self._credits.carry_out(plan, NO_PATIENCE)}
        planned = defaultdict[str, list[PlannedReplay]](list)
        for one in plan.payments:
            for event in one.events:
                planned[event.id].append(one)
        settled = list[Settlement]()
        for accepted in batch:
            parts = planned[accepted.event.id]
            found = [self._judged(accepted, one, deliveries) for one in parts] or [
                Settlement(accepted.event.id, EventState.RECORDED, "it names no payment")
            ]
            settled.append(found[0] if len(found) == 1 else one_settlement(found, parts))
        self._events.settle(settled)
        return settled

    def _judged(
        self, accepted: Accepted, planned: PlannedReplay, deliveries: Mapping[str, Delivery]
    ) -> Settlement:
        if planned.order:
            found = deliveries.get(planned.order.key)
            if found is None:
                return self._waiting(accepted, SHORT_OF_DUCATS)
            return self._delivered(accepted, found)
        if planned.already:
            why = f"{planned.already.stratagem_id} is {planned.already.status}"
            return Settlement(accepted.event.id, EventState.CREDITED, why)
        unseen = not planned.objection or planned.objection.obstacle is Obstacle.UNKNOWN_PAYMENT
        if unseen and accepted.tries + 1 < LOOKS_AT_NOTHING:
            return self._waiting(
                accepted, "Stripe shows no paid purchase of ducats yet", SECOND_LOOK
            )
        if planned.objection:
            return Settlement(accepted.event.id, EventState.ATTENTION, planned.objection.why)
        return Settlement(accepted.event.id, EventState.RECORDED, "no paid purchase of ducats")

    def _delivered(self, accepted: Accepted, delivery: Delivery) -> Settlement:
        if delivery.result in DONE:
            return Settlement(accepted.event.id, EventState.CREDITED, delivery.why)
        if delivery.claim is ClaimState.OVER_LIMIT:
            return self._waiting(accepted, delivery.why, _until_tomorrow(self._now()))
        if delivery.result in {Result.BLOCKED, Result.REFUSED}:
            return Settlement(accepted.event.id, EventState.ATTENTION, delivery.why)
        if delivery.error:
            self._hear(delivery.error)
        if delivery.finish_at:
            return self._waiting(accepted, delivery.why, delivery.finish_at - self._now())
        return self._waiting(accepted, delivery.why)

    def _settle_refunds(self, events: Sequence[Accepted]) -> list[Settlement]:
        """Settle the events of one payment whose money went back, or may go back."""
        payment_id = events[0].event.payment_id
        try:
            if self._refunds is None or payment_id is None:
                dealt = RefundResult(
                    f"left to a person: {command('refund', payment_id or 'PAYMENT')}"
                )
            else:
                dealt = self._refunds(payment_id, NO_PATIENCE)
        except Exception as error:
            if not (_may_concern_one_payment(error) or isinstance(error, LockedError)):
                raise
            if not isinstance(error, LockedError):
                self._hear(error)
            settled = [self._waiting(accepted, _reason(error)) for accepted in events]
        else:
            settled = [self._after(accepted, dealt) for accepted in events]
        self._events.settle(settled)
        return settled

    def _after(self, accepted: Accepted, dealt: RefundResult) -> Settlement:
        """Never CREDITED: money that went back does not show that its payment was credited."""
        if dealt.failed:
            found = [self._delivered(accepted, delivery) for delivery in dealt.failed]
            if dealt.again_at:
                later = dealt.again_at - self._now()
                found.append(self._waiting(accepted, dealt.note, later))
            return min(found, key=_urgency)
        if dealt.needs_person:
            return Settlement(accepted.event.id, EventState.ATTENTION, dealt.note)
        if dealt.again_at:
            return self._waiting(accepted, dealt.note, dealt.again_at - self._now())
        if not dealt.is_purchase and accepted.tries + 1 < LOOKS_AT_NOTHING:
            return self._waiting(accepted, dealt.note, SECOND_LOOK)
        return Settlement(accepted.event.id, EventState.RECORDED, dealt.note)

    def _waiting(self, accepted: Accepted, why: str, span: timedelta | None = None) -> Settlement:
        later = backoff(accepted.tries) if span is None else span
        return Settlement(accepted.event.id, EventState.WAITING, why, self._inbox_now() + later)


def one_settlement(found: Sequence[Settlement], planned: Sequence[PlannedReplay]) -> Settlement:
    """One settlement for all citizens of a payment: it waits while one citizen's ducats wait, and
    needs a person if one citizen's ducats need one."""
    worst = min(found, key=_urgency)
    if any((one.state, one.note) == (worst.state, SHORT_OF_DUCATS) for one in found):
        # The inbox counts events that wait for ducats by exactly this note.
        return replace(worst, note=SHORT_OF_DUCATS)
    alike = [
        f"{plan.charge.citizen if plan.charge else plan.payment_id}: {one.note}"
        for one, plan in zip(found, planned, strict=True)
        if one.state is worst.state
    ]
    more = f" (and {len(alike) - SHOWN} more)" if len(alike) > SHOWN else ""
    note = f"{len(alike)} of {len(found)} citizens: {'; '.join(alike[:SHOWN])}{more}"
    return replace(worst, note=note)


def _urgency(settlement: Settlement) -> tuple[int, datetime]:
    return _URGENCY.index(settlement.state), settlement.next_at or _LATEST


def backoff(tries: int) -> timedelta:
    """2 s, 4 s, 8 s … and never more than five minutes."""
    return min(timedelta(seconds=2 ** min(tries + 1, 20)), LONGEST_BACKOFF)


def _may_concern_one_payment(error: Exception) -> bool:
    """Whether the error may concern one payment only: a senseless answer, a bug, or unreadable
    exchange rates. Any other error concerns all payments."""
    return isinstance(error, AnswerError | RatesError) or not isinstance(error, CascadeError)


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, CascadeError) else type(error).__name__


def _by_payment(batch: Sequence[Accepted]) -> list[list[Accepted]]:
    found: dict[str | None, list[Accepted]] = {}
    for accepted in batch:
        found.setdefault(accepted.event.payment_id, []).append(accepted)
    return list(found.values())


def _until_tomorrow(now: datetime) -> timedelta:
    """The time until the next UTC day, when the day's limit starts again."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today + timedelta(days=1) - now
