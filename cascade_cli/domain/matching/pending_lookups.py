"""What must still be looked up before a verdict is sound, because the two listings do not show
it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cascade_cli.domain.matching.fast_path import FastPath, take_fast_path
from cascade_cli.domain.matching.matched_charge import (
    NOTHING_DECIDED,
    Decided,
    MatchedCharge,
    Terms,
)
from cascade_cli.domain.matching.matching import LEGACY_REACH, Matches, Rule, asked_payments, match
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot, matched_charges_of
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window

T = TypeVar("T")


@dataclass(frozen=True)
class Outside:
    """What may lie outside the snapshot but concerns it.

    `keys` are StratagemIds of transfers, `copies` are transfers that may be copies of older ones.
    `earlier` and `later` are times before and after the window.
    """

    keys: list[str]
    copies: list[Stratagem]
    earlier: Window | None
    later: Window | None

    @property
    def has_windows(self) -> bool:
        """There is more to read than what can be looked up by name."""
        return bool(self.earlier or self.later)


def outside_of(snapshot: Snapshot, decided: Decided = NOTHING_DECIDED) -> Outside:
    """What to look for outside the snapshot. Call it without what is plainly settled, which lacks
    nothing."""
    matches = match(snapshot.charges, snapshot.stratagems)
    return Outside(
        sorted({*keys_to_look_up(matches, snapshot), *_settled_beside(snapshot, decided)}),
        possible_copies(matches, snapshot),
        earlier_window(matches, snapshot),
        later_window(matches, snapshot),
    )


def keys_to_look_up(matches: Matches, snapshot: Snapshot) -> list[str]:
    """StratagemIds of charges without a transfer: a transfer made before the window can only be
    found by its id."""
    return sorted({c.stratagem_id for c in snapshot.charges if not matches.by_charge[c.id]})


def possible_copies(matches: Matches, snapshot: Snapshot) -> list[Stratagem]:
    """Credits by hand under way, each the only row with its key. They may be copies of rows made
    before the window."""
    by_hand = [s for s in matches.unmatched if s.origin is Origin.MANUAL and snapshot.looks_at(s)]
    keys = Counter(stratagem.stratagem_id for stratagem in by_hand)
    return [s for s in by_hand if s.status == "active" and keys[s.stratagem_id] == 1]


def _settled_beside(snapshot: Snapshot, decided: Decided) -> Iterator[str]:
    """The keys of payments that, as a person said, were settled by another transfer that is not in
    the snapshot."""
    if decided.settling:
        here = {row.record_id for row in snapshot.stratagems}
        for charge in snapshot.charges:
            if not decided.settling.get(charge.payment_id, frozenset()) <= here:
                yield charge.stratagem_id


def earlier_window(matches: Matches, snapshot: Snapshot) -> Window | None:
    """The time before the window, if legacy rows that are left over may belong to payments made
    then."""
    since = snapshot.window.since
    reach = Window(since, min(since + LEGACY_REACH, snapshot.window.until))
    left_over = [s for s in matches.unmatched if s.origin is Origin.LEGACY]
    left_over += _matched_by(matches, Rule.SURPLUS)
    if any(s.created_at in reach for s in left_over):
        return Window(since - LEGACY_REACH, since)
    return None


def later_window(matches: Matches, snapshot: Snapshot) -> Window | None:
    """The time after the window, if legacy rows made then were matched with charges of the window,
    or may be late transfers for them.

    A later payment may be the better match. Without it, its row would be given to an earlier
    payment that has none.
    """
    until = snapshot.window.until
    made = [s.created_at for s in _matched_by(matches, Rule.NEAREST, Rule.SURPLUS)]
    made += [s.created_at for rows in matches.late.values() for s in rows]
    last = max(made, default=snapshot.window.since)
    # A payment made after a row cannot have caused it.
    return Window(until, last + timedelta(seconds=1)) if last >= until else None


def _matched_by(matches: Matches, *rules: Rule) -> list[Stratagem]:
    found = (m for of_charge in matches.by_charge.values() for m in of_charge)
    return [m.stratagem for m in found if m.rule in rules]


# Reasons for which the engine refused a credit by hand, and which may be gone by now.
_MAY_BE_THERE = frozenset({Failure.NO_FUNDS, Failure.RECEIVER_MISSING, Failure.SENDER_MISSING})


class PendingLookups:
    """Names and ids to look up one by one, or in few requests. Each list is sorted, without
    duplicates."""

    def __init__(
        self, snapshot: Snapshot, terms: Terms, processor: str, fast_path: FastPath = take_fast_path
    ) -> None:
        # What is plainly settled needs no lookup.
        _, snapshot = fast_path(snapshot, terms.prices)
        matches = match(snapshot.charges, snapshot.stratagems)
        matched_charges = matched_charges_of(snapshot, matches, terms).values()
        ownerless = [s for s in matches.unmatched if snapshot.must_account_for(s)]
        self.payments = sorted({p for s in ownerless for p in asked_payments(s)})
        lacking = [s for s in ownerless if _may_succeed_now(s)]
        indebted = [s for s in ownerless if _is_indebted(s.record_id, terms)]
        names = _citizens(matched_charges, processor)
        names |= {s.citizen for s in (*lacking, *indebted) if s.citizen}
        self.citizens = sorted(names | {processor} if lacking else names)
        # The journal may know of another transfer for these; asking it costs no request.
        self.undelivered = tuple(
            c.charge for c in matched_charges if not c.moving and (c.outstanding or c.is_void)
        )
        disputed = (c.charge for c in matched_charges if c.charge.disputed)
        self.disputed_charges = sorted(disputed, key=lambda charge: charge.id)

    def answered_by(self, one: Lookups, other: Lookups) -> Lookups:
        """The answers of both together, limited to what is asked here."""
        ducats = one.processor_ducats if other.processor_ducats is None else other.processor_ducats
        return Lookups(
            citizens=_picked(self.citizens, one.citizens, other.citizens),
            similar=_picked(self.citizens, one.similar, other.similar),
            payments=_picked(self.payments, one.payments, other.payments),
            disputes=_picked((c.id for c in self.disputed_charges), one.disputes, other.disputes),
            processor_ducats=ducats,
            arrived=_picked(self.citizens, one.arrived, other.arrived),
            past={**one.past, **other.past},
            ducats=_picked(self.citizens, one.ducats, other.ducats),
        )


def _may_succeed_now(row: Stratagem) -> bool:
    is_short = row.status == "failed" and row.failure in _MAY_BE_THERE
    return is_short and row.origin is Origin.MANUAL


def _picked(keys: Iterable[str], one: Mapping[str, T], other: Mapping[str, T]) -> dict[str, T]:
    both = {**one, **other}
    return {key: both[key] for key in keys if key in both}


def _is_indebted(name: str, terms: Terms) -> bool:
    """Less came back than was decided; the rest may be there by now."""
    decision = terms.decided.decisions.get(name)
    return bool(decision and decision.debt)


def _may_come_back(matched: MatchedCharge) -> bool:
    """Ducats may have to come back or be given again. What a dispute took is not known yet at this
    point."""
    is_disputed = matched.charge.disputed and matched.moving
    return bool(matched.to_return or matched.to_give_again or is_disputed)


def _citizens(matched_charges: Collection[MatchedCharge], processor: str) -> set[str]:
    """The citizens to look up: those with something still to arrive, to come back or to be given
    again. The processor too, if the engine said that it was short of ducats."""
    waiting = [
        matched
        for matched in matched_charges
        if matched.is_outstanding and matched.as_decided.citizen
    ]
    indebted = [
        matched
        for matched in matched_charges
        if _is_indebted(matched.charge.payment_id, matched.terms)
    ]
    concerned = [*waiting, *filter(_may_come_back, matched_charges), *indebted]
    names = {matched.as_decided.citizen for matched in concerned if matched.as_decided.citizen}
    names |= {row.citizen for matched in indebted for row in matched.executed if row.citizen}
    short = any(s.failure is Failure.NO_FUNDS for matched in waiting for s in matched.stratagems)
    return names | {processor} if short else names
