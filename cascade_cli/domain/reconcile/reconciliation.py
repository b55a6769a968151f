"""Every paid charge against the transfer it should have caused: the decision, from values alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from itertools import islice

from cascade_cli.domain.discrepancies.advice import advice_for, conclusion_of
from cascade_cli.domain.discrepancies.evidence import evidence_of
from cascade_cli.domain.discrepancies.findings import findings, sentences
from cascade_cli.domain.discrepancies.item_decisions import (
    decided_on,
    facts_of,
    facts_of_rows,
    line_for_late,
    with_next_step,
)
from cascade_cli.domain.discrepancies.items import Item, Items
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.discrepancies.repair_command import Repair, decision_about, repair_for
from cascade_cli.domain.matching.fast_path import FastPath, PlainlySettled, take_fast_path
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.matching import Match, Matches, Rule, match
from cascade_cli.domain.matching.snapshot import (
    Lookups,
    Snapshot,
    matched_charge_of,
    matched_charges_of,
)
from cascade_cli.domain.reconcile.equation import Equation, equation_of
from cascade_cli.domain.reconcile.manual_credits import overdue_by_hand
from cascade_cli.domain.reconcile.orphans import (
    Owner,
    orphan_item,
    owners_elsewhere,
    takebacks_by_record,
)
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import did_you_mean, near_names
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.selling.price_guard import overpaid
from cascade_cli.domain.shop.money import ZERO, exactly

# How a credit by hand ends: it arrived, or a person cancelled it.
_DECIDED = frozenset({"executed", "cancelled"})


@dataclass(frozen=True)
class Reconciliation:
    """The items (worst first), how many there are of each kind, and the ducat equation.

    `manual` counts credits by hand with a recorded reason, `elsewhere` transfers for payments that
    are not judged here. `under_way` are those credits by hand that may still come to nothing,
    whether or not that is a discrepancy yet. `debts` are the debts that refunds left, by payment,
    and `settled_debts` the payments whose recorded debts no longer stand. `decided` counts, by how,
    the cases that people decided and that need nothing more. `counts` leaves out cases that people
    decided to leave as they are.
    """

    items: Items
    counts: Mapping[Kind, int]
    equation: Equation
    manual: int
    elsewhere: int
    under_way: tuple[Stratagem, ...] = ()
    decided: Mapping[How, int] = field(default_factory=dict)
    debts: Mapping[str, Decimal] = field(default_factory=dict)
    settled_debts: frozenset[str] = frozenset()

    @property
    def discrepancies(self) -> tuple[Item, ...]:
        """The items that need explaining, except those that people decided to leave as they are."""
        return tuple(item for item in self.items.unsettled if item.is_open)

    @property
    def in_flight(self) -> tuple[Item, ...]:
        """The items that time will settle."""
        return tuple(item for item in self.items.unsettled if item.kind is Kind.IN_FLIGHT)


def reconcile(
    snapshot: Snapshot, terms: Terms, fast_path: FastPath = take_fast_path
) -> Reconciliation:
    """Give every judged charge exactly one kind, and every transfer an owner.

    `fast_path` finds what is settled without being judged; it changes no verdict.
    """
    with exactly():
        return _reconcile(snapshot, terms, fast_path)


def _reconcile(snapshot: Snapshot, terms: Terms, fast_path: FastPath) -> Reconciliation:
    plain, rest = fast_path(snapshot, terms.prices)
    matches = match(rest.charges, rest.stratagems)
    matched_charges = matched_charges_of(rest, matches, terms)
    owners = owners_elsewhere(rest, matches, matched_charges)
    judged = [item_of(matched) for matched in matched_charges.values()]
    lines = (
        line_for_late(i, c, terms.now)
        for i, c in zip(judged, matched_charges.values(), strict=True)
    )
    wanted = dict(filter(None, lines))
    taking = takebacks_by_record(snapshot.stratagems)
    orphans = owners[Owner.NOBODY]
    found = (
        orphan_item(row, taking.get(row.record_id, ()), snapshot.lookups, terms) for row in orphans
    )
    judged += [_with_line(item, wanted.get(item.name)) for item in found]
    by_hand = _with_copies(owners[Owner.REASON], rest, matches)
    overdue = overdue_by_hand(by_hand, snapshot, terms)
    judged += [_decided_by_hand(item, terms) for item in overdue]
    counts = Counter(item.kind for item in judged if not item.is_decided)
    # Not `+= len(plain)`: a kind without items must not appear in the counts.
    counts.update(dict.fromkeys([Kind.SETTLED] if plain else [], len(plain)))
    return Reconciliation(
        Items(judged, plain, partial(_settled, snapshot.lookups, terms)),
        counts,
        equation_of(rest, matched_charges, owners, terms, plain),
        manual=len(owners[Owner.REASON]),
        elsewhere=len(owners[Owner.OTHER_PAYMENT]),
        under_way=_under_way(owners[Owner.REASON]),
        decided=Counter(i.decision.how for i in judged if i.decision and not i.is_open),
        debts=(debts := _debts(terms, matched_charges.values(), plain)),
        settled_debts=frozenset(terms.decided.debts.keys() - debts.keys()),
    )


def _decided_by_hand(item: Item, terms: Terms) -> Item:
    facts = facts_of_rows(item.stratagems, item.kind, terms.now)
    return with_next_step(decided_on(item, item.name, facts, terms), None, terms.now)


def _debts(
    terms: Terms, matched_charges: Iterable[MatchedCharge], plain: PlainlySettled
) -> dict[str, Decimal]:
    """The recorded debts that still stand, as far as that is known. Debts of payments that are not
    judged here stand as they were recorded."""
    debts = dict(terms.decided.debts)
    if debts:
        debts.update(
            (c.charge.payment_id, c.debt) for c in matched_charges if c.charge.payment_id in debts
        )
        debts.update((c.payment_id, ZERO) for c in plain.charges if c.payment_id in debts)
    return {payment: ducats for payment, ducats in debts.items() if ducats}


def _with_copies(
    by_hand: Sequence[Stratagem], snapshot: Snapshot, matches: Matches
) -> tuple[Stratagem, ...]:
    """These credits, and rows with the same keys that were made before the window."""
    keys = {stratagem.stratagem_id for stratagem in by_hand}
    earlier = (s for s in matches.unmatched if not snapshot.must_account_for(s))
    return (*by_hand, *(s for s in earlier if s.stratagem_id in keys))


def _under_way(by_hand: Iterable[Stratagem]) -> tuple[Stratagem, ...]:
    """Oldest first, in whatever order they were read. Includes all rows with the same key, since of
    several rows the one that says most counts."""
    by_hand = tuple(by_hand)
    keys = {stratagem.stratagem_id for stratagem in by_hand if stratagem.status not in _DECIDED}
    found = (stratagem for stratagem in by_hand if stratagem.stratagem_id in keys)
    return tuple(sorted(found, key=lambda s: (s.created_at, s.record_id)))


def _settled(lookups: Lookups, terms: Terms, charge: Charge, stratagem: Stratagem) -> Item:
    """The item of a plainly settled charge, made like any other."""
    with exactly():
        return item_of(matched_charge_of(charge, (Match(stratagem, Rule.KEY),), lookups, terms))


def item_of(matched: MatchedCharge) -> Item:
    """The verdict on a charge, with what people decided about it."""
    item, name = _judged(matched), matched.charge.payment_id
    is_known = name in matched.terms.decided.decisions
    facts = facts_of(matched, item.kind) if is_known else None
    return with_next_step(decided_on(item, name, facts, matched.terms), matched, matched.terms.now)


def _judged(matched: MatchedCharge) -> Item:
    found = findings(matched)
    kind = found[0].kind if found else Kind.IN_FLIGHT if _is_moving(matched) else Kind.SETTLED
    told, beyond = sentences(found), overpaid(matched.charge, matched.terms.prices)
    return Item(
        kind=kind,
        severity=kind.severity,
        occurred_at=matched.charge.created_at,
        charge=matched.charge,
        citizen=matched.as_decided.citizen,
        ducats=matched.as_decided.ducats,
        stratagems=matched.stratagems,
        main_row=matched.main_match.stratagem if matched.main_match else None,
        matched_by=matched.main_match.rule if matched.main_match else None,
        verdict=told[0] if told else "",
        evidence=(*evidence_of(matched), *([beyond] if beyond else []), *told),
        at_risk=found[0].at_risk if found else ZERO,
        repair=repair_for(matched, found),
        returns=matched.returns,
        advice=decision_about(matched) or advice_for(matched, kind),
        conclusion=_conclusion(matched, kind, beyond),
        late=matched.late,
        corrections=(*matched.corrections, *matched.takebacks),
        mentioned=matched.mentioned,
    )


def _conclusion(matched: MatchedCharge, kind: Kind, beyond: str) -> str:
    """Whether it is settled depends on the ducats. If too much money was paid, that is added."""
    conclusion = conclusion_of(matched, kind)
    is_told = beyond and conclusion and not matched.cents_back
    return f"{conclusion}; {beyond}" if is_told else conclusion


def _is_moving(matched: MatchedCharge) -> bool:
    """Ducats are on their way to the citizen, or back."""
    returning = (*matched.returns, *matched.takebacks)
    return matched.is_outstanding or any(
        row.state(matched.terms.now) is State.LIVE for row in returning
    )


def _with_line(item: Item, line: Repair | None) -> Item:
    """If a payment's command says that this transfer settles it, the transfer gets that command
    too, and is not taken back as an orphan."""
    return replace(item, repair=line) if line and item.is_open else item


def _concerned(item: Item) -> Iterator[str | None]:
    """Who bought it, and whom each of its transfers concerns."""
    yield item.citizen
    yield from (row.concerned for row in item.rows)


@dataclass(frozen=True)
class Selection:
    """Which items to show; by default all discrepancies.

    `everything` adds what is settled, in flight or decided. No kinds means any kind. `limit` counts
    from the worst.
    """

    everything: bool = False
    kinds: frozenset[Kind] = frozenset()
    citizen: str | None = None
    limit: int | None = None

    @property
    def is_part(self) -> bool:
        """Not all discrepancies are asked for."""
        return bool(self.kinds or self.citizen is not None or self.limit)

    @property
    def is_asked_for(self) -> bool:
        """Somebody said what to list."""
        return self.everything or self.is_part

    def items(self, result: Reconciliation) -> Iterator[Item]:
        """The selected items, worst first."""
        is_beyond = self.everything or any(not kind.is_discrepancy for kind in self.kinds)
        found = result.items if is_beyond else result.discrepancies
        return islice(filter(self.has, found), self.limit)

    def of(self, items: Sequence[Item]) -> tuple[Item, ...]:
        """The selected ones of `items`, in their order."""
        return tuple(islice(filter(self.has, items), self.limit))

    def has(self, item: Item) -> bool:
        """Whether the item is of one of the kinds and about the citizen: as the buyer, or in one of
        its transfers."""
        if self.kinds and item.kind not in self.kinds:
            return False
        return self.citizen in {None, *_concerned(item)}

    def nothing_about_citizen(self, result: Reconciliation) -> str:
        """A warning that nothing that was read concerns the citizen, with similar names; empty if
        something does, or no citizen is asked for."""
        if self.citizen is None:
            return ""
        names = {name for item in result.items for name in _concerned(item) if name}
        if self.citizen in names:
            return ""
        near = {self.citizen: near_names(self.citizen, sorted(names))}
        return f"nothing that was read concerns {self.citizen!r}.{did_you_mean(near)}"
