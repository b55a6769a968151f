"""What to do next so that one order becomes exactly one transfer.

The promise in one page
-----------------------
* An order's key is its StratagemId, for ever. A worker must hold the journal's claim of that key;
  meanwhile no other worker touches it.
* The next step is chosen here, from a fresh reading of all rows that belong to the order, and from
  nothing else. A row whose ducats moved, may have moved or are on their way ends the matter.
* A transfer is made in two writes: it is created `planned`, which the engine ignores, then
  activated by its record id. Creating twice by accident makes two planned rows, of which only one
  is ever activated. Activating twice changes nothing.
* Each write is journaled before it is sent, is sent once, and leaves this process within
  `SEND_WITHIN` of the journal entry. If nobody knows whether it was applied, nothing is written
  for that key until `FATE_BOUND` after the entry, the longest time in which it can still be
  applied. Then the rows are read again, and what the base shows is true.
* A reading may be just as old: nothing promises that Airtable shows at once what it has accepted.
  So if the rows do not show the journal's last write, we wait just as long. Without the wait, an
  executed row that is still shown as it was before its activation would be activated again.
* A dead row is revived in place, never replaced: a second row would become a second transfer as
  soon as somebody runs the first one by hand. If only its expiry has passed, only its expiry is
  written. Status of an active row is never written, so that a row executed in that very moment is
  not set back.
* An active row that would run out before the engine's next run gets a later expiry as well.
  Without it, a transfer reported as under way would never arrive. The exception is a repair that
  ends the surplus of a payment that is disputed or was not paid for in full.
* A surplus active row is taken out of the engine's way by its expiry, for the same reason: setting
  it to cancelled could hide that it was executed in that moment.
* A transfer that must no longer arrive, because the money went back, is ended in the same way. If
  it was executed all the same, the rows show that, and an order with its own key takes the ducats
  back.
* If ducats may already have moved, only a person may act. What the engine said of a row stays in
  its Notes when the row is revived, so that nobody forgets that they may have moved.
* A dead row says nothing about another row that the engine was given and that no longer exists. The
  journal, and the run that saw it executed, remember that row, and nothing is written.
* A person may have found that a doubtful row moved nothing. Then its Notes are rewritten, and keep
  what the engine had said of it apart: only what the engine says from then on counts.
* If a person decided to give ducats beside a payment's own transfer, that blocks the payment's own
  transfer too.
* Only the processor's own rows are written. A row that another processor pays has paid the citizen
  if it was executed. If it was not, or if a late row of the legacy connector may be the payment's
  own, nothing is written until a person has looked and decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.orders import Order, Override, credit_although
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.stratagems import MAY_HAVE_MOVED, MAY_STILL_MOVE, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import REASON_REST
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment

SEND_WITHIN = timedelta(seconds=10)
FATE_BOUND = timedelta(seconds=120)


class Action(StrEnum):
    """A write to Venice's base."""

    CREATE = "create"
    ACTIVATE = "activate"
    EXTEND = "extend"
    """Only the expiry of an active row that ran out, or would before the engine's next run."""
    REWRITE = "rewrite"
    """Make a dead row what the order wants: citizen, Notes, expiry and status."""
    EXPIRE = "expire"
    """End an active row that must not run: set its expiry to the present."""
    RETIRE = "retire"
    """The same for a surplus row: another row is due, or was executed."""
    NOTIFY = "notify"


class OrderVerdict(StrEnum):
    """The state of an order when nothing is left to write."""

    EXECUTED = "executed"
    UNDER_WAY = "under_way"
    """Active: the engine takes it at its next run."""
    BLOCKED = "blocked"
    """Only a person can decide."""
    ENDED = "ended"
    """It must no longer arrive, and it has no row left that the engine would take."""


@dataclass(frozen=True)
class Write:
    """The next write; `row` is the record it changes, None for a new one."""

    action: Action
    row: Stratagem | None = None


@dataclass(frozen=True)
class Wait:
    """Nothing may be written before `until`: an earlier write may still be applied.

    `refused` is the row that the engine has refused since then, if the rows show one.
    """

    until: datetime
    refused: Stratagem | None = field(default=None, compare=False)


@dataclass(frozen=True)
class End:
    """Nothing is left to write."""

    verdict: OrderVerdict
    row: Stratagem | None = None
    why: str = ""
    hint: str = ""


Step = Write | Wait | End


def next_step(
    order: Order,
    rows: Sequence[Stratagem],
    now: datetime,
    last: Attempt | None = None,
    *,
    due: datetime | None = None,
    unclear: Sequence[Stratagem] = (),
) -> Step:
    """The one thing to do, given all rows that belong to the order and the last attempt.

    `due` is when the engine runs next; None leaves live rows to their expiry. `unclear` are rows
    that may turn out to belong to the order as well.
    """
    if order.ends:
        return _ending(order, rows, now, last)
    return _delivering(order, rows, now, last, due, unclear=unclear)


def _delivering(
    order: Order,
    rows: Sequence[Stratagem],
    now: datetime,
    last: Attempt | None,
    due: datetime | None,
    *,
    unclear: Sequence[Stratagem],
) -> Step:
    # A correction that came to nothing is revived by the decision behind it, not by this order.
    moving = [r for r in rows if r.state(now) in MAY_STILL_MOVE]
    rows = [r for r in rows if r in moving or not r.corrects or r.stratagem_id == order.key]
    surplus = _surplus(order, rows, now) if order.retire_surplus else ()
    end = None if surplus else _end(order, rows, now)
    lapsing = None if order.lets_lapse else _lapsing(end, rows, now, due)
    if end and not lapsing:
        return end
    doubts = [*(row for row in rows if row.other_processor), *unclear]
    own = [row for row in rows if not row.other_processor]
    if lapsing:
        step: Step = Write(Action.EXTEND, lapsing)
    elif surplus:
        step = Write(Action.RETIRE, surplus[0])
    elif order.retire_surplus:
        why = "none of its stratagems is under way any more: the next reconcile says what is left"
        return End(OrderVerdict.BLOCKED, rows[0] if rows else None, why)
    elif doubts and Override.AMBIGUOUS not in order.overrides:
        return _ambiguous(order, doubts)
    else:
        step = _revive(order, own) if own else _create(last, now)
    if last and isinstance(step, Write) and _holds_back(last, step, order, own, now):
        return Wait(last.at + FATE_BOUND, _refused(order, last, own, now))
    if isinstance(step, Write) and not (lapsing or surplus):
        return _vanished(order, own, last) or step
    return step


def _vanished(order: Order, rows: Sequence[Stratagem], last: Attempt | None) -> End | None:
    """A row that the engine was given, or that a run saw executed, no longer exists."""
    past = PastDelivery(last, order.settled_until)
    if not past.is_missed_by(rows):
        return None
    said = "; ".join(past.evidence())
    why = f"the base no longer shows its stratagem: {said}. {_LOST}"
    return End(OrderVerdict.BLOCKED, rows[0] if rows else None, why)


def ambiguity(order: Order, rows: Sequence[Stratagem]) -> str:
    """Why a person has to look at these rows before anything is delivered beside them."""
    names = ", ".join(f"{row.name} ({row.status})" for row in rows)
    whose = "another processor pays it" if rows[0].other_processor else "it names no payment"
    if rows[0].mentions:
        by = f" by {rows[0].made_by}" if rows[0].made_by else ""
        whose = f"a credit by hand{by}, made {format_moment(rows[0].created_at)}: {rows[0].reason}"
    paid = order.charge.payment_id if order.charge else order.key
    return f"{names} may already be the transfer for {paid}: {whose}"


def _ambiguous(order: Order, rows: Sequence[Stratagem]) -> End:
    """Nothing of the order is under way, but these rows may be, or become, its transfer."""
    why = ambiguity(order, rows)
    if order.charge is None:
        return End(OrderVerdict.BLOCKED, rows[0], why, "Find out who made it first.")
    told = command("explain", order.charge.payment_id)
    deliver = credit_although(
        order.overrides | {Override.AMBIGUOUS},
        order.charge.payment_id,
        order.citizen,
        format_ducats(order.ducats),
        order.reason,
    )
    hint = f"First check whether it is this payment's: {told}. If it is not: {deliver}"
    return End(OrderVerdict.BLOCKED, rows[0], why, hint)


def _refused(
    order: Order, last: Attempt, rows: Sequence[Stratagem], now: datetime
) -> Stratagem | None:
    """The row that the engine has refused since it was released, if it is as the order wants it.

    After a rewrite whose fate is unknown, nobody can tell: the row may have been refused before the
    rewrite.
    """
    let_go = {Action.ACTIVATE, Action.EXTEND, Action.NOTIFY}
    if last.action not in let_go and (last.action, last.fate) != (Action.REWRITE, Fate.APPLIED):
        return None
    failed = (r for r in rows if r.status == "failed" and r.state(now) is State.FAILED)
    return next((row for row in failed if row.failure_text and _fits(order, row)), None)


def _ending(order: Order, rows: Sequence[Stratagem], now: datetime, last: Attempt | None) -> Step:
    """What is left to write so that nothing of the order arrives; unless it has arrived, or may
    have."""
    end = _end(order, rows, now)
    if end and end.row and (state := end.row.state(now)) in MAY_HAVE_MOVED:
        return end if state is State.DOUBTFUL else End(OrderVerdict.EXECUTED, end.row)
    live = [row for row in rows if row.state(now) is State.LIVE]
    # We cannot call it ended while a write that reactivates a row may still be in flight.
    step = Write(Action.EXPIRE, live[0]) if live else Write(Action.REWRITE)
    shown = not live and last and (last.action, last.fate) == (Action.EXPIRE, Fate.APPLIED)
    if last and not shown and _holds_back(last, step, order, rows, now):
        return Wait(last.at + FATE_BOUND)
    return step if live else End(OrderVerdict.ENDED, rows[0] if rows else None)


def _surplus(order: Order, rows: Sequence[Stratagem], now: datetime) -> tuple[Stratagem, ...]:
    """Live rows beyond the one that is due; none if anything about the rows is uncertain."""
    moving = [row for row in rows if row.state(now) in MAY_STILL_MOVE]
    if any(row.state(now) is State.DOUBTFUL or not _fits(order, row) for row in moving):
        return ()
    live = tuple(row for row in moving if row.state(now) is State.LIVE)
    return live if len(live) < len(moving) else live[1:]


def _lapsing(
    end: End | None, rows: Sequence[Stratagem], now: datetime, due: datetime | None
) -> Stratagem | None:
    """The only live row, if it runs out before the engine's next run."""
    live = [row for row in rows if row.state(now) is State.LIVE]
    if due is None or end is None or end.verdict is not OrderVerdict.UNDER_WAY or len(live) > 1:
        return None
    expires_at = live[0].expires_at
    return live[0] if expires_at and expires_at <= due else None


def _holds_back(
    last: Attempt, step: Write, order: Order, rows: Sequence[Stratagem], now: datetime
) -> bool:
    """Whether the last attempt may still be applied, or was applied but is not shown by `rows`.

    A create whose row is there has been seen. A new expiry harms no row, so it waits only for a
    write that may still be applied. A citizen is told after the write that released the row to the
    engine, whatever became of the telling.
    """
    if now >= last.at + FATE_BOUND:
        return False
    if last.action == Action.CREATE and any(row.stratagem_id == order.key for row in rows):
        return False
    if step.action in {Action.EXTEND, Action.EXPIRE, Action.RETIRE}:
        return last.fate is Fate.UNKNOWN and last.action != Action.NOTIFY
    return last.action == Action.NOTIFY or last.fate is not Fate.REFUSED


def _end(order: Order, rows: Sequence[Stratagem], now: datetime) -> End | None:
    """The verdict given by a row whose ducats moved, may have moved or are on their way, if there
    is one."""
    gravest_first = (State.DOUBTFUL, State.EXECUTED, State.LIVE)
    moving = [(row, state) for state in gravest_first for row in rows if row.state(now) is state]
    if not moving:
        return None
    row, state = moving[0]
    if state is State.DOUBTFUL:
        return End(OrderVerdict.BLOCKED, row, f"{row.stratagem_id} is {row.status}: {row.doubt}")
    if not (_fits(order, row) or _is_rest(order, row)):
        amount = format_ducats(row.ducats) if row.ducats else "an unreadable number of"
        why = f"{row.stratagem_id} is {row.status} for {amount} ducats {row.whom}"
        return End(OrderVerdict.BLOCKED, row, f"{why}, not {order.summary}")
    if state is State.EXECUTED:
        return End(OrderVerdict.EXECUTED, row)
    return End(OrderVerdict.UNDER_WAY, row)


def _is_rest(order: Order, row: Stratagem) -> bool:
    """It is the payment's transfer from a time when some money was gone that has come back since.
    What it lacks is given later, like ducats that were wrongly taken back."""
    charge = order.charge
    went = charge is not None and (charge.refunds or charge.disputed)
    is_part = row.ducats is not None and row.ducats < order.ducats
    same = (row.payer, row.citizen) == (order.payer, order.citizen)
    return bool(went) and row.reason == REASON_REST and is_part and same


def _create(last: Attempt | None, now: datetime) -> Step:
    """There is no row. If the journal knows of one, Airtable may be slow to show it, or it was
    deleted."""
    if last is None or (last.action == Action.CREATE and last.fate is not Fate.APPLIED):
        return Write(Action.CREATE)
    if now < last.at + FATE_BOUND:
        return Wait(last.at + FATE_BOUND)
    why = f"a stratagem was written at {format_moment(last.at)}, and the base no longer shows it"
    return End(OrderVerdict.BLOCKED, None, f"{why}. {_LOST}")


_LOST = (
    "It may have been executed before it vanished. Restore the row in Airtable; or, if the "
    "citizen's balance shows that the ducats never came, credit them by hand with a --reference"
)


def _revive(order: Order, rows: Sequence[Stratagem]) -> Write:
    """All rows are dead: revive one.

    A row that has left `planned` is revived before another one may leave it. Of several, take the
    one that fits best, then the oldest.
    """
    begun = [row for row in rows if row.status != "planned"] or list(rows)
    fitting = [row for row in begun if _fits(order, row)]
    row = (fitting or begun)[0]
    if row not in fitting or not row.is_parsable or row.ruling:
        # The engine fails a row that has its own words behind the JSON, so such a row needs new
        # Notes.
        return Write(Action.REWRITE, row)
    alone = {"planned": Action.ACTIVATE, "active": Action.EXTEND}
    return Write(alone.get(row.status, Action.REWRITE), row)


def _fits(order: Order, row: Stratagem) -> bool:
    return (row.payer, row.citizen, row.ducats) == (order.payer, order.citizen, order.ducats)
