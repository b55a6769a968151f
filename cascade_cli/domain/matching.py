"""Which stratagem belongs to which charge.

First by identity: the StratagemId or a Stripe id in Notes names the payment; of a payment for many
citizens the portion, or the whole, and then the transfer's citizen tells which. Then, for what the
older connector wrote without any Stripe id: same citizen, exactly the same ducats, created within
72 hours after the payment and not before it; one to one, nearest in time first. What is left over
of the older connector's rows goes to the last such payment before it as a surplus: that connector
credits again on every redelivery, and a second transfer must show up beside the first.

A stratagem is used at most once, whatever rule finds it.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from cascade_cli.domain.charges import Charge
from cascade_cli.domain.keys import Origin, payment_id_in
from cascade_cli.domain.stratagems import Stratagem

OLDER_REACH = timedelta(hours=72)


class Rule(StrEnum):
    """What paired a stratagem with its charge."""

    KEY = "stratagem_id"
    NOTES = "stripe_id_in_notes"
    NEAREST = "citizen_amount_time"
    SURPLUS = "surplus_of_same_citizen_and_amount"


@dataclass(frozen=True, slots=True)
class Match:
    """A stratagem with its rule; `rivals` are ids that would have fitted just as well."""

    stratagem: Stratagem
    rule: Rule
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matches:
    """`by_charge` has every charge's id, with no match where none was found."""

    by_charge: dict[str, tuple[Match, ...]]
    unmatched: tuple[Stratagem, ...]


def match(charges: Iterable[Charge], stratagems: Iterable[Stratagem]) -> Matches:
    """Pair both sides; the order of the arguments does not matter.

    What returns ducats for a refund delivers nothing, and is left out.
    """
    charges = sorted(charges, key=lambda charge: (charge.created_at, charge.id))
    delivering = (s for s in stratagems if not s.returns)
    stratagems = sorted(delivering, key=lambda s: (s.created_at, s.record_id))
    found: dict[str, list[Match]] = {charge.id: [] for charge in charges}
    rest = _match_by_identity(charges, stratagems, found)
    older = [s for s in rest if s.origin is Origin.OLDER and s.ducats is not None]
    surplus = _match_nearest([c for c in charges if not found[c.id]], older, found)
    _match_surplus(charges, surplus, found)
    used = {m.stratagem.record_id for matches in found.values() for m in matches}
    return Matches(
        {charge: tuple(matches) for charge, matches in found.items()},
        tuple(s for s in rest if s.record_id not in used),
    )


def _match_by_identity(
    charges: Sequence[Charge], stratagems: Sequence[Stratagem], found: dict[str, list[Match]]
) -> list[Stratagem]:
    """Fill `found` and return the stratagems that name none of these charges."""
    owners = {charge.payment_id: charge.id for charge in reversed(charges)}
    owners |= {charge.id: charge.id for charge in charges}
    portions = {(name, c.citizen): c.id for c in charges if c.portion for name in c.names}
    rest = []
    for stratagem in stratagems:
        for rule, payment_id in _identities(stratagem):
            whole = payment_id, stratagem.citizen
            if owner := owners.get(payment_id) or portions.get(whole):
                found[owner].append(Match(stratagem, rule))
                break
        else:
            rest.append(stratagem)
    return rest


def _identities(stratagem: Stratagem) -> Iterator[tuple[Rule, str]]:
    key = payment_id_in(stratagem.stratagem_id)
    if key and stratagem.origin is Origin.PAYMENT:
        yield Rule.KEY, key
    for stripe_id in stratagem.stripe_ids:
        yield Rule.NOTES, stripe_id


def named_payments(stratagem: Stratagem) -> tuple[str, ...]:
    """The payments and charges that a stratagem says it is for, likeliest first."""
    return tuple(dict.fromkeys(payment_id for _, payment_id in _identities(stratagem)))


_Purchase = tuple[str | None, Decimal | None]


def _match_nearest(
    charges: Sequence[Charge], older: Sequence[Stratagem], found: dict[str, list[Match]]
) -> list[Stratagem]:
    """Pair one to one within each (citizen, ducats); return the stratagems left over."""
    groups: defaultdict[_Purchase, _Timeline] = defaultdict(_Timeline)
    for charge in charges:
        if charge.citizen and charge.ducats:
            groups[charge.citizen, charge.ducats].charges.append(charge)
    for stratagem in older:
        groups[stratagem.citizen, stratagem.ducats].stratagems.append(stratagem)
    left_over = []
    for group in groups.values():
        left_over += group.pair(found)
    return sorted(left_over, key=lambda s: (s.created_at, s.record_id))


class _Timeline:
    """The charges and stratagems of one citizen and amount, each in order of time.

    The closest pair of all is always adjacent on the merged line: anything between them would be
    closer still. So a heap of adjacent pairs finds the nearest first in O(n log n).
    """

    def __init__(self) -> None:
        self.charges: list[Charge] = []
        self.stratagems: list[Stratagem] = []

    def pair(self, found: dict[str, list[Match]]) -> list[Stratagem]:
        if not self.charges or not self.stratagems:
            return self.stratagems
        self._link()
        while self._heap:
            _, left, right, charge, stratagem = heapq.heappop(self._heap)
            if self._next[left] == right:
                rivals = self._rivals(left, right)
                found[charge.id].append(Match(stratagem, Rule.NEAREST, rivals))
                self._unlink(left, right)
        taken = {m.stratagem.record_id for c in self.charges for m in found[c.id]}
        return [s for s in self.stratagems if s.record_id not in taken]

    def _link(self) -> None:
        # At the same second the charge comes first: it can have caused the stratagem.
        entries: list[Charge | Stratagem] = [*self.charges, *self.stratagems]
        entries.sort(key=lambda entry: (entry.created_at, isinstance(entry, Stratagem)))
        self._line: list[Charge | Stratagem | None] = [None, *entries, None]
        last = len(self._line) - 1
        self._next: list[int | None] = [*range(1, last + 1), None]
        self._previous: list[int | None] = [None, *range(last)]
        self._heap: list[tuple[timedelta, int, int, Charge, Stratagem]] = []
        for left in range(last):
            self._offer(left, left + 1)

    def _offer(self, left: int | None, right: int | None) -> None:
        if left is None or right is None:
            return
        charge, stratagem = self._line[left], self._line[right]
        if isinstance(charge, Charge) and isinstance(stratagem, Stratagem):
            distance = stratagem.created_at - charge.created_at
            if distance <= OLDER_REACH:
                heapq.heappush(self._heap, (distance, left, right, charge, stratagem))

    def _unlink(self, left: int, right: int) -> None:
        before, after = self._previous[left], self._next[right]
        self._next[left] = self._next[right] = None
        if before is not None:
            self._next[before] = after
        if after is not None:
            self._previous[after] = before
        self._offer(before, after)

    def _rivals(self, left: int, right: int) -> tuple[str, ...]:
        """Neighbours at the very same second: which of them is meant cannot be known."""
        rivals = []
        neighbours = ((left, self._previous[left]), (right, self._next[right]))
        for chosen, neighbour in neighbours:
            one, other = self._line[chosen], self._line[neighbour or 0]
            if one and type(other) is type(one) and other.created_at == one.created_at:
                rivals.append(other.id if isinstance(other, Charge) else other.stratagem_id)
        return tuple(rivals)


def _match_surplus(
    charges: Sequence[Charge], surplus: Sequence[Stratagem], found: dict[str, list[Match]]
) -> None:
    """Give each to the last charge before it that the older connector may have paid twice."""
    purchases: defaultdict[_Purchase, list[tuple[datetime, str]]] = defaultdict(list)
    for charge in charges:
        purchases[charge.citizen, charge.ducats].append((charge.created_at, charge.id))
    for stratagem in surplus:
        earlier = purchases.get((stratagem.citizen, stratagem.ducats), [])
        index = bisect_right(earlier, stratagem.created_at, key=lambda entry: entry[0])
        if index and stratagem.created_at - earlier[index - 1][0] <= OLDER_REACH:
            found[earlier[index - 1][1]].append(Match(stratagem, Rule.SURPLUS))
