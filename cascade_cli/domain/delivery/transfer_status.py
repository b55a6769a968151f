"""What a transfer's state means in plain words: did ducats move, will they, and is a retry safe?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cascade_cli.domain.records.stratagems import (
    MAY_STILL_MOVE,
    Failure,
    State,
    Stratagem,
    possible_moves,
)
from cascade_cli.domain.shop.engine_schedule import DailyRuns, Schedule
from cascade_cli.domain.shop.keys import MANUAL_PREFIX, Origin
from cascade_cli.domain.shop.money import ZERO, enough, format_ducats, is_exact
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment, format_span


@dataclass(frozen=True)
class Moment:
    """The moment at which transfers are looked at, and when the engine runs."""

    schedule: Schedule
    now: datetime

    @property
    def next_run(self) -> datetime:
        """The engine's next run, in UTC."""
        return self.schedule.next_run(self.now)


class Moved(StrEnum):
    """Whether the ducats have left the processor."""

    YES = "yes"
    NO = "no"
    NOT_YET = "not yet"
    PERHAPS = "perhaps"


@dataclass(frozen=True)
class TransferStatus:
    """The status of a transfer at one moment.

    `meaning` and `retry` are sentences for people. `is_safe_to_retry` is true if trying again can
    neither pay twice nor fail in the same way. `command` is the line to paste, empty if there is
    nothing to do.
    """

    state: State
    moved: Moved
    meaning: str
    retry: str
    command: str = ""
    is_safe_to_retry: bool = False

    @property
    def is_well(self) -> bool:
        """Executed, or the engine will take it."""
        return self.state in {State.EXECUTED, State.LIVE}

    @property
    def has_cure(self) -> bool:
        """The command changes something, rather than only telling the story."""
        return bool(self.command) and not self.command.startswith(command("explain"))


def status_of(row: Stratagem, moment: Moment) -> TransferStatus:
    """What the row means at that moment."""
    if row.other_processor and row.state(moment.now) is not State.EXECUTED:
        return _of_other_processor(row, moment)
    return _STATUSES[row.state(moment.now)](row, moment)


def is_final(row: Stratagem, now: datetime) -> bool:
    """Waiting any longer changes nothing.

    A row is planned between its two writes, and for as long as a lost second write may still be
    applied.
    """
    from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND  # noqa: PLC0415 - nothing else of it here

    state = row.state(now)
    is_being_made = row.status == "planned" and now < row.created_at + FATE_BOUND
    return state is not State.LIVE and not is_being_made


def main_row_of(rows: Sequence[Stratagem], now: datetime) -> Stratagem:
    """The row in the most telling state, in the order below; of several, the newest."""
    order = (State.DOUBTFUL, State.EXECUTED, State.LIVE, State.FAILED, State.STALLED)
    return min(rows, key=lambda row: (order.index(row.state(now)), -row.created_at.timestamp()))


def rows_that_may_move(rows: Sequence[Stratagem], now: datetime) -> tuple[Stratagem, ...]:
    """Those whose ducats moved, may have, or will; more than one makes a duplicate."""
    return tuple(row for row in rows if row.state(now) in MAY_STILL_MOVE)


def _of_other_processor(row: Stratagem, moment: Moment) -> TransferStatus:
    """We must neither revive it nor count on it."""
    state = row.state(moment.now)
    does = "receives" if row.payer else "pays"
    meaning = f"{row.other_processor!r} {does} it, not the processor, and it is {row.status!r}."
    retry = "Not by cascade, which only writes the processor's own rows: find out who made it."
    moved = Moved.PERHAPS if state is State.DOUBTFUL else Moved.NO
    return TransferStatus(state, moved, meaning, retry, _explain(row))


def _executed(row: Stratagem, _moment: Moment) -> TransferStatus:
    when = f" at {format_moment(row.executed_at)}" if row.executed_at else ""
    meaning = f"The engine executed it{when}: the ducats have arrived."
    if row.ruling:
        meaning = "A person found that it has moved its ducats."
    if row.other_processor:
        meaning += f" {row.other_processor!r} paid them, not the processor."
    return TransferStatus(State.EXECUTED, Moved.YES, meaning, "Nothing is left to do.")


def _live(row: Stratagem, moment: Moment) -> TransferStatus:
    schedule, now, next_run = moment.schedule, moment.now, moment.next_run
    meaning = f"The engine takes it at its next run: {schedule.describe(now)}."
    if isinstance(schedule, DailyRuns):
        meaning = f"{meaning[:-1]}, in {format_span(next_run - now)}."
    overdue = now - row.created_at - schedule.longest_wait
    if row.expires_at and row.expires_at < next_run:
        meaning += (
            f" It expires before that, {format_moment(row.expires_at)}: it may be passed over."
        )
    if overdue.total_seconds() > 0:
        meaning += (
            f" It has waited {format_span(now - row.created_at)}, longer than a healthy engine "
            "takes: check whether the engine runs at all (cascade citizen show)."
        )
    return TransferStatus(State.LIVE, Moved.NOT_YET, meaning, "Wait: it is under way.")


def _stalled(row: Stratagem, moment: Moment) -> TransferStatus:
    if row.status == "planned" and not is_final(row, moment.now):
        meaning = "It was made moments ago and is about to be activated."
        return TransferStatus(State.STALLED, Moved.NO, meaning, "Wait two minutes.")
    meaning = f"The engine will never take it: {_why_stalled(row)}."
    if row.status == "cancelled":
        retry = "No: somebody cancelled it. Find out why first."
        return TransferStatus(State.STALLED, Moved.NO, meaning, retry, _explain(row))
    retry = "Yes: the same record is revived, no second one is made."
    return TransferStatus(
        State.STALLED, Moved.NO, meaning, retry, reviving_command(row), is_safe_to_retry=True
    )


def _why_stalled(row: Stratagem) -> str:
    if row.status != "active":
        reasons = {"planned": "it was never activated", "": "it has no status"}
        return reasons.get(row.status, f"it is {row.status}")
    expired = f" {format_moment(row.expires_at)}" if row.expires_at else ""
    return f"it is active, but expired{expired}"


def _failed(row: Stratagem, _moment: Moment) -> TransferStatus:
    # An active row in this state cannot be read, whatever the engine said of it before.
    failure = row.failure or Failure.MALFORMED
    # If a person found that a row moved nothing, its Notes keep the engine from reading it.
    if row.status == "active" or failure is Failure.UNCERTAIN:
        failure = Failure.MALFORMED
    said = row.failure_text or row.notes_flaw
    if row.status == "active":
        said = row.notes_flaw or "other text follows the JSON in its Notes"
    meaning = f"The engine gave up before any ducats moved: {said}"
    if row.status == "active":
        meaning = f"The engine cannot carry it out: {said}"
    if row.ruling:
        meaning = f"A person found that it moved no ducats: {said or row.status}"
    cure = _CURES.get(failure, reviving_command)(row)
    return TransferStatus(
        State.FAILED, Moved.NO, f"{meaning.rstrip('.')}.", _RETRIES[failure], cure
    )


# FACTS of the engine: it writes each of these texts before the first balance.
_RETRIES = {
    Failure.MALFORMED: "Not as it stands: its Notes have to be rewritten.",
    Failure.SENDER_MISSING: "Once the paying citizen exists.",
    Failure.RECEIVER_MISSING: "Once the citizen exists.",
    Failure.NO_FUNDS: "Once the payer has enough ducats.",
}


def _set_up(_row: Stratagem) -> str:
    return command("citizen", "setup")


def _replenish(row: Stratagem) -> str:
    return command("citizen", "replenish", "--by", format_ducats(enough(row.ducats or ZERO)))


def _doubtful(row: Stratagem, _moment: Moment) -> TransferStatus:
    meaning = f"Ducats {possible_moves([row])}: {row.doubt.rstrip('.')}."
    retry = "Never by a machine: compare both balances first."
    return TransferStatus(State.DOUBTFUL, Moved.PERHAPS, meaning, retry, _explain(row))


def _explain(row: Stratagem) -> str:
    return command("explain", "--", row.name)


def reviving_command(row: Stratagem) -> str:
    """The credit by hand that revives this very record.

    A payment's record does not tell whether it was paid for in full. Its story does, and ends with
    what to type.
    """
    if row.ducats is None or not row.citizen or not is_exact(row.ducats):
        return _explain(row)
    target = ("--", row.citizen, format_ducats(row.ducats))
    if row.origin is Origin.MANUAL:
        reference = row.stratagem_id.removeprefix(MANUAL_PREFIX)
        reason = ("--reason", row.reason or "credit by hand")
        return command("credit", "--reference", reference, *reason, *target)
    return _explain(row)


_STATUSES: dict[State, Callable[[Stratagem, Moment], TransferStatus]] = {
    State.EXECUTED: _executed,
    State.LIVE: _live,
    State.STALLED: _stalled,
    State.FAILED: _failed,
    State.DOUBTFUL: _doubtful,
}

_CURES: dict[Failure, Callable[[Stratagem], str]] = {
    Failure.SENDER_MISSING: _set_up,
    Failure.RECEIVER_MISSING: _explain,
    Failure.NO_FUNDS: _replenish,
}
