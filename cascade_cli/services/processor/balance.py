"""The payment processor's balance: created with it, raised, lowered.

domain/delivery/processor.py decides what to write. This module journals the write, sends it once,
and reads it back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND, SEND_WITHIN
from cascade_cli.domain.delivery.processor import (
    BalanceChange,
    BalanceTrace,
    BalanceWish,
    Sent,
    Step,
    is_to_leave,
    may_create_at,
    next_step,
    trace_of,
)
from cascade_cli.domain.records.citizens import CitizenRow
from cascade_cli.domain.records.journal_entries import (
    CITIZEN_CAUSE,
    Claim,
    ClaimState,
    Fate,
    Intent,
)
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.engine_schedule import Schedule, meets_engine
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import (
    CascadeError,
    FateUnknownError,
    GuardError,
    JournalError,
    LockedError,
    ServiceError,
)
from cascade_cli.services.ports import JournalPort, Surroundings, TransfersPort, VeniceWritesPort
from cascade_cli.services.processor.processor_account import FindRows, no_processor, processor_row
from cascade_cli.services.processor.sent_balances import UnreportedWrites, body_of, sent_of

LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class ProcessorAccount:
    """Whose balance it is, the class that the processor is created with, and the engine's times."""

    base: str
    username: str
    social_class: str
    schedule: Schedule


@dataclass(frozen=True)
class BalancePlan:
    """The write for a wish; `trace` is what became of an earlier write of unknown fate."""

    processor: CitizenRow | None
    step: Step
    trace: BalanceTrace
    sent: Sent | None
    read_at: datetime


@dataclass(frozen=True)
class BalanceReport:
    """What was written, and what the base showed right after.

    `executed_meanwhile` are transfers whose debit the write may have overwritten. `found` are all
    citizens of that name: one, unless somebody else created another at the same time.
    """

    plan: BalancePlan
    found: tuple[CitizenRow, ...]
    executed_meanwhile: tuple[Stratagem, ...] = ()

    @property
    def is_as_written(self) -> bool:
        """One citizen, with exactly the ducats that were written."""
        return [processor.ducats for processor in self.found] == [self.plan.step.after]


class BalanceService:
    """Creates the processor or changes its balance, once for each wish.

    Raises GuardError if a person has to decide, and FateUnknownError if a write's fate cannot be
    known yet. The journal key of a balance contains `run`.
    """

    def __init__(
        self,
        *,
        rows_named_like: FindRows,
        writer: VeniceWritesPort,
        transfers: TransfersPort,
        journal: JournalPort,
        account: ProcessorAccount,
        around: Surroundings,
        run: str,
    ) -> None:
        self._rows_named_like, self._writer, self._transfers = rows_named_like, writer, transfers
        self._journal, self._account, self._around, self._run = journal, account, around, run
        self._mark = f"balance {account.base} {account.username}"
        self._unreported = UnreportedWrites(journal, self._mark)

    def plan(self, wish: BalanceWish) -> BalancePlan:
        """Read and decide; writes nothing."""
        now = self._around.now()
        processor = processor_row(self._rows_named_like, self._account.username)
        if processor is None:
            return BalancePlan(None, self._plan_create(wish), BalanceTrace.NONE, None, now)
        sent = sent_of(self._journal.mark(self._mark))
        trace = trace_of(sent, processor.ducats, now)
        if trace is BalanceTrace.OPEN and sent:
            raise _not_yet(sent.at, "An earlier write of this balance")
        # A wish for an exact balance does not depend on what became of the earlier write.
        if sent and wish.by and trace is BalanceTrace.BLURRED:
            raise _blurred(sent, processor)
        came = sent if trace is BalanceTrace.APPLIED else None
        if came is None or came.wish != wish.description:
            came = self._unreported.find(wish.description, now)
        if came:
            leaves = is_to_leave(wish, processor)
            done = Step(BalanceChange.NONE, processor.ducats, processor.ducats, leaves)
            return BalancePlan(processor, done, BalanceTrace.APPLIED, came, now)
        return BalancePlan(processor, self._plan_change(wish, processor, now), trace, sent, now)

    def carry_out(self, wish: BalanceWish, agreed: BalancePlan) -> BalanceReport:
        """Read again, write once, read back."""
        plan = self.plan(wish)
        if plan.step.change is BalanceChange.LOWER is not agreed.step.change:
            raise GuardError(
                "The balance was raised meanwhile, and would now be lowered.",
                "Nothing was written. Run the command again to see what it would do now.",
            )
        self._settle(plan, wish)
        if plan.processor is None:
            self._create(plan.step.after)
            return BalanceReport(plan, tuple(self._named_exactly()))
        if plan.step.change is BalanceChange.NONE:
            if plan.step.leaves:
                self._leave_venice(plan.processor)
            return BalanceReport(plan, (plan.processor,))
        return self._set(wish, plan, plan.processor)

    def _plan_create(self, wish: BalanceWish) -> Step:
        if not wish.is_setup:
            raise no_processor(self._rows_named_like, self._account.username)
        self._writer.check_citizen(self._account.social_class)
        return next_step(wish, None)

    def _plan_change(self, wish: BalanceWish, processor: CitizenRow, now: datetime) -> Step:
        try:
            step = next_step(wish, processor)
        except ValueError as error:
            raise GuardError(
                f"{processor.username!r} was left alone: {error}.",
                "Nothing was written. To lower the balance all the same, add --force.",
            ) from None
        if step.change is not BalanceChange.NONE and not wish.force:
            self._keep_clear_of_engine(now)
        return step

    def _keep_clear_of_engine(self, now: datetime) -> None:
        if meets_engine(self._account.schedule, now):
            raise GuardError(
                "Venice's engine is about to run, or has just begun: it writes the same balance, "
                "without a lock, and either write could erase the other.",
                "Nothing was written. Run it again in about ten minutes, or add --force.",
            )

    def _settle(self, plan: BalancePlan, wish: BalanceWish) -> None:
        """Close the earlier write whose fate is known by now, or no longer matters."""
        if plan.sent is None or plan.trace is BalanceTrace.NONE:
            return
        self._journal.run_event({"balance": plan.sent.key, "found": plan.trace})
        if plan.sent.wish == wish.description:
            self._unreported.remove(plan.sent)
        elif plan.trace is BalanceTrace.APPLIED:
            self._unreported.add(plan.sent)
        self._forget(plan.sent.key)

    def _forget(self, key: str) -> None:
        """Forget the write of this key, unless another run has recorded its own meanwhile."""
        last = sent_of(self._journal.mark(self._mark))
        if last and last.key == key:
            self._journal.set_mark(self._mark, {})

    def _create(self, ducats: Decimal) -> None:
        account = self._account
        key = f"cascade_citizen_{account.base}_{account.username}"
        claim = self._claim(key, ducats, {"base": account.base, "class": account.social_class})
        try:
            may_at = may_create_at(claim.last_attempt)
            if may_at and self._around.now() < may_at:
                raise _not_yet(may_at - FATE_BOUND, "An earlier creation of this citizen")
            create = partial(
                self._writer.create_citizen, account.username, account.social_class, ducats
            )
            self._send(key, "create_citizen", create)
        finally:
            self._journal.release([key])

    def _leave_venice(self, processor: CitizenRow) -> None:
        """Set InVenice to false. No ducats are written, so the engine may run meanwhile, and the
        write may be repeated."""
        left = {"leaves_venice": processor.username, "record": processor.record_id}
        self._journal.run_event({"base": self._account.base, **left})
        self._around.turn()
        with self._around.permitted(self._around.now() + SEND_WITHIN):
            self._writer.leave_venice(processor.record_id)

    def _set(self, wish: BalanceWish, plan: BalancePlan, processor: CitizenRow) -> BalanceReport:
        key = f"cascade_balance_{self._run}"
        before, after = processor.ducats, plan.step.after
        facts = {"base": self._account.base, "before": before, "wish": wish.description}
        self._claim(key, after, facts)

        def remember(at: datetime) -> None:
            if sent_of(self._journal.mark(self._mark)):
                raise LockedError(
                    "Another run took over the balance while this one was suspended.",
                    "Nothing was written. Run it again when the other is done.",
                )
            sent = Sent(key, wish.description, before, after, at)
            self._journal.set_mark(self._mark, body_of(sent))

        try:
            leaves = plan.step.leaves
            write = partial(self._writer.set_ducats, processor.record_id, after, leaves=leaves)
            self._send(key, "set_balance", write, remember)
        except (FateUnknownError, JournalError):
            # The next run has to settle what became of it.
            raise
        except CascadeError:
            self._forget(key)
            raise
        finally:
            self._journal.release([key])
        report = self._read_back(plan)
        # Only now: until this command has its answer, a repetition must find the write.
        self._forget(key)
        return report

    def _read_back(self, plan: BalancePlan) -> BalanceReport:
        try:
            meanwhile = self._transfers.executed_since(plan.read_at)
            return BalanceReport(plan, tuple(self._named_exactly()), tuple(meanwhile))
        except ServiceError as error:
            after = format_ducats(plan.step.after)
            raise FateUnknownError(
                f"The balance was written as {after} ducats, and could not be read back: "
                f"{error.message}",
                "Run the same command again: it looks first, and repeats nothing.",
            ) from error

    def _send(
        self,
        key: str,
        action: str,
        call: Callable[[], None],
        remember: Callable[[datetime], None] = lambda _at: None,
    ) -> None:
        """Turn, journal, permit, request, journal: the only way a write leaves."""
        self._around.turn()
        at = self._journal.attempt([key], action, lease=LEASE)
        try:
            remember(at)
            with self._around.permitted(at + SEND_WITHIN):
                call()
        except FateUnknownError as error:
            raise _not_yet(at, error.message) from error
        except CascadeError:
            self._journal.outcome([key], action, Fate.REFUSED)
            raise
        self._journal.outcome([key], action, Fate.APPLIED)

    def _claim(self, key: str, ducats: Decimal, detail: dict[str, Any]) -> Claim:
        intent = Intent(key, self._account.username, ducats, CITIZEN_CAUSE, detail)
        claim = self._journal.claim([intent], lease=LEASE, day_limit_ducats=None)[key]
        if claim.state is ClaimState.BUSY:
            raise LockedError(
                f"{key}: another worker is working on it: {claim.other}.", "Run it later."
            )
        if claim.state is not ClaimState.HELD:
            raise GuardError(
                f"{key} was {claim.other}.",
                "Nothing was written. Set it up with that amount, then change the balance: "
                "cascade citizen replenish --to N",
            )
        return claim

    def _named_exactly(self) -> list[CitizenRow]:
        name = self._account.username
        return [c for c in self._rows_named_like(name) if c.username == name]


def _not_yet(sent_at: datetime, what: str) -> FateUnknownError:
    finish = rfc3339(sent_at + FATE_BOUND + timedelta(seconds=1))
    return FateUnknownError(
        f"{what.rstrip('.')}: it may or may not have been applied, and may still be applied.",
        f"Run the same command again after {finish}: it looks first, and repeats nothing.",
    )


def _blurred(sent: Sent, processor: CitizenRow) -> GuardError:
    return GuardError(
        f"An earlier write of this balance, at {rfc3339(sent.at)}, may or may not have been "
        f"applied: it was {format_ducats(sent.before)}, would have become "
        f"{format_ducats(sent.after)}, and is {format_ducats(processor.ducats)} now.",
        "Nothing was written. Set the balance that you want: cascade citizen replenish --to N",
    )
