"""Venice's side: transfers as they stand in its base, and what each state means for money.

`STATES` is the one table by which everybody decides what may still become of a transfer's ducats.
Doubt belongs to the whole history of a row: what the engine once noted still counts when a later
run, or a person, has changed Status since.
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
    """The engine passes it over, now and at every run to come."""
    FAILED = "failed"
    """The engine gave up before any ducats moved."""
    DOUBTFUL = "doubtful"
    """They may have moved: only a person can tell."""


class Failure(StrEnum):
    """Why the engine gave up, as its error text tells."""

    MALFORMED = "malformed"
    """Notes or amount could not be used; the row needs new Notes."""
    SENDER_MISSING = "sender missing"
    RECEIVER_MISSING = "receiver missing"
    NO_FUNDS = "no funds"
    UNCERTAIN = "uncertain"
    """It broke off somewhere between the first balance and the last."""


class Trace(StrEnum):
    """The gravest thing that the engine has ever noted about a transfer."""

    NOTHING = "nothing"
    REFUSED = "refused"
    """Each run gave up before any ducats moved."""
    UNKNOWN_LINE = "unknown line"
    """A dated line that no version of the engine is known to write."""
    DONE = "done"
    """One run noted a finished transfer."""
    UNCERTAIN = "uncertain"
    """A run broke off where ducats may have moved, or two runs finished."""


class Ruling(StrEnum):
    """What a person found out about a row that nobody could tell of."""

    MOVED = "moved"
    NOT_MOVED = "not_moved"


RETURNING = frozenset({Origin.REFUND, Origin.GIVE_BACK})
CORRECTING = frozenset({Origin.CORRECTION, Origin.TAKE_BACK})
TAKING = frozenset({Origin.REFUND, Origin.TAKE_BACK})
"""These go from a citizen to the processor."""
MAY_HAVE_MOVED = frozenset({State.EXECUTED, State.DOUBTFUL})
MAY_STILL_MOVE = MAY_HAVE_MOVED | {State.LIVE}
# Told to run a single row by its id, the engine heeds neither expiry nor Status.
MAY_BE_RUN = MAY_STILL_MOVE | {State.STALLED}


@dataclass(frozen=True, slots=True)
class Stratagem:
    """One `transfer_ducats` stratagem from the payment processor, or back to it.

    `citizen` receives the ducats and `payer` gives them; an empty `payer` is the processor.
    `status` is Venice's word; `ducats` is None where `notes_flaw` says why the amount could not
    be read. `failure` is the gravest cause that the engine ever noted, of equally grave ones the
    last, and `failure_text` its words. `success_logged` is true when the engine's line about a
    finished transfer stands in Notes, whatever Status says; `unknown_line` is a dated line that
    no engine is known to write. `stripe_ids` are the `pi_…` and `ch_…` that Notes names,
    `engine_log` is what the engine has added to Notes, what a revival kept of it included.
    `is_parsable` is false where text behind the JSON keeps the engine from reading it.
    `instead_of` is the citizen whom the payment names and in whose place a person put this one.
    `other_processor` is who stands in the processor's place where that is somebody else: another
    CASCADE_PROCESSOR, an older set-up, or a stranger. Of what is sold that is who pays it, of what
    is taken back who receives it.
    `ruling` is a person's word on a doubtful row, `ruled_log` what the engine had said of the row
    before a person found that it had moved nothing. `mentions` are payments that the reason or
    reference of a credit by hand speaks of. `made_by` is the person who decided on it, or credited
    it by hand. `overrides` are the guards that this person overruled.
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
        """What it is called: by its StratagemId, or where it has none, by its record."""
        return self.stratagem_id or self.record_id

    @property
    def concerned(self) -> str:
        """The citizen on the other side of the processor: who gives, else who receives."""
        return self.payer or self.citizen

    @property
    def whom(self) -> str:
        """The same behind a number of ducats: `to 'marco'`, or `from 'marco'`."""
        return f"{'from' if self.payer else 'to'} {self.concerned!r}"

    @property
    def portion(self) -> int | None:
        """Of a payment for many citizens, which portion it is for, by its ids."""
        names = (payment_id_in(self.stratagem_id) or "", *self.stripe_ids)
        return next((number for name in names if (number := portion_number(name))), None)

    @property
    def returns(self) -> bool:
        """It stands for a refund, in either direction, and not for anything sold."""
        return self.origin in RETURNING

    @property
    def corrects(self) -> bool:
        """A person decided on it: it makes good what another transfer did or failed to do."""
        return self.origin in CORRECTING

    @property
    def trace(self) -> Trace:
        """The gravest thing that the engine has noted, in this life of the row or an earlier."""
        if self.failure is Failure.UNCERTAIN:
            return Trace.UNCERTAIN
        if self.success_logged:
            return Trace.DONE
        if self.unknown_line:
            return Trace.UNKNOWN_LINE
        return Trace.REFUSED if self.failure else Trace.NOTHING

    @property
    def is_readable(self) -> bool:
        """The engine can read from its Notes how much to transfer."""
        return self.ducats is not None and self.is_parsable

    @property
    def has_moved(self) -> bool:
        """Its ducats moved at least once, as far as its record tells."""
        return self.status == "executed" or self.success_logged or self.executed_at is not None

    @property
    def doubt(self) -> str:
        """Why nobody can tell whether its ducats moved, or how often; of a doubtful row only."""
        if self.trace is Trace.UNCERTAIN:
            return self.failure_text or "the engine broke off, and does not say where"
        if self.status == "executed":
            return self.notes_flaw or "its ducats went to another than the processor"
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
            return self._unmoved_state(now)
        return self.unruled_state(now)

    def unruled_state(self, now: datetime) -> State:
        """The same by what the row itself tells."""
        state = self._state_by(self.trace, now)
        return _beside_the_processor(self, state) if self.other_processor else state

    def _unmoved_state(self, now: datetime) -> State:
        """Nothing that the engine noted counts any more; what it would do next does."""
        state = self._state_by(Trace.REFUSED, now)
        return state if state in {State.LIVE, State.STALLED} else State.FAILED

    def _state_by(self, trace: Trace, now: datetime) -> State:
        return _decided(
            self.status,
            trace,
            self.executed_at is not None,
            self.expires_at is not None and self.expires_at <= now,
            self.ducats is not None if self.status == "executed" else self.is_readable,
        )


def _beside_the_processor(stratagem: Stratagem, state: State) -> State:
    """Somebody else stands in the processor's place. What was executed has paid the citizen. What
    may yet be executed is not ours to count on, and what was taken back went to somebody else."""
    is_back = stratagem.origin in TAKING
    if state is State.LIVE or (state is State.EXECUTED and is_back):
        return State.DOUBTFUL
    return state


def possible_moves(rows: Iterable[Stratagem]) -> str:
    """What is known of the ducats of doubtful transfers, as the end of a sentence about them."""
    if all(row.has_moved for row in rows):
        return "moved at least once, and perhaps again"
    return "may or may not have moved"


_ANY = None
_PASSED_OVER = ("planned", "expired", "cancelled", "")
_T = Trace

# The first line that fits decides; `_ANY` fits everything. FACTS of the engine: it takes what is
# active and has not expired, a blank ExpiresAt included, and it reads Notes as JSON before anything
# else, so that a row with its own lines behind the JSON can only fail. Of an executed row the last
# column asks for the amount alone, since the engine's lines stand behind it rightly.
STATES: tuple[tuple[Any, Any, Any, Any, Any, State], ...] = (
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
    # Executed for an amount that nobody can read, failed without a reason, and words that no
    # engine writes.
    (_ANY, _ANY, _ANY, _ANY, _ANY, State.DOUBTFUL),
)


# A million rows have a handful of combinations.
@lru_cache(maxsize=1024)
def _decided(*seen: str | bool) -> State:
    return next(state for *row, state in STATES if all(map(_fits, row, seen)))


def _fits(wanted: Any, found: str | bool) -> bool:
    return wanted is _ANY or found == wanted or (isinstance(wanted, tuple) and found in wanted)
