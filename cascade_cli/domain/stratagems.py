"""Venice's side: transfers as they stand in its base, and what each state means for money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.keys import Origin, payment_id_in, portion_number


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


RETURNING = frozenset({Origin.REFUND, Origin.GIVE_BACK})
MAY_HAVE_MOVED = frozenset({State.EXECUTED, State.DOUBTFUL})
MAY_STILL_MOVE = MAY_HAVE_MOVED | {State.LIVE}


@dataclass(frozen=True, slots=True)
class Stratagem:
    """One `transfer_ducats` stratagem from the payment processor, or back to it.

    `citizen` receives the ducats and `payer` gives them; an empty `payer` is the processor.
    `status` is Venice's word; `ducats` is None where `notes_flaw` says why the amount could not
    be read. `success_logged` is true when the engine's line about a finished transfer stands in
    Notes, whatever Status says. `stripe_ids` are the `pi_…` and `ch_…` that Notes names,
    `engine_log` the text that the engine has added to Notes, `instead_of` the citizen whom the
    payment names and in whose place a person put this one. `other_processor` is who stands in the
    processor's place where that is somebody else: another CASCADE_PROCESSOR, an older set-up, or a
    stranger. Of what is sold that is who pays it, of what is taken back who receives it.
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
    notes_flaw: str = ""
    engine_log: str = ""
    payer: str = ""
    other_processor: str = ""

    @property
    def concerned(self) -> str:
        """The citizen on the other side of the processor: who gives, else who receives."""
        return self.payer or self.citizen

    @property
    def portion(self) -> int | None:
        """Of a payment for many citizens, which portion it is for, by its ids."""
        names = (payment_id_in(self.stratagem_id) or "", *self.stripe_ids)
        return next((number for name in names if (number := portion_number(name))), None)

    @property
    def returns(self) -> bool:
        """It stands for a refund, in either direction, and not for anything sold."""
        return self.origin in RETURNING

    def state(self, now: datetime) -> State:
        """What may still become of its ducats, seen at `now`."""
        state = self._state(now)
        return _beside_the_processor(self, state) if self.other_processor else state

    def _state(self, now: datetime) -> State:
        if self.status == "executed":
            # They moved; but if nobody can read how many, the case is open all the same.
            return State.DOUBTFUL if self.ducats is None else State.EXECUTED
        if self.success_logged:
            # Executed once and set back by somebody: it may run, or have run, a second time.
            return State.DOUBTFUL
        return _STATES.get(self.status, _state_unknown)(self, now)


def _beside_the_processor(stratagem: Stratagem, state: State) -> State:
    """Somebody else stands in the processor's place. What was executed has paid the citizen. What
    may yet be executed is not ours to count on, and what was taken back went to somebody else."""
    is_back = stratagem.origin is Origin.REFUND
    if state is State.LIVE or (state is State.EXECUTED and is_back):
        return State.DOUBTFUL
    return state


def _state_active(stratagem: Stratagem, now: datetime) -> State:
    """The engine lists what is active and expires in the future; nothing marks what it misses."""
    if stratagem.expires_at is None or stratagem.expires_at <= now:
        return State.STALLED
    # Live, but doomed: the engine cannot read how much to transfer.
    return State.LIVE if stratagem.ducats is not None else State.FAILED


def _state_failed(stratagem: Stratagem, _now: datetime) -> State:
    certain = stratagem.failure not in {None, Failure.UNCERTAIN}
    return State.FAILED if certain else State.DOUBTFUL


def _state_passed_over(_stratagem: Stratagem, _now: datetime) -> State:
    return State.STALLED


def _state_unknown(_stratagem: Stratagem, _now: datetime) -> State:
    """`error`, or a word that no version of the engine is known to write."""
    return State.DOUBTFUL


_STATES = {
    "active": _state_active,
    "failed": _state_failed,
    "planned": _state_passed_over,
    "expired": _state_passed_over,
    "cancelled": _state_passed_over,
    "": _state_passed_over,
}
