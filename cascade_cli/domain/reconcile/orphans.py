"""Transfers that no judged charge accounts for: what does account for them, and the item of one
that nothing accounts for."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from enum import Enum, auto

from cascade_cli.domain.discrepancies.advice import advice_on_orphan
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.discrepancies.item_decisions import (
    decided_on,
    facts_of_rows,
    with_next_step,
)
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind, Severity
from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.matching import Matches, named_payments
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, State, Stratagem
from cascade_cli.domain.refunds.refund_shares import ROUNDING_DUCATS, in_states
from cascade_cli.domain.shop.keys import Origin, taken_record_in
from cascade_cli.domain.shop.money import ZERO
from cascade_cli.domain.shop.times import format_moment


class Owner(Enum):
    """What accounts for a transfer that no judged charge accounts for."""

    OTHER_PAYMENT = auto()
    REASON = auto()
    NOBODY = auto()


def owners_elsewhere(
    snapshot: Snapshot, matches: Matches, matched_charges: Mapping[str, MatchedCharge]
) -> dict[Owner, list[Stratagem]]:
    """The snapshot's transfers that do not belong to judged charges, grouped by what accounts for
    them."""
    owners: dict[Owner, list[Stratagem]] = {owner: [] for owner in Owner}
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
        if snapshot.must_account_for(stratagem) and stratagem.record_id not in ours:
            owners[_owner(stratagem, matched, snapshot.lookups)].append(stratagem)
    return owners


def _owner(stratagem: Stratagem, matched: Container[str], lookups: Lookups) -> Owner:
    if stratagem.record_id in matched or lookups.payment_of(stratagem):
        return Owner.OTHER_PAYMENT
    if stratagem.origin is Origin.MANUAL and stratagem.reason:
        return Owner.REASON
    return Owner.NOBODY


def takebacks_by_record(rows: Iterable[Stratagem]) -> Mapping[str, tuple[Stratagem, ...]]:
    """What people decided to take back, by the record whose ducats come back."""
    found: dict[str, tuple[Stratagem, ...]] = {}
    taking = [row for row in rows if row.origin is Origin.TAKE_BACK]
    # Airtable lists in any order: the report is the same for each.
    for row in sorted(taking, key=lambda row: (row.created_at, row.record_id)):
        if record := taken_record_in(row.stratagem_id):
            found[record] = (*found.get(record, ()), row)
    return found


def orphan_item(
    stratagem: Stratagem, taking: tuple[Stratagem, ...], lookups: Lookups, terms: Terms
) -> Item:
    """The item of an orphan, with what people decided about it; `taking` are the transfers that
    take its ducats back."""
    item = _judged(stratagem, lookups, terms)
    facts = facts_of_rows([stratagem], item.kind, terms.now)
    if taking:
        item = _less_taken(item, taking, terms)
    return with_next_step(decided_on(item, item.name, facts, terms), None, terms.now)


def _less_taken(item: Item, taking: tuple[Stratagem, ...], terms: Terms) -> Item:
    """The item of an orphan whose ducats somebody decided to take back."""
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


def _judged(stratagem: Stratagem, lookups: Lookups, terms: Terms) -> Item:
    may_move = stratagem.state(terms.now) in MAY_STILL_MOVE
    evidence = tuple(_evidence(stratagem, lookups, terms))
    return Item(
        kind=Kind.ORPHAN,
        severity=Kind.ORPHAN.severity if may_move else Severity.MEDIUM,
        occurred_at=stratagem.created_at,
        charge=None,
        citizen=stratagem.citizen,
        ducats=stratagem.ducats,
        stratagems=(stratagem,),
        main_row=stratagem,
        matched_by=None,
        verdict=evidence[-1],
        evidence=evidence,
        at_risk=(stratagem.ducats or ZERO) if may_move else ZERO,
        repair=None,
        advice=advice_on_orphan(stratagem.state(terms.now)),
        left_there=terms.takes_back_on_refund
        and lookups.ducats.get(stratagem.citizen, ZERO) > ROUNDING_DUCATS,
    )


def _evidence(stratagem: Stratagem, lookups: Lookups, terms: Terms) -> Iterator[str]:
    yield f"made {format_moment(stratagem.created_at)} for {stratagem.citizen!r}"
    yield describe(stratagem, terms)
    if named := named_payments(stratagem):
        yield _why_not_for(named[0], stratagem, lookups)
    elif stratagem.origin is Origin.LEGACY:
        yield "no payment of this citizen and amount in the 72 hours before it"
    else:
        yield "it names neither a payment nor a recorded reason"


def _why_not_for(payment: str, stratagem: Stratagem, lookups: Lookups) -> str:
    if many := lookups.payments.get(payment):
        return f"{payment} is for {len(many)} citizens, and {stratagem.citizen!r} is none of them"
    return f"Stripe has no paid ducat purchase {payment}"
