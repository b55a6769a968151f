"""One order while it is being delivered, and its result."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cascade_cli.domain.delivery.deliveries import Delivery, Result, Sighting
from cascade_cli.domain.delivery.delivery_steps import Action, End, OrderVerdict, Step, Wait, Write
from cascade_cli.domain.discrepancies.repair_command import explain
from cascade_cli.domain.matching.ownership import rows_of, unclear_rows
from cascade_cli.domain.records.journal_entries import Attempt, Claim, ClaimState, Intent
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import AnswerError, CascadeError, EngineRefusedError, LockedError

# Somebody may have changed a row that was seen longer ago than this: read again before writing.
FRESHNESS = timedelta(seconds=20)
# Create, activate, notify, each tried a few times. More than this means that no write lasts.
MOST_WRITES = 20
_NEVER = datetime.min.replace(tzinfo=UTC)
_HANDING_OVER = frozenset({Action.ACTIVATE, Action.EXTEND, Action.REWRITE})


@dataclass
class OrderInProgress:
    """An order with its rows as last read or written, and the last attempt for its key."""

    order: Order
    last: Attempt | None
    rows: tuple[Stratagem, ...] = ()
    unclear: tuple[Stratagem, ...] = ()
    seen_at: datetime = _NEVER
    step: Step | None = None
    wrote: set[Action] = field(default_factory=set)
    writes: int = 0
    refusals: int = 0
    error: CascadeError | None = None

    def see(self, rows: Sequence[Stratagem], now: datetime) -> None:
        """Pick the order's rows from `rows`, which hold all that belong or may belong to it."""
        self.rows, self.seen_at = rows_of(self.order, rows), now
        self.unclear = unclear_rows(self.order, rows)

    def recall(self, sighting: Sighting | None, now: datetime) -> bool:
        """Use what was seen before the key was claimed, if that saves a read. True if it does.

        It does while the sighting is fresh and nobody ever wrote for the key. The journal's answer
        to the claim would show an attempt.
        """
        if sighting is None or self.last is not None or now - sighting.at > FRESHNESS:
            return False
        self.see(sighting.rows, sighting.at)
        return True

    def begin_write(self, attempt: Attempt) -> None:
        """A write is about to be sent. After too many, give up: somebody keeps undoing them."""
        self.last = attempt
        self.writes += 1
        if self.writes > MOST_WRITES:
            self.error = AnswerError("The base does not keep what is written to it.")

    @property
    def target(self) -> Stratagem:
        """The row that the next write changes."""
        assert isinstance(self.step, Write)  # noqa: S101 - asked only of jobs that are due
        assert self.step.row is not None  # noqa: S101 - only a CREATE has none
        return self.step.row

    @property
    def notice(self) -> Order | None:
        """The order as its notice names it, by the id of the row that carries it. None unless the
        last write handed the transfer to the engine: only then its citizen must be told."""
        if not (isinstance(self.step, End) and self.step.verdict is OrderVerdict.UNDER_WAY):
            return None
        if self.last is None or self.last.action not in _HANDING_OVER:
            return None
        row = self.step.row
        return replace(self.order, key=row.stratagem_id) if row and row.stratagem_id else self.order


def intent_of(order: Order) -> Intent:
    """What the journal records about an order."""
    detail = {"reason": order.reason, **order.facts}
    if order.ends:
        detail["ends"] = True
    if order.gift:
        # Citizens can read the Notes, so these hide an anonymous giver. The journal need not.
        detail["gift"] = {"giver": order.gift.giver, "anonymous": order.gift.anonymous}
    return Intent(
        key=order.key,
        citizen=order.concerned,
        ducats=order.ducats,
        cause=order.cause,
        detail=detail,
        refuse_twin_since=order.refuse_twin_since,
        amends=order.amends,
        overrides=order.overrides,
    )


def give_up(jobs: Iterable[OrderInProgress], error: CascadeError) -> None:
    """Record the error: nothing more can be done for these jobs now."""
    for job in jobs:
        job.error = error


def take(action: Action, jobs: Sequence[OrderInProgress], rows: Sequence[Stratagem]) -> None:
    """Update the jobs with the rows that Airtable returned."""
    by_key = {row.stratagem_id: row for row in rows}
    by_record = {row.record_id: row for row in rows}
    for job in jobs:
        is_new = action is Action.CREATE
        row = by_key.get(job.order.key) if is_new else by_record.get(job.target.record_id)
        if row is not None:
            others = (other for other in job.rows if other.record_id != row.record_id)
            job.rows = (*others, row)
            job.wrote.add(action)


def delivery_of(job: OrderInProgress) -> Delivery:
    """The order's result."""
    order, step, row = job.order, job.step, (job.rows[0] if job.rows else None)
    if isinstance(step, End):
        if step.verdict is OrderVerdict.BLOCKED:
            return Delivery(order, Result.BLOCKED, step.why, step.row, hint=step.hint)
        if step.verdict is OrderVerdict.ENDED:
            return Delivery(order, Result.RETIRED, "it will not arrive", step.row)
        is_ended = job.wrote <= {Action.EXPIRE, Action.RETIRE}
        result = Result.RETIRED if is_ended else Result.CREDITED
        result = result if job.wrote else Result.ALREADY
        return Delivery(order, result, step.verdict.value.replace("_", " "), step.row)
    if isinstance(step, Wait) and step.refused:
        return _refused(order, step.refused, step.until)
    if isinstance(step, Wait):
        why = "a write may or may not have been applied"
        return Delivery(order, Result.UNFINISHED, why, row, finish_at=step.until, error=job.error)
    error = job.error or AnswerError("Nothing could be done.")
    result = Result.BUSY if isinstance(error, LockedError) else Result.FAILED
    return Delivery(order, result, error.message, row, hint=error.hint, error=error)


def _refused(order: Order, row: Stratagem, until: datetime) -> Delivery:
    """The write is known to have been applied, and the engine refused the transfer."""
    name = row.name
    why = f"the engine refused it: {row.failure_text.rstrip('.')}"
    hint = (
        "No ducats moved. Remove the cause, then give the same command again after "
        f"{format_moment(until)}. See: {explain(name).command}"
    )
    error = EngineRefusedError(f"{name}: {why}.", hint)
    return Delivery(order, Result.FAILED, why, row, hint=hint, error=error)


_NOT_HELD = {
    ClaimState.BUSY: (Result.BUSY, "another worker is working on it", "Run it again later."),
    ClaimState.CONFLICT: (
        Result.REFUSED,
        "its key already stands for another citizen or amount",
        "A key means one transfer for ever: use another reference for another one.",
    ),
    ClaimState.OVER_LIMIT: (
        Result.REFUSED,
        "the day's limit of ducats is reached",
        "{left} ducats are left today (UTC); CASCADE_MAX_DUCATS_PER_DAY sets the limit; to allow "
        "it this once, put CASCADE_MAX_DUCATS_PER_DAY={needed} before the command.",
    ),
    ClaimState.TWIN: (
        Result.REFUSED,
        "the same credit was made within a day",
        "If that credit was interrupted, finish it: give what follows cascade_manual_ in its key "
        "as --reference. To give the same ducats a second time, add --again or a new --reference.",
    ),
}


def not_held(order: Order, claim: Claim) -> Delivery:
    """The result of an order whose key could not be claimed."""
    result, why, hint = _NOT_HELD[claim.state]
    why = f"{why}: {claim.other}" if claim.other else why
    left, needed = claim.ducats_left_today or ZERO, claim.limit_needed or ZERO
    hint = hint.format(left=format_ducats(left), needed=format_ducats(needed))
    if order.charge and claim.state is ClaimState.CONFLICT:
        hint = f"To see what it still lacks: {explain(order.charge.payment_id).command}"
    return Delivery(order, result, why, hint=hint, claim=claim.state)
