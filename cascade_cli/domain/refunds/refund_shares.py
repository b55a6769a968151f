"""What a refund takes back, and what is still to do so that no ducats stay without their money.

Each refund and each dispute is one cause with one transfer: its share of the ducats, in proportion
to its cents. It is rounded down, so in the citizen's favour, and never more than all. Ducats that
were not delivered yet are withheld instead of taken back, for the oldest refund first. What is
written for them, and with which reason, is planned in `domain/discrepancies/refund_plan.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

from cascade_cli.domain.records.charges import Charge, Refund
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, State, Stratagem
from cascade_cli.domain.refunds.money_back import MoneyCause, within
from cascade_cli.domain.shop.keys import (
    Origin,
    give_back_key,
    refund_id_in,
    refund_key,
    taken_record_in,
)
from cascade_cli.domain.shop.money import MAX_DECIMALS, ZERO, exactly, is_exact

# The reason in Notes if only a part of what was sold is delivered.
REASON_REST = "Ducat purchase via CASCADE, refunded in part"
# Shares are rounded one by one, so their sum may fall short of the whole by this much.
ROUNDING_DUCATS = Decimal("0.0001")
_SMALLEST = Decimal(1).scaleb(-MAX_DECIMALS)


class Policy(StrEnum):
    """How much is taken back from a citizen who may have spent it."""

    ALL = "all"
    """All of it; the engine refuses while the citizen has less."""
    AVAILABLE = "available"
    """What the citizen has; the rest is a recorded debt."""
    NONE = "none"
    """Nothing; all of it is a recorded debt."""


class Refunding(StrEnum):
    """Who acts when Stripe reports that money went back."""

    MANUAL = "manual"
    """A person, by `cascade refund`."""
    AUTO = "auto"
    """Whichever process receives the event."""


class Disputing(StrEnum):
    """What becomes of ducats whose payment is disputed, until the dispute is decided."""

    SHOW = "show"
    """Nothing: the dispute is only shown."""
    HOLD = "hold"
    """Ducats that have not arrived are withheld."""


def share(ducats: Decimal, cents: int, whole_cents: int) -> Decimal:
    """The part of `ducats` in proportion to `cents` of `whole_cents`: all of them, or rounded down
    to what the engine's float can hold."""
    if cents <= 0 or whole_cents <= 0:
        return ZERO
    with exactly():
        portion = ducats if cents >= whole_cents else ducats * cents / whole_cents
        return floored(portion)


def floored(ducats: Decimal) -> Decimal:
    """The largest amount up to `ducats` that a float holds: with all its digits if possible, else
    with at most six decimals."""
    if is_exact(ducats):
        return ducats
    for decimals in range(MAX_DECIMALS, -1, -1):
        rounded = ducats.quantize(Decimal(1).scaleb(-decimals), ROUND_FLOOR)
        if is_exact(rounded):
            return rounded
    return ZERO


def without_dust(balance: Decimal) -> Decimal:
    """What may be taken of a citizen's balance. The engine's floats leave dust in it: nobody takes
    back the 16th decimal of a ducat."""
    with exactly():
        return balance.quantize(_SMALLEST, ROUND_FLOOR)


@dataclass(frozen=True)
class RefundShare:
    """One refund with its share, and what became of it; all in ducats.

    `due` is its share, zero if its money did not go back. `held` is what nobody has decided about.
    `withheld` never arrived. `taken` was executed, `given` was executed in the other direction,
    `under_way` is still to be executed. `lacking` was not delivered because of it, and is owed.
    `debt` is on record as not to be had from the citizen.
    """

    refund: Refund
    due: Decimal
    withheld: Decimal
    taken: Decimal
    given: Decimal
    under_way: Decimal
    written_off: Decimal
    rows: tuple[Stratagem, ...] = ()
    held: Decimal = ZERO
    lacking: Decimal = ZERO
    debt: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        """What is still to be taken back, beyond what is under way."""
        with exactly():
            gone = self.withheld + self.returned + self.under_way + self.written_off
            return max(ZERO, self.due - gone)

    @property
    def returned(self) -> Decimal:
        """Taken back and not given again."""
        return max(ZERO, self.taken - self.given)

    @property
    def completed(self) -> Decimal:
        """Given beyond what was taken, because only the rest had been delivered."""
        return max(ZERO, self.given - self.taken)

    @property
    def surplus(self) -> Decimal:
        """What is to be given to the citizen: what was taken for money that did not go back, or has
        come back since; and what is `lacking`."""
        with exactly():
            kept = max(ZERO, self.due + self.held - self.withheld)
            return max(ZERO, self.returned - kept) + self.lacking

    def next_key(self, now: datetime) -> str:
        """The key under which the next ducats come back.

        A row that moved nothing is revived. A new one is made only if all earlier rows were
        executed.
        """
        return self._next(refund_key, now)

    def next_give_back_key(self, now: datetime) -> str:
        """The key under which the next ducats are given back: a dispute can be lost and won more
        than once."""
        return self._next(give_back_key, now)

    def _next(self, key: Callable[[str, int], str], now: datetime) -> str:
        keys = [key(self.refund.id, 0)]
        # A spare row made by accident has the same key, and says nothing.
        executed = {row.stratagem_id for row in self.rows if row.state(now) is State.EXECUTED}
        while keys[-1] in executed:
            keys.append(key(self.refund.id, len(keys)))
        return keys[-1]


@dataclass(frozen=True)
class RefundAccount:
    """A charge with everything known of its money and ducats.

    `causes` are its refunds and disputes, oldest first. `sold` and `moving` are ducats; `moving`
    are those that moved or may still. `rows` return ducats. `written_off` maps refunds to ducats
    that nobody will take back, `debts` to ducats that could not be taken. `lacking` is what a
    delivered rest lacks.
    """

    charge: Charge
    causes: tuple[MoneyCause, ...]
    sold: Decimal
    moving: Decimal
    rows: tuple[Stratagem, ...] = ()
    written_off: Mapping[str, Decimal] = field(default_factory=dict)
    lacking: Decimal = ZERO
    debts: Mapping[str, Decimal] = field(default_factory=dict)

    def parts(self, now: datetime) -> tuple[RefundShare, ...]:
        """Each refund with its share, oldest first."""
        with exactly():
            parts = [self._part(cause, now) for cause in self.causes]
            completed = sum((part.completed for part in parts), ZERO)
            undelivered = max(ZERO, self.sold - self.moving - completed)
            withheld = within(undelivered, (part.due for part in parts))
            owed = within(self.lacking, map(self._never_due, parts))
            return tuple(
                replace(part, withheld=ducats, lacking=lacking)
                for part, ducats, lacking in zip(parts, withheld, owed, strict=True)
            )

    def _never_due(self, part: RefundShare) -> Decimal:
        """The part of its share that is not due, or no longer, and was not given yet."""
        whole = self._share(part.refund.amount_cents)
        return max(ZERO, whole - part.due - part.held - part.completed)

    def _share(self, cents: int) -> Decimal:
        return share(self.sold, cents, self.charge.captured_cents)

    def _part(self, cause: MoneyCause, now: datetime) -> RefundShare:
        refund = cause.refund
        rows = tuple(r for r in self.rows if refund_id_in(r.stratagem_id) == refund.id)
        taking = [row for row in rows if row.origin is Origin.REFUND]
        giving = [row for row in rows if row.origin is Origin.GIVE_BACK]
        return RefundShare(
            refund,
            due=self._share(cause.cents),
            withheld=ZERO,
            taken=in_states(taking, now, State.EXECUTED),
            given=in_states(giving, now, State.EXECUTED),
            under_way=in_states(taking, now, State.LIVE, State.DOUBTFUL),
            written_off=self.written_off.get(refund.id, ZERO),
            rows=rows,
            held=self._share(cause.held_cents),
            debt=self.debts.get(refund.id, ZERO),
        )


def in_states(rows: Iterable[Stratagem], now: datetime, *states: State) -> Decimal:
    """The ducats of the rows that are in one of the states."""
    with exactly():
        return sum((row.ducats or ZERO for row in rows if row.state(now) in states), ZERO)


def staying(row: Stratagem, takebacks: Iterable[Stratagem], now: datetime) -> Decimal:
    """A row's ducats without those that people took back, or that are on their way back."""
    of_it = (t for t in takebacks if taken_record_in(t.stratagem_id) == row.record_id)
    return max(ZERO, (row.ducats or ZERO) - in_states(of_it, now, State.EXECUTED, State.LIVE))


def taken_for(rows: Iterable[Stratagem], now: datetime) -> frozenset[str]:
    """The refunds and disputes for which ducats came back, or are on their way."""
    by_cause: dict[str, list[Stratagem]] = {}
    for row in rows:
        by_cause.setdefault(refund_id_in(row.stratagem_id) or "", []).append(row)
    return frozenset(
        cause
        for cause, of_cause in by_cause.items()
        if returned(of_cause, now) > 0
        or in_states((r for r in of_cause if r.payer), now, State.LIVE, State.DOUBTFUL)
    )


def returned(rows: Iterable[Stratagem], now: datetime) -> Decimal:
    """Ducats that came back for refunds, less those that were given again."""
    rows = tuple(rows)
    with exactly():
        taken = in_states((r for r in rows if r.origin is Origin.REFUND), now, State.EXECUTED)
        given = in_states((r for r in rows if r.origin is Origin.GIVE_BACK), now, State.EXECUTED)
        return taken - given


def returns_of(
    charges: Iterable[Charge], stratagems: Iterable[Stratagem]
) -> dict[str, tuple[Stratagem, ...]]:
    """By the charge's id, the rows that return its ducats, oldest first. Their Notes name the
    payment or its portion."""
    owners = {name: charge.id for charge in charges for name in (charge.payment_id, charge.id)}
    found: dict[str, list[Stratagem]] = {}
    for row in sorted(stratagems, key=lambda row: (row.created_at, row.record_id)):
        owner = next((owners[i] for i in row.stripe_ids if i in owners), None)
        if row.returns and owner:
            found.setdefault(owner, []).append(row)
    return {owner: tuple(rows) for owner, rows in found.items()}


def may_move(rows: Iterable[Stratagem], now: datetime) -> Decimal:
    """Ducats of rows that were executed, may have been, or may still be."""
    return in_states(rows, now, *MAY_STILL_MOVE)


def to_take(
    parts: Sequence[RefundShare], policy: Policy, available: Decimal, wanted: Decimal | None = None
) -> tuple[Decimal, ...]:
    """How much to take for each part now: by the policy, or `wanted` in all, oldest first.

    Never more than what is left of a part. Never more than the citizen has, except under the policy
    `all`.
    """
    available = without_dust(available)
    budget = {Policy.ALL: None, Policy.AVAILABLE: available, Policy.NONE: ZERO}[policy]
    if wanted is not None:
        budget = wanted if policy is Policy.ALL else min(wanted, available)
    taken = []
    with exactly():
        for part in parts:
            # Nothing more is taken while a row is under way; the rest follows afterwards.
            left = ZERO if part.under_way else part.left
            amount = floored(left if budget is None else min(left, max(budget, ZERO)))
            budget = None if budget is None else budget - amount
            taken.append(amount)
    return tuple(taken)
