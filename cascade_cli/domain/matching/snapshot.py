"""Both sides as they were read, what had to be looked up because the listings did not show it, and
what people did beside a payment's own transfers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from cascade_cli.domain.matching.matched_charge import MatchedCharge, Terms
from cascade_cli.domain.matching.matching import Match, Matches, named_payments
from cascade_cli.domain.matching.settled_by import one_each
from cascade_cli.domain.records.charges import Charge, Dispute
from cascade_cli.domain.records.past_delivery import NOTHING_PAST, PastDelivery
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.refunds.refund_shares import returns_of
from cascade_cli.domain.shop.keys import Origin, taken_record_in
from cascade_cli.domain.shop.times import Window


@dataclass(frozen=True)
class Lookups:
    """What was looked up one by one because the two listings did not show it.

    `citizens` maps each name that was asked for to whether it exists. `arrived` maps an existing
    name to when its record was made, `ducats` to what the citizen has, and `similar` a missing name
    to those that look like it. `payments` maps a payment's id to what it bought: one charge, or one
    for each of many citizens; none if Stripe does not know the payment or it was never paid. `past`
    maps the id of a charge without a stratagem to what is remembered of its delivery.
    """

    citizens: Mapping[str, bool] = field(default_factory=dict)
    similar: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    payments: Mapping[str, tuple[Charge, ...]] = field(default_factory=dict)
    disputes: Mapping[str, tuple[Dispute, ...]] = field(default_factory=dict)
    processor_ducats: Decimal | None = None
    arrived: Mapping[str, datetime] = field(default_factory=dict)
    past: Mapping[str, PastDelivery] = field(default_factory=dict)
    ducats: Mapping[str, Decimal] = field(default_factory=dict)

    def payment_of(self, stratagem: Stratagem) -> str | None:
        """The payment that the transfer names, if the transfer can be for it. A payment for many
        citizens, named as a whole, only counts for those citizens."""
        named = (one for one in named_payments(stratagem) if self._is_for(one, stratagem.citizen))
        return next(named, None)

    def _is_for(self, payment: str, citizen: str | None) -> bool:
        bought = self.payments.get(payment, ())
        return len(bought) == 1 or any(charge.citizen == citizen for charge in bought)


@dataclass(frozen=True)
class Snapshot:
    """Both sides as they were read, each id once.

    Charges and transfers within the window are judged, and also those named in `beyond`: ids of
    charges, and record ids of transfers. Other charges outside the window only help with matching.
    """

    window: Window
    charges: tuple[Charge, ...]
    stratagems: tuple[Stratagem, ...]
    lookups: Lookups = field(default_factory=Lookups)
    beyond: frozenset[str] = frozenset()

    def judges(self, charge: Charge) -> bool:
        """Whether the charge gets a verdict."""
        return charge.created_at in self.window or charge.id in self.beyond

    def looks_at(self, stratagem: Stratagem) -> bool:
        """Whether the transfer's payment has to be found."""
        return stratagem.created_at in self.window or stratagem.record_id in self.beyond

    def must_account_for(self, stratagem: Stratagem) -> bool:
        """Whether the transfer must have an owner, even if that is no judged charge. A transfer
        that another processor pays concerns us only if it is for one of our payments."""
        return not stratagem.other_processor and self.looks_at(stratagem)


def matched_charges_of(
    snapshot: Snapshot, matches: Matches, terms: Terms
) -> dict[str, MatchedCharge]:
    """A matched charge for every charge that is judged, by the charge's id."""
    returns = returns_of(snapshot.charges, (s for s in snapshot.stratagems if s.returns))
    beside = Beside(snapshot.charges, snapshot.stratagems, matches)
    matched_charges = {
        charge.id: replace(
            matched_charge_of(charge, matches.by_charge[charge.id], snapshot.lookups, terms),
            returns=returns.get(charge.id, ()),
            late=matches.late.get(charge.id, ()),
            corrections=matches.corrections.get(charge.id, ()),
            takebacks=beside.takebacks.get(charge.id, ()),
            mentioned=beside.mentioned.get(charge.id, ()),
        )
        for charge in snapshot.charges
        if snapshot.judges(charge)
    }
    if any(map(matches.late.get, matched_charges)):
        matched_charges.update(
            (matched.charge.id, matched) for matched in one_each(matched_charges.values())
        )
    return matched_charges


def matched_charge_of(
    charge: Charge, found: tuple[Match, ...], lookups: Lookups, terms: Terms
) -> MatchedCharge:
    """The charge with its matches and what was looked up about it."""
    citizen = charge.citizen or ""
    return MatchedCharge(
        charge,
        found,
        terms,
        citizen_exists=lookups.citizens.get(citizen),
        similar_citizens=lookups.similar.get(citizen, ()),
        disputes=lookups.disputes.get(charge.id, ()),
        processor_ducats=lookups.processor_ducats,
        citizen_since=lookups.arrived.get(citizen),
        past=lookups.past.get(charge.id, NOTHING_PAST),
        balances=lookups.ducats,
    )


class Beside:
    """Take-backs and mentions by the charge's id, oldest first. A credit by hand may mention
    several payments."""

    def __init__(
        self, charges: Iterable[Charge], stratagems: Iterable[Stratagem], matches: Matches
    ) -> None:
        self.takebacks: dict[str, tuple[Stratagem, ...]] = {}
        self.mentioned: dict[str, tuple[Stratagem, ...]] = {}
        rows = [row for row in stratagems if row.origin is Origin.TAKE_BACK or row.mentions]
        if not rows:
            return
        owners = dict(_owners(matches))
        names: dict[str, list[Charge]] = {}
        for charge in charges:
            for name in set(charge.names):
                names.setdefault(name, []).append(charge)
        for row in sorted(rows, key=lambda row: (row.created_at, row.record_id)):
            if row.origin is Origin.TAKE_BACK:
                if owner := owners.get(taken_record_in(row.stratagem_id) or ""):
                    _add(self.takebacks, owner, row)
                continue
            meant = (c for name in row.mentions for c in names.get(name, ()) if _is_for(c, row))
            for owner in dict.fromkeys(charge.id for charge in meant):
                _add(self.mentioned, owner, row)


def _owners(matches: Matches) -> Iterator[tuple[str, str]]:
    """The charge of each record."""
    for charge, found in matches.by_charge.items():
        yield from ((one.stratagem.record_id, charge) for one in found)
    for charge, rows in matches.corrections.items():
        yield from ((row.record_id, charge) for row in rows)


def _is_for(charge: Charge, row: Stratagem) -> bool:
    """A payment for many, mentioned as a whole, means the credited citizen's portion."""
    return not charge.portion or charge.payment_id in row.mentions or charge.citizen == row.citizen


def _add(found: dict[str, tuple[Stratagem, ...]], owner: str, row: Stratagem) -> None:
    found[owner] = (*found.get(owner, ()), row)
