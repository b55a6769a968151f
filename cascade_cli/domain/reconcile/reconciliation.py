"""Every paid charge against the transfer it should have caused: the decision, on values alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, auto
from functools import partial

from cascade_cli.domain.discrepancies.advice import advice_for, advice_on_orphan, conclusion_of
from cascade_cli.domain.discrepancies.decision_facts import decided_on, facts_of, facts_of_rows
from cascade_cli.domain.discrepancies.evidence import describe, evidence_of
from cascade_cli.domain.discrepancies.findings import findings, sentences
from cascade_cli.domain.discrepancies.items import Item, Items
from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.discrepancies.next_decision import line_for_late, with_next_step
from cascade_cli.domain.discrepancies.repair_command import Repair, decision_about, repair_for
from cascade_cli.domain.matching.fast_path import FastPath, PlainlySettled, take_fast_path
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms, sum_ducats
from cascade_cli.domain.matching.matching import Match, Matches, Rule, match, named_payments
from cascade_cli.domain.matching.snapshot import (
    Lookups,
    Snapshot,
    matched_charge_of,
    matched_charges_of,
)
from cascade_cli.domain.reconcile.equation import Equation, equate
from cascade_cli.domain.reconcile.manual_credits import overdue_by_hand
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS, in_states, returned
from cascade_cli.domain.selling.price_guard import overpaid
from cascade_cli.domain.shop.keys import Origin, taken_record_in
from cascade_cli.domain.shop.money import ZERO, exactly
from cascade_cli.domain.shop.times import format_moment

__all__ = ["Item", "Items", "Reconciliation", "reconcile"]

# Of a credit by hand: it arrived, or a person took it back.
_DECIDED = frozenset({"executed", "cancelled"})


@dataclass(frozen=True)
class Reconciliation:
    """The items worst first, how many of each kind, and the ducat equation.

    `manual` counts credits by hand with a recorded reason, `elsewhere` transfers for payments
    that are not judged here. `under_way` are those credits by hand that may still come to
    nothing, whether or not that is a discrepancy yet. `debts` are those after refunds, by
    payment, and `settled_debts` the payments whose recorded debts stand no more. `decided` counts
    what people decided and nothing is left to do about, by how; `counts` has only what nobody
    decided to leave as it is.
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
        """The items that need explaining, and that nobody decided to leave as they are."""
        return tuple(item for item in self.items.unsettled if item.is_open)

    @property
    def in_flight(self) -> tuple[Item, ...]:
        """The items that time will settle."""
        return tuple(item for item in self.items.unsettled if item.kind is Kind.IN_FLIGHT)


def reconcile(snapshot: Snapshot, terms: Terms, aside: FastPath = take_fast_path) -> Reconciliation:
    """Give every charge that is judged exactly one kind, and every transfer an owner.

    `aside` says what is settled without being judged; what it says changes no verdict.
    """
    with exactly():
        return _reconcile(snapshot, terms, aside)


def _reconcile(snapshot: Snapshot, terms: Terms, aside: FastPath) -> Reconciliation:
    plain, rest = aside(snapshot, terms.prices)
    matches = match(rest.charges, rest.stratagems)
    matched_charges = matched_charges_of(rest, matches, terms)
    owners = _owners_elsewhere(rest, matches, matched_charges)
    judged = [item_of(matched) for matched in matched_charges.values()]
    lines = (
        line_for_late(i, c, terms.now)
        for i, c in zip(judged, matched_charges.values(), strict=True)
    )
    wanted = dict(filter(None, lines))
    taking = _taking(snapshot.stratagems)
    orphans = owners[_Owner.NOBODY]
    found = (
        _orphan(row, taking.get(row.record_id, ()), snapshot.answers, terms) for row in orphans
    )
    judged += [_with_line(item, wanted.get(item.name)) for item in found]
    by_hand = _with_copies(owners[_Owner.REASON], rest, matches)
    overdue = overdue_by_hand(by_hand, snapshot, terms)
    judged += [_decided_by_hand(item, terms) for item in overdue]
    counts = Counter(item.kind for item in judged if not item.is_decided)
    # Not `+= len(plain)`: a kind that nothing is of has no count.
    counts.update(dict.fromkeys([Kind.SETTLED] if plain else [], len(plain)))
    return Reconciliation(
        Items(judged, plain, partial(_settled, snapshot.answers, terms)),
        counts,
        _equation(rest, matched_charges, owners, terms, plain),
        manual=len(owners[_Owner.REASON]),
        elsewhere=len(owners[_Owner.OTHER_PAYMENT]),
        under_way=_under_way(owners[_Owner.REASON]),
        decided=Counter(i.decision.how for i in judged if i.decision and not i.is_open),
        debts=(debts := _debts(terms, matched_charges.values(), plain)),
        settled_debts=frozenset(terms.decided.debts.keys() - debts.keys()),
    )


def _taking(rows: Iterable[Stratagem]) -> Mapping[str, tuple[Stratagem, ...]]:
    """What people decided to take back, by the record that it is of."""
    found: dict[str, tuple[Stratagem, ...]] = {}
    # Airtable lists in any order: the report is the same for each.
    for row in sorted(rows, key=lambda row: (row.created_at, row.record_id)):
        if row.origin is Origin.TAKE_BACK and (record := taken_record_in(row.stratagem_id)):
            found[record] = (*found.get(record, ()), row)
    return found


def _decided_by_hand(item: Item, terms: Terms) -> Item:
    facts = facts_of_rows(item.stratagems, item.kind, terms.now)
    return with_next_step(decided_on(item, item.name, facts, terms), None, terms.now)


def _debts(
    terms: Terms, matched_charges: Iterable[MatchedCharge], plain: PlainlySettled
) -> dict[str, Decimal]:
    """The recorded debts that still stand, as far as that is known: those of payments that are not
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
    """With them what else has their keys, made before the window."""
    keys = {stratagem.stratagem_id for stratagem in by_hand}
    earlier = (s for s in matches.unmatched if not snapshot.accounts_for(s))
    return (*by_hand, *(s for s in earlier if s.stratagem_id in keys))


def _under_way(by_hand: Iterable[Stratagem]) -> tuple[Stratagem, ...]:
    """Oldest first, in whatever order they were read; with them whatever else has their key: of
    several rows the one counts that tells most."""
    by_hand = tuple(by_hand)
    keys = {stratagem.stratagem_id for stratagem in by_hand if stratagem.status not in _DECIDED}
    found = (stratagem for stratagem in by_hand if stratagem.stratagem_id in keys)
    return tuple(sorted(found, key=lambda s: (s.created_at, s.record_id)))


def _settled(answers: Lookups, terms: Terms, charge: Charge, stratagem: Stratagem) -> Item:
    """The item of a plainly settled charge, made as any other is."""
    with exactly():
        return item_of(matched_charge_of(charge, (Match(stratagem, Rule.KEY),), answers, terms))


class _Owner(Enum):
    """What accounts for a transfer that no judged charge accounts for."""

    OTHER_PAYMENT = auto()
    REASON = auto()
    NOBODY = auto()


def _owners_elsewhere(
    snapshot: Snapshot, matches: Matches, matched_charges: Mapping[str, MatchedCharge]
) -> dict[_Owner, list[Stratagem]]:
    owners: dict[_Owner, list[Stratagem]] = {owner: [] for owner in _Owner}
    outside = [
        found for charge, found in matches.by_charge.items() if charge not in matched_charges
    ]
    matched = {match.stratagem.record_id for found in outside for match in found}
    for charge, rows in matches.corrections.items():
        matched.update(row.record_id for row in rows if charge not in matched_charges)
    ours = {s.record_id for c in matched_charges.values() for s in (*c.stratagems, *c.corrections)}
    for stratagem in snapshot.stratagems:
        if stratagem.returns or stratagem.origin is Origin.TAKE_BACK:
            continue
        if snapshot.accounts_for(stratagem) and stratagem.record_id not in ours:
            owners[_owner(stratagem, matched, snapshot.answers)].append(stratagem)
    return owners


def _owner(stratagem: Stratagem, matched: Container[str], answers: Lookups) -> _Owner:
    if stratagem.record_id in matched:
        return _Owner.OTHER_PAYMENT
    if answers.payment_of(stratagem):
        return _Owner.OTHER_PAYMENT
    if stratagem.origin is Origin.MANUAL and stratagem.reason:
        return _Owner.REASON
    return _Owner.NOBODY


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
        citizen=matched.buyer.citizen,
        ducats=matched.buyer.ducats,
        stratagems=matched.stratagems,
        telling=matched.telling.stratagem if matched.telling else None,
        matched_by=matched.telling.rule if matched.telling else None,
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
    """Settled is said of the ducats: where more was paid, that is not passed over."""
    conclusion = conclusion_of(matched, kind)
    is_told = beyond and conclusion and not matched.cents_back
    return f"{conclusion}; {beyond}" if is_told else conclusion


def _is_moving(matched: MatchedCharge) -> bool:
    """Ducats are on their way to the citizen, or back."""
    returning = (*matched.returns, *matched.takebacks)
    return matched.is_outstanding or any(
        row.state(matched.terms.now) is State.LIVE for row in returning
    )


def _orphan(
    stratagem: Stratagem, taking: tuple[Stratagem, ...], answers: Lookups, terms: Terms
) -> Item:
    item = _unaccounted(stratagem, answers, terms)
    facts = facts_of_rows([stratagem], item.kind, terms.now)
    if taking:
        item = _less_taken(item, taking, terms)
    return with_next_step(decided_on(item, item.name, facts, terms), None, terms.now)


def _with_line(item: Item, line: Repair | None) -> Item:
    """Where a payment's line says whose it is, the transfer is not taken back as nobody's."""
    return replace(item, repair=line) if line and item.is_open else item


def _less_taken(item: Item, taking: tuple[Stratagem, ...], terms: Terms) -> Item:
    """A transfer for nobody whose ducats somebody decided to take back."""
    row, now = item.stratagems[0], terms.now
    ducats = row.ducats or ZERO
    taken = in_states(taking, now, State.EXECUTED)
    left = ducats - taken - in_states(taking, now, State.LIVE)
    told = tuple(f"taken back: {describe(t, terms)}" for t in taking)
    item = replace(item, corrections=taking, evidence=(*item.evidence, *told))
    if left > ROUNDING_DUCATS or row.state(now) is not State.EXECUTED:
        return replace(item, at_risk=min(item.at_risk, left))
    kind = Kind.SETTLED if taken + ROUNDING_DUCATS >= ducats else Kind.IN_FLIGHT
    done = {
        Kind.SETTLED: "its ducats were taken back",
        Kind.IN_FLIGHT: "they are on their way back",
    }
    return replace(
        item,
        kind=kind,
        severity=kind.severity,
        verdict="",
        at_risk=ZERO,
        repair=None,
        advice="",
        conclusion=done[kind],
    )


def _unaccounted(stratagem: Stratagem, answers: Lookups, terms: Terms) -> Item:
    may_move = stratagem.state(terms.now) in MAY_STILL_MOVE
    evidence = tuple(_orphan_evidence(stratagem, answers, terms))
    return Item(
        kind=Kind.ORPHAN,
        severity=Kind.ORPHAN.severity if may_move else Severity.MEDIUM,
        occurred_at=stratagem.created_at,
        charge=None,
        citizen=stratagem.citizen,
        ducats=stratagem.ducats,
        stratagems=(stratagem,),
        telling=stratagem,
        matched_by=None,
        verdict=evidence[-1],
        evidence=evidence,
        at_risk=(stratagem.ducats or ZERO) if may_move else ZERO,
        repair=None,
        advice=advice_on_orphan(stratagem.state(terms.now)),
        left_there=terms.collects and answers.ducats.get(stratagem.citizen, ZERO) > ROUNDING_DUCATS,
    )


def _orphan_evidence(stratagem: Stratagem, answers: Lookups, terms: Terms) -> Iterator[str]:
    yield f"made {format_moment(stratagem.created_at)} for {stratagem.citizen!r}"
    yield describe(stratagem, terms)
    if named := named_payments(stratagem):
        yield _why_not_for(named[0], stratagem, answers)
    elif stratagem.origin is Origin.LEGACY:
        yield "no payment of this citizen and amount in the 72 hours before it"
    else:
        yield "it names neither a payment nor a recorded reason"


def _why_not_for(payment: str, stratagem: Stratagem, answers: Lookups) -> str:
    if many := answers.payments.get(payment):
        return f"{payment} is for {len(many)} citizens, and {stratagem.citizen!r} is none of them"
    return f"Stripe has no paid ducat purchase {payment}"


def _equation(
    snapshot: Snapshot,
    matched_charges: Mapping[str, MatchedCharge],
    owners: Mapping[_Owner, list[Stratagem]],
    terms: Terms,
    plain: PlainlySettled,
) -> Equation:
    def executed(stratagems: Iterable[Stratagem]) -> Decimal:
        return sum_ducats(s for s in stratagems if s.state(terms.now) is State.EXECUTED)

    ours = {
        s.record_id
        for c in matched_charges.values()
        for s in (*c.stratagems, *c.returns, *c.corrections, *c.takebacks)
    }
    concerned = [s for s in snapshot.stratagems if snapshot.accounts_for(s) or s.record_id in ours]
    returning = [s for s in concerned if s.returns]
    taking = [s for s in concerned if s.origin is Origin.TAKE_BACK]
    orphans = {s.record_id for s in owners[_Owner.NOBODY] if s.state(terms.now) is State.EXECUTED}
    of_orphans = [t for t in taking if taken_record_in(t.stratagem_id) in orphans]
    others = [t for t in taking if t.record_id not in ours and t not in of_orphans]
    elsewhere = [s for s in returning if s.record_id not in ours]
    plainly = plain.ducats
    completed = sum((matched.completed for matched in matched_charges.values()), ZERO)
    return equate(
        matched_charges.values(),
        plain=plainly,
        sold=sum(
            (matched_charges[c.id].sold for c in snapshot.charges if c.id in matched_charges),
            plainly,
        ),
        executed=executed(
            s for s in concerned if not s.returns and s.origin is not Origin.TAKE_BACK
        )
        + completed
        + plainly,
        manual=executed(owners[_Owner.REASON]),
        orphaned=executed(owners[_Owner.NOBODY]),
        elsewhere=executed(owners[_Owner.OTHER_PAYMENT]),
        returned=returned(returning, terms.now) + completed,
        returned_elsewhere=returned(elsewhere, terms.now),
        taken_back=executed(taking),
        taken_back_elsewhere=executed(others),
        taken_from_orphans=executed(of_orphans),
    )
