"""One charge with everything known about its delivery, and where its ducats are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from cascade_cli.domain.matching.matching import Match, Rule
from cascade_cli.domain.records.charges import Charge, Dispute
from cascade_cli.domain.records.citizens import identity_doubt
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.orders import Override
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.stratagems import MAY_BE_RUN, MAY_STILL_MOVE, State, Stratagem
from cascade_cli.domain.refunds.money_back import MoneyBack, money_back
from cascade_cli.domain.refunds.refund_shares import (
    REASON_REST,
    ROUNDING_DUCATS,
    in_states,
    returned,
    share,
    taken_for,
)
from cascade_cli.domain.selling.price_guard import PriceFlaw, PriceObjection, price_objection
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import Schedule
from cascade_cli.domain.shop.keys import taken_record_in
from cascade_cli.domain.shop.money import ZERO


@dataclass(frozen=True)
class Decided:
    """What people decided, according to the journal.

    `written_off` maps refunds to ducats that nobody will take back. `debts` maps payments to ducats
    that could not be taken back and were recorded as a debt. `decisions` has the newest decision
    about each case, by payment or by the transfer's record. `settling` maps payments to the records
    that people say belong to them.
    """

    written_off: Mapping[str, Decimal] = field(default_factory=dict)
    debts: Mapping[str, Decimal] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    settling: Mapping[str, frozenset[str]] = field(default_factory=dict)


NOTHING_DECIDED = Decided()


@dataclass(frozen=True)
class Terms:
    """What a run judges by: the moment, the grace time for young charges, the engine's schedule,
    the prices and people's decisions. If `takes_back_on_refund` is false, the policy leaves ducats
    with the citizens."""

    now: datetime
    grace: timedelta
    schedule: Schedule
    prices: PriceList
    decided: Decided = field(default_factory=Decided)
    takes_back_on_refund: bool = True


@dataclass(frozen=True)
class MatchedCharge:
    """A charge, its matches and what was looked up about it.

    `citizen_exists` is None if nobody asked. `similar_citizens` are names that look like the
    charge's citizen but differ. `processor_ducats` is what the payer has, or None. `returns` are
    the transfers that took its ducats back for refunds, or gave them again. `late` are legacy rows
    for its citizen and amount, made after it, that may be its own: no payment surely owns them.
    `past` is what is remembered of its delivery if it has no stratagem, or only stratagems that
    move nothing.
    """

    charge: Charge
    matches: tuple[Match, ...]
    terms: Terms
    citizen_exists: bool | None = None
    similar_citizens: tuple[str, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    processor_ducats: Decimal | None = None
    returns: tuple[Stratagem, ...] = ()
    citizen_since: datetime | None = None
    """When the record of the citizen of that name was made, if that was looked up."""
    late: tuple[Stratagem, ...] = ()
    past: PastDelivery = NOTHING_PAST
    foreign_records: frozenset[str] = frozenset()
    """Record ids known to belong to other payments. Needed only to make an order."""
    corrections: tuple[Stratagem, ...] = ()
    """What people decided to give beside its own transfers, and transfers that people say are its
    own."""
    takebacks: tuple[Stratagem, ...] = ()
    """What people decided to take back of any of these transfers."""
    mentioned: tuple[Stratagem, ...] = ()
    """Credits by hand that mention the payment. Nobody has said that they belong to it."""
    spoken_for: frozenset[str] = frozenset()
    """Records of `late` that an older payment lacks as well. The older payment comes first."""
    balances: Mapping[str, Decimal] = field(default_factory=dict)
    """What citizens have, as far as it was looked up."""

    @property
    def has_vanished(self) -> bool:
        """It had a stratagem that the base no longer shows.

        A charge whose money all went back before a transfer was made also leaves nothing open, so
        for such a charge the end of an earlier run proves nothing.
        """
        past = replace(self.past, settled_until=None) if self.is_void else self.past
        return not self.moving and not self.correcting and past.is_missed_by(self.stratagems)

    @cached_property
    def stratagems(self) -> tuple[Stratagem, ...]:
        """All matched stratagems, oldest first."""
        found = (match.stratagem for match in self.matches)
        return tuple(sorted(found, key=lambda s: (s.created_at, s.record_id)))

    @cached_property
    def by_state(self) -> dict[State, tuple[Stratagem, ...]]:
        """The stratagems in each state; every state is a key."""
        states = [(s.state(self.terms.now), s) for s in self.stratagems]
        return {state: tuple(s for st, s in states if st is state) for state in State}

    @cached_property
    def moving(self) -> tuple[Stratagem, ...]:
        """Stratagems whose ducats moved, may have, or may still, and that were not taken back."""
        return self._in_motion(self.stratagems)

    @cached_property
    def correcting(self) -> tuple[Stratagem, ...]:
        """The same for corrections."""
        return self._in_motion(self.corrections)

    def _in_motion(self, rows: Iterable[Stratagem]) -> tuple[Stratagem, ...]:
        found = (s for s in rows if s.state(self.terms.now) in MAY_STILL_MOVE)
        return tuple(s for s in found if not self.is_taken_back(s))

    def is_taken_back(self, row: Stratagem) -> bool:
        """Somebody decided to take it back, and all of it came back or is on its way."""
        is_concerned = any(taken_record_in(t.stratagem_id) == row.record_id for t in self.takebacks)
        return is_concerned and self.staying(row) <= ROUNDING_DUCATS

    @property
    def is_all_taken_back(self) -> bool:
        """It has transfers, and people decided to take back each of them."""
        return bool(self.matches) and all(map(self.is_taken_back, self.stratagems))

    def staying(self, row: Stratagem) -> Decimal:
        """A row's ducats without those that were taken back or are on their way back."""
        return self._less_taken(row, State.EXECUTED, State.LIVE)

    def _less_taken(self, row: Stratagem, *states: State) -> Decimal:
        taken = (t for t in self.takebacks if taken_record_in(t.stratagem_id) == row.record_id)
        return max(ZERO, (row.ducats or ZERO) - in_states(taken, self.terms.now, *states))

    @cached_property
    def taken_back(self) -> Decimal:
        """Ducats that came back because somebody decided so."""
        return in_states(self.takebacks, self.terms.now, State.EXECUTED)

    @property
    def carried(self) -> Decimal:
        """Ducats that all its transfers moved or may still move, without what people take back."""
        return sum((self.staying(s) for s in (*self.moving, *self.correcting)), ZERO)

    @property
    def carried_right(self) -> Decimal:
        """The same, only to the right citizen."""
        rows = (s for s in (*self.moving, *self.correcting) if self.is_right(s))
        return sum((self.staying(s) for s in rows), ZERO)

    @cached_property
    def unclear(self) -> tuple[Stratagem, ...]:
        """For a payment that was not delivered: transfers that may yet turn out to be its own.

        These are late ones of the legacy connector, dead ones that another processor pays, and
        credits by hand that mention the payment.
        """
        if self.moving or not self.uncovered:
            return ()
        strange = (s for s in self.stratagems if s.other_processor)
        return (*strange, *self.late, *(s for s in self.mentioned if self._may_be_its_own(s)))

    def _may_be_its_own(self, row: Stratagem) -> bool:
        return self.is_right(row) and row.state(self.terms.now) in MAY_BE_RUN

    @property
    def main_match(self) -> Match | None:
        """The match that says most about the ducats: one that moves them, else the latest."""
        last = [match for match in self.matches if match.stratagem is self.stratagems[-1]]
        return next((m for m in self.matches if m.stratagem in self.moving), None) or (
            last[0] if last else None
        )

    @cached_property
    def as_decided(self) -> Charge:
        """The charge, with what it fails to name filled in from the transfer made in its name.

        Only a person can credit a charge that has no usable citizen or amount, or whose citizen
        does not exist. The transfer under the charge's key shows what that person decided.
        """
        named = [
            match.stratagem
            for match in self.matches
            if match.rule in {Rule.KEY, Rule.NOTES} and match.stratagem in self.moving
        ]
        named += self.correcting
        # Nobody decides that the processor pays itself: the engine minted those ducats.
        found = [row for row in named if not self.is_minted(row)]
        if not found:
            minted = named[0].ducats if named else None
            return replace(self.charge, ducats=self.charge.ducats or minted)
        named = found
        replaced = self.charge.citizen in {None, named[0].instead_of}
        return replace(
            self.charge,
            citizen=named[0].citizen if replaced else self.charge.citizen,
            ducats=self.charge.ducats or named[0].ducats,
        )

    @property
    def is_unknown(self) -> bool:
        """Venice has no citizen of that name, and nobody has named another one instead."""
        return self.citizen_exists is False and self.as_decided.citizen == self.charge.citizen

    @property
    def is_attributable(self) -> bool:
        """It is known who should get how many ducats."""
        return bool(self.as_decided.citizen and self.as_decided.ducats)

    @property
    def is_young(self) -> bool:
        """Within the grace time, while the webhook may still credit it."""
        return self.terms.now < self.grace_ends

    @property
    def grace_ends(self) -> datetime:
        """From this moment on, an absent transfer counts as missing."""
        return self.charge.created_at + self.terms.grace

    @property
    def is_void(self) -> bool:
        """All money went back before any ducats could move, so nothing is owed."""
        is_still = not self.moving and not self.correcting
        return self.cents_back >= self.charge.captured_cents and is_still

    @cached_property
    def cents_back(self) -> int:
        """The money that went back: refunded, or lost in disputes."""
        return self.money.cents

    @cached_property
    def money(self) -> MoneyBack:
        """What became of the charge's money."""
        taken = taken_for(self.returns, self.terms.now)
        return money_back(self.charge, self.disputes, taken)

    @cached_property
    def due_back(self) -> Decimal:
        """The ducats that the money bought which went back."""
        if self.is_void:
            return self.as_decided.ducats or ZERO
        return self._share(self.cents_back)

    def _share(self, cents: int) -> Decimal:
        return share(self.as_decided.ducats or ZERO, cents, self.charge.captured_cents)

    @cached_property
    def withheld(self) -> Decimal:
        """The part of those ducats that never arrived, and is no longer owed."""
        return max(ZERO, min(self.due_back, self._undelivered))

    @cached_property
    def _undelivered(self) -> Decimal:
        return (self.as_decided.ducats or ZERO) - self.carried - self.completed

    @cached_property
    def returned(self) -> Decimal:
        """Ducats that came back for refunds, less those that were given again."""
        return max(ZERO, returned(self.returns, self.terms.now))

    @cached_property
    def completed(self) -> Decimal:
        """Ducats given for refunds beyond what was taken: only a rest had been delivered, and its
        money came back."""
        return max(ZERO, -returned(self.returns, self.terms.now))

    @cached_property
    def is_rest(self) -> bool:
        """It was refunded in part before delivery, and only the rest was delivered.

        It lacks at most the share of the money that refunds or disputes once claimed. It does not
        matter who made the row.
        """
        rows = self.moving
        if len(rows) > 1 and any(row.reason != REASON_REST for row in rows):
            return False
        most = self.sold + ROUNDING_DUCATS
        are_parts = all(self.is_right(row) and (row.ducats or ZERO) <= most for row in rows)
        short = self.sold - sum_ducats(rows) - self.completed
        return bool(rows) and are_parts and short <= self._once_back + ROUNDING_DUCATS

    @property
    def _once_back(self) -> Decimal:
        """The ducats' share of all refunds and disputes, less the share whose money is gone, and
        less what was given since."""
        causes = self.money.causes
        concerned = sum((self._share(cause.refund.amount_cents) for cause in causes), ZERO)
        return concerned - self._share(self.cents_back) - self.completed

    @cached_property
    def wrong_amount_rows(self) -> tuple[Stratagem, ...]:
        """Transfers to the right citizen for another amount than was sold."""
        return tuple(
            row
            for row in self.moving
            if self.is_right(row)
            and row.ducats is not None
            and abs(row.ducats - self.sold) > ROUNDING_DUCATS
            and not self._is_what_was_paid_for(row.ducats)
        )

    def _is_what_was_paid_for(self, ducats: Decimal) -> bool:
        """A person decided to give only what was paid for."""
        return bool(self.unpaid) and abs(self.sold - self.unpaid - ducats) <= ROUNDING_DUCATS

    @cached_property
    def lacking(self) -> Decimal:
        """What a delivered rest lacks, because money that had gone back has come back since."""
        if not self.is_rest or len(self.by_state[State.EXECUTED]) < len(self.moving):
            return ZERO
        return max(ZERO, self.outstanding - self._share(self.money.held_cents))

    @property
    def written_off(self) -> Decimal:
        """Ducats that people decided not to take back although their money is still gone."""
        off = self.terms.decided.written_off
        return sum(
            (
                min(off[cause.refund.id], self._share(cause.cents))
                for cause in self.money.causes
                if cause.refund.id in off
            ),
            ZERO,
        )

    @property
    def debt(self) -> Decimal:
        """What could not be taken back when it was tried: at most what is still to come back."""
        recorded = self.terms.decided.debts.get(self.charge.payment_id, ZERO)
        return min(recorded, self.to_return)

    def can_return(self, citizen: str) -> bool:
        """The citizen now has ducats that could be taken back."""
        has = self.balances.get(citizen, ZERO)
        return self.terms.takes_back_on_refund and has > ROUNDING_DUCATS

    @property
    def exposure(self) -> Decimal:
        """Ducats that were delivered but whose money is gone, neither returned nor written off."""
        return self._beyond(self.delivered_right + self.delivered_wrong)

    @property
    def to_return(self) -> Decimal:
        """Like `exposure`, but including ducats still to arrive, and without those on their way
        back."""
        coming = in_states((r for r in self.returns if r.payer), self.terms.now, State.LIVE)
        left = self._beyond(self.carried + self.completed) - coming
        return left if left > ROUNDING_DUCATS else ZERO

    @property
    def to_give_again(self) -> Decimal:
        """Ducats taken back for money that did not go back after all, and that are not on their way
        again."""
        going = in_states((r for r in self.returns if not r.payer), self.terms.now, State.LIVE)
        surplus = max(ZERO, self.returned - self._kept_back) + self.lacking - going
        return surplus if surplus > ROUNDING_DUCATS else ZERO

    @property
    def _kept_back(self) -> Decimal:
        """Ducats that may stay taken: those whose money went back, and those that nobody has
        decided about."""
        gone = self._share(self.money.cents + self.money.held_cents)
        return max(ZERO, gone - max(ZERO, self._undelivered))

    def _beyond(self, delivered: Decimal) -> Decimal:
        left = min(self.due_back - self.withheld, delivered) - self.returned - self.written_off
        return left if left > ROUNDING_DUCATS else ZERO

    @property
    def sold(self) -> Decimal:
        """The ducats that the charge entitles its citizen to; zero if that is unknown or void."""
        return (self.as_decided.ducats or ZERO) - self.withheld

    @cached_property
    def delivered_right(self) -> Decimal:
        """Ducats that reached the right citizen."""
        return self._delivered(right=True) + self.completed

    @cached_property
    def delivered_wrong(self) -> Decimal:
        """Ducats that reached somebody else."""
        return self._delivered(right=False)

    def _delivered(self, *, right: bool) -> Decimal:
        found = (s for s in self.executed if self.is_right(s) is right)
        return sum((self._less_taken(s, State.EXECUTED) for s in found), ZERO)

    @cached_property
    def executed(self) -> tuple[Stratagem, ...]:
        """All whose ducats moved, including corrections."""
        rows = (*self.stratagems, *self.corrections)
        return tuple(s for s in rows if s.state(self.terms.now) is State.EXECUTED)

    @property
    def settled(self) -> Decimal:
        """Delivered to the right citizen, up to what was sold."""
        return min(self.sold, self.delivered_right)

    @property
    def over_delivered(self) -> Decimal:
        """Delivered beyond what was sold, or to somebody else, and not taken back."""
        return sum_ducats(self.executed) + self.completed - self.taken_back - self.settled

    @property
    def outstanding(self) -> Decimal:
        """Sold and not known to have arrived."""
        return self.sold - self.settled

    @property
    def uncovered(self) -> Decimal:
        """Like `outstanding`, but without dust, and without what is on its way or may have moved by
        a correction. Nothing can be on its way to a citizen who does not exist."""
        going = () if self.is_unknown else self.moving
        live = (s for s in going if s in self.by_state[State.LIVE])
        still = (s for s in self.correcting if s not in self.executed)
        coming = (s for s in (*live, *still) if self.is_right(s))
        left = max(ZERO, self.outstanding - sum_ducats(coming))
        return left if left > self._tolerance else ZERO

    @property
    def is_outstanding(self) -> bool:
        """Something was sold and has not arrived. If anything was executed, dust does not count."""
        return self.outstanding > self._tolerance

    @property
    def _tolerance(self) -> Decimal:
        return ROUNDING_DUCATS if self.executed else ZERO

    @cached_property
    def price_objection(self) -> PriceObjection | None:
        """Why it is not certain that the ducats were paid for.

        If a person delivered it although the price could not be judged, that is not asked again. If
        too little was surely paid, it is asked until a person overrules it.
        """
        found = None if self.let_go else price_objection(self.as_decided, self.terms.prices)
        if found is None or found.flaw is PriceFlaw.UNDERPAID:
            return found
        is_open = bool(self.outstanding) and not self.moving and not self.correcting
        difference = abs(self.sold - self._share_left(found.missing) - self.carried_right)
        return found if is_open or difference <= ROUNDING_DUCATS < self.carried_right else None

    @property
    def let_go(self) -> Stratagem | None:
        """The transfer by which a person delivered it although it was not paid for in full."""
        rows = (*self.moving, *self.correcting)
        return next((row for row in rows if Override.UNDERPAID in row.overrides), None)

    @property
    def unpaid(self) -> Decimal:
        """The part of the sold ducats that nobody is known to have paid for."""
        return self._share_left(self.price_objection.missing) if self.price_objection else ZERO

    def _share_left(self, ducats: Decimal) -> Decimal:
        """The part of these ducats whose money did not go back."""
        return ducats - share(ducats, self.cents_back, self.charge.captured_cents)

    @property
    def owed(self) -> Decimal:
        """The part of the uncovered ducats that is known to be paid for."""
        return max(ZERO, self.uncovered - self.unpaid)

    @cached_property
    def identity_doubt(self) -> str:
        """Why the citizen of that name may not be the one for whom a transfer was made."""
        return identity_doubt(self.as_decided.citizen, self.citizen_since, self.stratagems)

    @property
    def is_contested(self) -> bool:
        """A dispute is undecided, or the charge is disputed and the dispute is not known."""
        disputes = self.disputes
        is_undecided = not disputes or any(dispute.is_undecided for dispute in disputes)
        return self.charge.disputed and is_undecided

    def is_minted(self, row: Stratagem) -> bool:
        """The processor pays itself: the engine makes these ducats out of nothing."""
        return self.charge.names_processor and row.citizen == self.charge.citizen_text

    def is_right(self, stratagem: Stratagem) -> bool:
        """It goes to exactly the citizen whom the payment names."""
        return stratagem.citizen == self.as_decided.citizen


def sum_ducats(stratagems: Iterable[Stratagem]) -> Decimal:
    """The ducats of stratagems; an unreadable amount counts as zero."""
    return sum((s.ducats or ZERO for s in stratagems), ZERO)
