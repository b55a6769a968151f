"""Which stratagem belongs to which charge.

First by identity: the StratagemId, or a Stripe id in Notes, names the payment. For a payment for
many citizens it names the portion; or it names the whole payment, and the transfer's citizen tells
which portion.

Then by likeness, for what the legacy connector wrote without any Stripe id: the same citizen,
exactly the same ducats, created within 72 hours after the payment and not before it; one to one,
nearest in time first. Payments that are still owed come before those whose money went back: if
there are two payments and one transfer, the refunded payment is the one that was not delivered.

A legacy row that is left over becomes a surplus of the last such payment before it: that connector
credits again on every redelivery, and a second transfer must show up beside the first.

A stratagem is used at most once, whatever rule finds it. The legacy connector can also run days
after the payment. So a transfer for the same citizen and amount that belongs to no payment, however
late, is listed with every earlier payment that was not delivered: it may be that payment's.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import IntEnum, StrEnum

from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.keys import Origin, payment_id_in

LEGACY_REACH = timedelta(hours=72)


class Rule(StrEnum):
    """Why a stratagem was paired with its charge."""

    KEY = "stratagem_id"
    NOTES = "stripe_id_in_notes"
    NEAREST = "citizen_amount_time"
    SURPLUS = "surplus_of_same_citizen_and_amount"


@dataclass(frozen=True, slots=True)
class Match:
    """A stratagem and its rule; `rivals` are ids that would have fitted just as well."""

    stratagem: Stratagem
    rule: Rule
    rivals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matches:
    """`by_charge` has every charge's id, with an empty tuple if nothing was found.

    `late` has, for a charge without an executed transfer, the legacy rows made after it that may be
    its own: no payment surely owns them. `corrections` has the transfers that people decided
    on beside a charge's own. `unmatched` has the transfers of payments that are not here.
    """

    by_charge: dict[str, tuple[Match, ...]]
    unmatched: tuple[Stratagem, ...]
    late: dict[str, tuple[Stratagem, ...]]
    corrections: dict[str, tuple[Stratagem, ...]] = field(default_factory=dict)


def match(charges: Iterable[Charge], stratagems: Iterable[Stratagem]) -> Matches:
    """Pair both sides; the order of the arguments does not matter.

    Transfers that return ducats deliver nothing, and are left out. A transfer that a person decided
    to give beside a charge's own is a correction, not a second delivery.
    """
    charges = sorted(charges, key=lambda charge: (charge.created_at, charge.id))
    rows = sorted(stratagems, key=lambda s: (s.created_at, s.record_id))
    found: dict[str, list[Match]] = {charge.id: [] for charge in charges}
    deals = [s for s in rows if not (s.returns or s.origin is Origin.TAKE_BACK)]
    corrections: defaultdict[str, list[Match]] = defaultdict(list)
    rest = _match_by_identity(charges, deals, found, corrections)
    legacy = [s for s in rest if s.origin is Origin.LEGACY and s.ducats is not None]
    late: dict[str, tuple[Stratagem, ...]] = {}
    if legacy:
        returned = {name for s in rows if _takes_back(s) for name in s.stripe_ids}
        _match_by_likeness(charges, legacy, returned, found)
        late = _late_rows(charges, legacy, found)
    used = {m.stratagem.record_id for matches in found.values() for m in matches}
    return Matches(
        {charge: tuple(matches) for charge, matches in found.items()},
        tuple(s for s in rest if s.record_id not in used),
        late,
        {charge: tuple(m.stratagem for m in ms) for charge, ms in corrections.items()},
    )


class _Claim(IntEnum):
    """How good a payment's claim is to a transfer that names no payment; best first."""

    TAKEN_BACK = 0
    """Its ducats were taken back after a refund, so they had been delivered."""
    OWED = 1
    DISPUTED = 2
    REFUNDED = 3
    """All of its money went back."""


def _takes_back(stratagem: Stratagem) -> bool:
    return stratagem.origin is Origin.REFUND and stratagem.status in {"executed", "active"}


def _claim_of(charge: Charge, returned: Container[str]) -> _Claim:
    if charge.payment_id in returned or charge.id in returned:
        return _Claim.TAKEN_BACK
    if charge.is_fully_refunded:
        return _Claim.REFUNDED
    return _Claim.DISPUTED if charge.disputed else _Claim.OWED


def _match_by_likeness(
    charges: Sequence[Charge],
    legacy: Sequence[Stratagem],
    returned: Container[str],
    found: dict[str, list[Match]],
) -> None:
    """Pair what names no payment.

    Payments whose money went back come last, even after owed payments whose own transfer was not
    executed.
    """
    claims = {charge.id: _claim_of(charge, returned) for charge in charges}
    nameless = [charge for charge in charges if not found[charge.id]]
    owed = [charge for charge in charges if claims[charge.id] is not _Claim.REFUNDED]
    left = legacy
    for claim in (_Claim.TAKEN_BACK, _Claim.OWED, _Claim.DISPUTED):
        left = _match_nearest([c for c in nameless if claims[c.id] is claim], left, found)
    left = _match_surplus([c for c in owed if not _is_executed(found[c.id])], left, found)
    refunded = [c for c in nameless if claims[c.id] is _Claim.REFUNDED]
    left = _match_nearest(refunded, left, found)
    _match_surplus(charges, left, found)


def _is_executed(matches: Iterable[Match]) -> bool:
    return any(match.stratagem.status == "executed" for match in matches)


def _match_by_identity(
    charges: Sequence[Charge],
    stratagems: Sequence[Stratagem],
    found: dict[str, list[Match]],
    corrections: dict[str, list[Match]],
) -> list[Stratagem]:
    """Fill `found` and `corrections`; return the stratagems that name none of these charges."""
    owners = {charge.payment_id: charge.id for charge in reversed(charges)}
    owners |= {charge.id: charge.id for charge in charges}
    portions = {(name, c.citizen): c.id for c in charges if c.portion for name in c.names}
    rest = []
    for stratagem in stratagems:
        pairs = corrections if stratagem.corrects else found
        for rule, payment_id in _identities(stratagem):
            whole = payment_id, stratagem.citizen
            if owner := owners.get(payment_id) or portions.get(whole):
                pairs[owner].append(Match(stratagem, rule))
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
    """The payments and charges that a stratagem names, likeliest first."""
    return tuple(dict.fromkeys(payment_id for _, payment_id in _identities(stratagem)))


def asked_payments(stratagem: Stratagem) -> tuple[str, ...]:
    """The fewest of its named payments that tell whose stratagem it is.

    If key and Notes name the same intent, the charge named with it was copied from the same
    payment, and asking for it would tell nothing new.
    """
    named = named_payments(stratagem)
    first = named[0] if named else ""
    is_told_twice = stratagem.origin is Origin.PAYMENT and first in stratagem.stripe_ids
    if not (is_told_twice and first.startswith("pi_")):
        return named
    return tuple(name for name in named if name.startswith("pi_"))


_Purchase = tuple[str | None, Decimal | None]


def _match_nearest(
    charges: Sequence[Charge], legacy: Sequence[Stratagem], found: dict[str, list[Match]]
) -> list[Stratagem]:
    """Pair one to one within each (citizen, ducats); return the stratagems left over."""
    groups: defaultdict[_Purchase, _Timeline] = defaultdict(_Timeline)
    for charge in charges:
        if charge.citizen and charge.ducats:
            groups[charge.citizen, charge.ducats].charges.append(charge)
    for stratagem in legacy:
        groups[stratagem.citizen, stratagem.ducats].stratagems.append(stratagem)
    left_over = []
    for group in groups.values():
        left_over += group.pair(found)
    return sorted(left_over, key=lambda s: (s.created_at, s.record_id))


class _Timeline:
    """The charges and stratagems of one citizen and amount, each in order of time.

    The closest pair of all is always adjacent on the merged timeline: anything between the two
    would be closer still. So a heap of adjacent pairs finds the nearest first, in O(n log n).
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
        # In the same second the charge comes first: it may have caused the stratagem.
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
            if distance <= LEGACY_REACH:
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
        """Neighbours in the very same second: nobody can know which of them is meant."""
        rivals = []
        neighbours = ((left, self._previous[left]), (right, self._next[right]))
        for chosen, neighbour in neighbours:
            one, other = self._line[chosen], self._line[neighbour or 0]
            if one and type(other) is type(one) and other.created_at == one.created_at:
                rivals.append(other.id if isinstance(other, Charge) else other.stratagem_id)
        return tuple(rivals)


def _match_surplus(
    charges: Sequence[Charge], surplus: Sequence[Stratagem], found: dict[str, list[Match]]
) -> list[Stratagem]:
    """Give each stratagem to the last charge before it that the legacy connector may have credited
    twice; return the stratagems left over."""
    purchases: defaultdict[_Purchase, list[tuple[datetime, str]]] = defaultdict(list)
    for charge in charges:
        purchases[charge.citizen, charge.ducats].append((charge.created_at, charge.id))
    left_over = []
    for stratagem in surplus:
        earlier = purchases.get((stratagem.citizen, stratagem.ducats), [])
        index = bisect_right(earlier, stratagem.created_at, key=lambda entry: entry[0])
        if index and stratagem.created_at - earlier[index - 1][0] <= LEGACY_REACH:
            found[earlier[index - 1][1]].append(Match(stratagem, Rule.SURPLUS))
        else:
            left_over.append(stratagem)
    return left_over


def _late_rows(
    charges: Sequence[Charge], legacy: Sequence[Stratagem], found: dict[str, list[Match]]
) -> dict[str, tuple[Stratagem, ...]]:
    """By charge. A surplus of another payment may just as well be the late transfer of this one."""
    owned = {m.stratagem.record_id for ms in found.values() for m in ms if m.rule is Rule.NEAREST}
    spare: defaultdict[_Purchase, list[Stratagem]] = defaultdict(list)
    for stratagem in legacy:
        if stratagem.record_id not in owned:
            spare[stratagem.citizen, stratagem.ducats].append(stratagem)
    late: dict[str, tuple[Stratagem, ...]] = {}
    for charge in charges if spare else ():
        made = spare.get((charge.citizen, charge.ducats), ())
        own = {match.stratagem.record_id for match in found[charge.id]}
        rows = (s for s in made if s.created_at >= charge.created_at and s.record_id not in own)
        if made and not _is_executed(found[charge.id]) and (kept := tuple(rows)):
            late[charge.id] = kept
    return late
