"""What must still be asked before a verdict is sound, because the two listings do not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from cascade_cli.domain.matching.fast_path import Aside, set_aside
from cascade_cli.domain.matching.matched_charge import NOTHING_DECIDED, Case, Decided, Terms
from cascade_cli.domain.matching.matching import OLDER_REACH, Matches, Rule, asked_payments, match
from cascade_cli.domain.matching.snapshot import Answers, World, cases_of
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window

T = TypeVar("T")


@dataclass(frozen=True)
class Outside:
    """Where something that belongs to a world may lie outside it: transfers by their StratagemId,
    those that `copies` may be copies of, and the times before and after the window."""

    keys: list[str]
    copies: list[Stratagem]
    earlier: Window | None
    later: Window | None

    @property
    def has_windows(self) -> bool:
        """There is more to read than what can be named."""
        return bool(self.earlier or self.later)


def outside_of(world: World, decided: Decided = NOTHING_DECIDED) -> Outside:
    """What to look for beyond what was read; of what is plainly settled nothing is missing."""
    matches = match(world.charges, world.stratagems)
    return Outside(
        sorted({*keys_to_look_up(matches, world), *_settled_beside(world, decided)}),
        possible_copies(matches, world),
        earlier_window(matches, world),
        later_window(matches, world),
    )


def keys_to_look_up(matches: Matches, world: World) -> list[str]:
    """StratagemIds of charges without a transfer: one made before the window has to be named."""
    return sorted({c.stratagem_id for c in world.charges if not matches.by_charge[c.id]})


def possible_copies(matches: Matches, world: World) -> list[Stratagem]:
    """Credits by hand under way, each the only row of its key: what it may be a copy of may have
    been made before the window."""
    by_hand = [s for s in matches.unmatched if s.origin is Origin.MANUAL and world.looks_at(s)]
    keys = Counter(stratagem.stratagem_id for stratagem in by_hand)
    return [s for s in by_hand if s.status == "active" and keys[s.stratagem_id] == 1]


def _settled_beside(world: World, decided: Decided) -> Iterator[str]:
    """The keys of payments that have another transfer by a person's word, which is not here."""
    if decided.settling:
        here = {row.record_id for row in world.stratagems}
        for charge in world.charges:
            if not decided.settling.get(charge.payment_id, frozenset()) <= here:
                yield charge.stratagem_id


def earlier_window(matches: Matches, world: World) -> Window | None:
    """The time before the window, if the older connector's leftovers may belong to it."""
    since = world.window.since
    reach = Window(since, min(since + OLDER_REACH, world.window.until))
    left_over = [s for s in matches.unmatched if s.origin is Origin.OLDER]
    left_over += _matched_by(matches, Rule.SURPLUS)
    if any(s.created_at in reach for s in left_over):
        return Window(since - OLDER_REACH, since)
    return None


def later_window(matches: Matches, world: World) -> Window | None:
    """The time after the window, if older rows made then were taken for charges within it, or may
    be late transfers of those.

    Payments made then may fit them better, and would else lend their rows to a missing one.
    """
    until = world.window.until
    made = [s.created_at for s in _matched_by(matches, Rule.NEAREST, Rule.SURPLUS)]
    made += [s.created_at for rows in matches.late.values() for s in rows]
    last = max(made, default=world.window.since)
    # No payment that comes after a row can have caused it.
    return Window(until, last + timedelta(seconds=1)) if last >= until else None


def _matched_by(matches: Matches, *rules: Rule) -> list[Stratagem]:
    found = (m for of_charge in matches.by_charge.values() for m in of_charge)
    return [m.stratagem for m in found if m.rule in rules]


# What a credit by hand lacked when the engine came to it.
_MAY_BE_THERE = frozenset({Failure.NO_FUNDS, Failure.RECEIVER_MISSING, Failure.SENDER_MISSING})


class Questions:
    """Names and ids to look up one by one, or in few requests: each list sorted, none twice."""

    def __init__(
        self, world: World, terms: Terms, processor: str, aside: Aside = set_aside
    ) -> None:
        # What is plainly settled leaves nothing open.
        _, world = aside(world, terms.prices)
        matches = match(world.charges, world.stratagems)
        cases = cases_of(world, matches, terms).values()
        ownerless = [s for s in matches.unmatched if world.accounts_for(s)]
        self.payments = sorted({p for s in ownerless for p in asked_payments(s)})
        lacking = [s for s in ownerless if _lacked(s)]
        indebted = [s for s in ownerless if _is_indebted(s.record_id, terms)]
        names = _citizens(cases, processor)
        names |= {s.citizen for s in (*lacking, *indebted) if s.citizen}
        self.citizens = sorted(names | {processor} if lacking else names)
        # Of these the journal may know that they had another, which is no request.
        self.undelivered = tuple(
            c.charge for c in cases if not c.moving and (c.outstanding or c.is_void)
        )
        disputed = (c.charge for c in cases if c.charge.disputed)
        self.disputed_charges = sorted(disputed, key=lambda charge: charge.id)

    def answered_by(self, one: Answers, other: Answers) -> Answers:
        """What both together say of what is asked here, and of nothing else."""
        ducats = one.processor_ducats if other.processor_ducats is None else other.processor_ducats
        return Answers(
            citizens=_of(self.citizens, one.citizens, other.citizens),
            similar=_of(self.citizens, one.similar, other.similar),
            payments=_of(self.payments, one.payments, other.payments),
            disputes=_of((c.id for c in self.disputed_charges), one.disputes, other.disputes),
            processor_ducats=ducats,
            arrived=_of(self.citizens, one.arrived, other.arrived),
            past={**one.past, **other.past},
            ducats=_of(self.citizens, one.ducats, other.ducats),
        )


def _lacked(row: Stratagem) -> bool:
    is_short = row.status == "failed" and row.failure in _MAY_BE_THERE
    return is_short and row.origin is Origin.MANUAL


def _of(keys: Iterable[str], one: Mapping[str, T], other: Mapping[str, T]) -> dict[str, T]:
    both = {**one, **other}
    return {key: both[key] for key in keys if key in both}


def _is_indebted(name: str, terms: Terms) -> bool:
    """What was decided to come back was not all there: it may be now."""
    decision = terms.decided.decisions.get(name)
    return bool(decision and decision.debt)


def _may_come_back(case: Case) -> bool:
    """What a dispute took is not known yet where this is asked."""
    is_disputed = case.charge.disputed and case.moving
    return bool(case.to_return or case.to_give_again or is_disputed)


def _citizens(cases: Collection[Case], processor: str) -> set[str]:
    """The payees of what has not arrived, or is to come back or be given again, and the payer where
    it is said to be short."""
    waiting = [case for case in cases if case.is_outstanding and case.buyer.citizen]
    indebted = [case for case in cases if _is_indebted(case.charge.payment_id, case.terms)]
    concerned = [*waiting, *filter(_may_come_back, cases), *indebted]
    names = {case.buyer.citizen for case in concerned if case.buyer.citizen}
    names |= {row.citizen for case in indebted for row in case.executed if row.citizen}
    short = any(s.failure is Failure.NO_FUNDS for case in waiting for s in case.stratagems)
    return names | {processor} if short else names
