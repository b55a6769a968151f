"""Venice's side: transfers as its base shows them, and what each state means for money.

`STATE_TABLE` is the only table that decides what may still become of a transfer's ducats. It judges
the whole history of a row: what the engine once noted still counts when a later run, or a person,
has changed Status since.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from cascade_cli.domain.shop.keys import Origin, payment_id_in, portion_number


class State(StrEnum):
    """What may still become of a transfer's ducats."""

    EXECUTED = "executed"
    """They moved."""
    LIVE = "live"
    """The engine will take it at its next run."""
    STALLED = "stalled"
    """The engine passes over it, now and at every later run."""
    FAILED = "failed"
    """The engine gave up before any ducats moved."""
    DOUBTFUL = "doubtful"
    """They may have moved: only a person can tell."""


class Failure(StrEnum):
    """Why the engine gave up, according to its error text."""

    MALFORMED = "malformed"
    """Notes or amount could not be used; the row needs new Notes."""
    SENDER_MISSING = "sender missing"
    RECEIVER_MISSING = "receiver missing"
    NO_FUNDS = "no funds"
    UNCERTAIN = "uncertain"
    """It broke off somewhere between the first balance write and the last."""


class Trace(StrEnum):
    """The gravest thing that the engine ever noted about a transfer."""

    NOTHING = "nothing"
    REFUSED = "refused"
    """Each run gave up before any ducats moved."""
    UNKNOWN_LINE = "unknown line"
    """A dated line that no version of the engine is known to write."""
    DONE = "done"
    """Exactly one run noted a finished transfer."""
    UNCERTAIN = "uncertain"
    """A run broke off where ducats may have moved, or two runs finished."""


class Ruling(StrEnum):
    """What a person found out about a doubtful row."""

    MOVED = "moved"
    NOT_MOVED = "not_moved"


RETURNING = frozenset({Origin.REFUND, Origin.GIVE_BACK})
CORRECTING = frozenset({Origin.CORRECTION, Origin.TAKE_BACK})
TAKING = frozenset({Origin.REFUND, Origin.TAKE_BACK})
"""These go from a citizen to the processor."""
MAY_HAVE_MOVED = frozenset({State.EXECUTED, State.DOUBTFUL})
MAY_STILL_MOVE = MAY_HAVE_MOVED | {State.LIVE}
# If told to run a single row by its id, the engine ignores expiry and Status.
MAY_BE_RUN = MAY_STILL_MOVE | {State.STALLED}


@dataclass(frozen=True, slots=True)
class Stratagem:
    """One `transfer_ducats` stratagem from the payment processor, or back to it.

    `citizen` receives the ducats and `payer` gives them; an empty `payer` is the processor.
    `status` is Venice's word. `ducats` is None if the amount could not be read; `notes_flaw` then
    says why. `stripe_ids` are the `pi_…` and `ch_…` ids that Notes names. `instead_of` is the
    citizen whom the payment names, if a person replaced that one by `citizen`. `mentions` are
    payments that the reason or reference of a credit by hand mentions. `made_by` is the person who
    decided on the transfer or credited it by hand, `overrides` the guards that this person
    overruled.

    `failure` is the gravest cause that the engine ever noted (of equally grave ones the last), and
    `failure_text` the engine's words. `success_logged` is true if Notes contains the engine's line
    about a finished transfer, whatever Status says. `unknown_line` is a dated line that no engine
    is known to write. `engine_log` is what the engine added to Notes, including what a revival kept
    of it. `is_parsable` is false if text behind the JSON keeps the engine from reading it.

    `other_processor` is whoever takes the processor's place if that is somebody else: another
    CASCADE_PROCESSOR, an older set-up, or a stranger. That one pays what is sold, or receives what
    is taken back.

    `ruling` is a person's word on a doubtful row. `ruled_log` is what the engine had said of the
    row before a person found that it had moved nothing.
    """

    record_id: str
    stratagem_id: str
    citizen: str
    ducats: Decimal | None
    status: str
    created_at: datetime
    expires_at: datetime | None
    executed_at: datetime | None = None
    origin: Origin = Origin.OTHER
    stripe_ids: tuple[str, ...] = ()
    reason: str = ""
    instead_of: str = ""
    failure: Failure | None = None
    failure_text: str = ""
    success_logged: bool = False
    unknown_line: str = ""
    is_parsable: bool = True
    notes_flaw: str = ""
    engine_log: str = ""
    payer: str = ""
    other_processor: str = ""
    ruling: Ruling | None = None
    ruled_log: str = ""
    mentions: tuple[str, ...] = ()
    made_by: str = ""
    overrides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its StratagemId, or its record id if it has none."""
        return self.stratagem_id or self.record_id

    @property
    def concerned(self) -> str:
        """The citizen who deals with the processor: the payer if there is one, else the
        recipient."""
        return self.payer or self.citizen

    @property
    def whom(self) -> str:
        """That citizen as the end of a phrase: `to 'marco'`, or `from 'marco'`."""
        return f"{'from' if self.payer else 'to'} {self.concerned!r}"

    @property
    def portion(self) -> int | None:
        """Which portion of a payment for many citizens it is for, according to its ids; None if
        none."""
        names = (payment_id_in(self.stratagem_id) or "", *self.stripe_ids)
        return next((number for name in names if (number := portion_number(name))), None)

    @property
    def returns(self) -> bool:
        """It belongs to a refund, in either direction, and not to a sale."""
        return self.origin in RETURNING

    @property
    def corrects(self) -> bool:
        """A person decided on it: it makes up for what another transfer did or failed to do."""
        return self.origin in CORRECTING

    @property
    def trace(self) -> Trace:
        """The gravest thing that the engine noted, in this life of the row or an earlier one."""
        if self.failure is Failure.UNCERTAIN:
            return Trace.UNCERTAIN
        if self.success_logged:
            return Trace.DONE
        if self.unknown_line:
            return Trace.UNKNOWN_LINE
        return Trace.REFUSED if self.failure else Trace.NOTHING

    @property
    def has_moved(self) -> bool:
        """Its ducats moved at least once, as far as the record shows."""
        return self.status == "executed" or self.success_logged or self.executed_at is not None

    @property
    def doubt(self) -> str:
        """For a doubtful row: why nobody can tell whether, or how often, its ducats moved."""
        if self.trace is Trace.UNCERTAIN:
            return self.failure_text or "the engine broke off, and does not say where"
        if self.status == "executed":
            return self.notes_flaw or "its ducats went to somebody other than the processor"
        if self.trace is Trace.DONE:
            return "its Notes say that the transfer was done, and its Status says otherwise"
        if self.executed_at:
            return "it has an ExecutedAt: it was executed once, whatever its Status says"
        if self.trace is Trace.UNKNOWN_LINE:
            return f"its Notes hold a line that no engine is known to write: {self.unknown_line}"
        return f"its Status is {self.status!r}, and nothing says why"

    def state(self, now: datetime) -> State:
        """What may still become of its ducats, seen at `now`."""
        if self.ruling is Ruling.MOVED:
            return State.EXECUTED
        if self.ruling is Ruling.NOT_MOVED:
            # What the engine noted counts no more, only what it would do next.
            state = self._state_by(Trace.REFUSED, now)
            return state if state in {State.LIVE, State.STALLED} else State.FAILED
        return self.unruled_state(now)

    def unruled_state(self, now: datetime) -> State:
        """The state without any person's ruling."""
        state = self._state_by(self.trace, now)
        return _beside_the_processor(self, state) if self.other_processor else state

    def _state_by(self, trace: Trace, now: datetime) -> State:
        return _decided(
            self.status,
            trace,
            self.executed_at is not None,
            self.expires_at is not None and self.expires_at <= now,
            self.ducats is not None and (self.status == "executed" or self.is_parsable),
        )


def _beside_the_processor(stratagem: Stratagem, state: State) -> State:
    """The state of a transfer in which somebody else takes the processor's place.

    If it was executed, the citizen has been paid. If it may yet be executed, we cannot count on it.
    What was taken back went to somebody else.
    """
    is_back = stratagem.origin in TAKING
    if state is State.LIVE or (state is State.EXECUTED and is_back):
        return State.DOUBTFUL
    return state


def possible_moves(rows: Iterable[Stratagem]) -> str:
    """What is known about the ducats of doubtful transfers, as the end of a sentence."""
    if all(row.has_moved for row in rows):
        return "moved at least once, and perhaps again"
    return "may or may not have moved"


_ANY = None
_PASSED_OVER = ("planned", "expired", "cancelled", "")
_T = Trace

# The first line that fits decides; `_ANY` fits everything. FACTS of the engine: it takes active
# rows that have not expired, including those with a blank ExpiresAt. It reads Notes as JSON before
# anything else, so a row with the engine's own lines behind the JSON can only fail. For an executed
# row the last column is about the amount alone, since the engine's lines belong behind the JSON
# then.
STATE_TABLE: tuple[tuple[Any, Any, Any, Any, Any, State], ...] = (
    # Status,      engine noted,      ExecutedAt, expired, readable
    (_ANY, _T.UNCERTAIN, _ANY, _ANY, _ANY, State.DOUBTFUL),
    ("executed", _ANY, _ANY, _ANY, True, State.EXECUTED),
    (_ANY, _T.DONE, _ANY, _ANY, _ANY, State.DOUBTFUL),
    (_ANY, _T.UNKNOWN_LINE, _ANY, _ANY, _ANY, State.DOUBTFUL),
    (_ANY, _ANY, True, _ANY, _ANY, State.DOUBTFUL),
    ("active", _ANY, _ANY, False, True, State.LIVE),
    ("active", _ANY, _ANY, False, False, State.FAILED),
    ("active", _ANY, _ANY, True, _ANY, State.STALLED),
    ("failed", _T.REFUSED, _ANY, _ANY, _ANY, State.FAILED),
    (_PASSED_OVER, _ANY, _ANY, _ANY, _ANY, State.STALLED),
    # An executed row with an unreadable amount, a failed one without a reason, and any Status that
    # no engine writes.
    (_ANY, _ANY, _ANY, _ANY, _ANY, State.DOUBTFUL),
)


# A million rows have only a handful of combinations.
@lru_cache(maxsize=1024)
def _decided(*seen: str | bool) -> State:
    return next(state for *row, state in STATE_TABLE if all(map(_fits, row, seen)))


def _fits(wanted: Any, found: str | bool) -> bool:
    return wanted is _ANY or found == wanted or (isinstance(wanted, tuple) and found in wanted)
