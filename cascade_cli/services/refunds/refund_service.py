"""Refunds: read both sides, decide, and take ducats back, withhold them or give them again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.discrepancies.refund_plan import (
    Picture,
    RefundPlan,
    RefundTerms,
    obstacle_to,
    picture_of,
    plan_refunds,
)
from cascade_cli.domain.matching import matched_charge
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.ownership import Ownership
from cascade_cli.domain.matching.snapshot import Lookups, matched_charges_of
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import Resident, identity_doubt, unknown_citizen_clause
from cascade_cli.domain.records.decisions import Decision
from cascade_cli.domain.records.orders import Order, Override
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.keys import whole_id
from cascade_cli.domain.shop.money import ZERO, format_ducats
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import GuardError
from cascade_cli.services.delivery.credit_requests import CreditLimits, check_limit
from cascade_cli.services.delivery.credit_service import PATIENCE
from cascade_cli.services.delivery.deliver import Deliverer
from cascade_cli.services.ports import CitizensPort, JournalPort, PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.snapshots import NeighbouringCharges, PastDeliveries
from cascade_cli.services.reconcile.unknown_ids import similar_line

# After we end a transfer, it may turn out to be executed. Then there is one more round.
LOOKS = 2
# An older picture is read again before anything is written.
PICTURE_LASTS = timedelta(minutes=1)
EVERY_PORTION = slice(None)
ON_ITS_WAY = frozenset({Result.CREDITED, Result.ALREADY, Result.UNFINISHED})


class NoPurchaseError(GuardError):
    """Stripe knows no such payment, or it bought no ducats."""


@dataclass(frozen=True)
class RefundWish:
    """What a person, or the worker, wants done. `ducats` is None if the policy decides.
    `overrides` are the guards that a person overruled."""

    policy: Policy
    facts: Mapping[str, Any]
    ducats: Decimal | None = None
    overrides: Collection[Override] = ()


@dataclass
class CarriedOut:
    """A plan with what was done about it; `refused` says why it went no further. `plan` is the
    newest: it is made again after something had to be ended first."""

    plan: RefundPlan
    deliveries: list[Delivery] = field(default_factory=list)
    refused: GuardError | None = None

    @property
    def goes_on(self) -> bool:
        """Whether everything that had to end has ended, and nothing new stands in the way."""
        ended = (d.result in {Result.RETIRED, Result.ALREADY} for d in self.deliveries)
        return self.refused is None and all(ended)


def decided_by(
    refunds: Mapping[str, Mapping[str, Any]],
    decisions: Mapping[str, Mapping[str, Any]],
    rulings: Mapping[str, Mapping[str, Any]],
) -> matched_charge.Decided:
    """The journal's decisions about refunds and cases."""
    written_off = {refund: Decimal(body["written_off"]) for refund, body in refunds.items()}
    debts: dict[str, Decimal] = {}
    for body in refunds.values():
        payment = body["payment"]
        debts[payment] = debts.get(payment, ZERO) + Decimal(body["debt"])
    known = {matched: Decision.of(body) for matched, body in decisions.items()}
    settling: dict[str, frozenset[str]] = {}
    for record, body in rulings.items():
        if payment := body["settles"]:
            settling[payment] = settling.get(payment, frozenset()) | {record}
    return matched_charge.Decided(_positive(written_off), _positive(debts), known, settling)


def settled_debts(
    refunds: Mapping[str, Mapping[str, Any]], payments: Collection[str], now: datetime
) -> dict[str, dict[str, Any]]:
    """The records to keep of these payments' refunds, without the debts that no longer stand."""
    return {
        refund: {**body, "debt": "0", "reason": "", "at": rfc3339(now)}
        for refund, body in refunds.items()
        if body["payment"] in payments and Decimal(body["debt"])
    }


def _positive(ducats: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {name: number for name, number in ducats.items() if number}


class RefundService:
    """Does for refunds what CreditService does for credits, with the same promise."""

    def __init__(
        self,
        *,
        payments: PaymentsPort,
        transfers: TransfersPort,
        citizens: CitizensPort,
        deliverer: Deliverer,
        decisions: JournalPort,
        limits: CreditLimits,
        terms: Callable[[], matched_charge.Terms],
        past: PastDeliveries | None = None,
    ) -> None:
        self._past = past
        self._payments, self._transfers = payments, transfers
        self._citizens, self._deliverer = citizens, deliverer
        self._decisions, self._limits, self._terms = decisions, limits, terms

    def look(self, payment_id: str, some: slice = EVERY_PORTION) -> tuple[Picture, ...]:
        """All that is known of a payment's refunds. A payment for many citizens has a picture for
        each portion, or for `some` of the portions.

        Raises GuardError if it is no paid purchase.
        """
        began = self._terms().now
        return self._pictures(payment_id, self._payments.portions(payment_id)[some], began)

    def _pictures(
        self, payment_id: str, charges: Sequence[Charge], began: datetime
    ) -> tuple[Picture, ...]:
        if not charges:
            near = similar_line(self._transfers, payment_id, "refund")
            raise NoPurchaseError(
                f"Stripe knows no paid ducat purchase {payment_id!r} in this account and mode.",
                f"Nothing was written. {near or 'Check the id.'}",
            )
        kept = self._decisions.refunds()
        off = {refund: Decimal(body["written_off"]) for refund, body in kept.items()}
        debts = {refund: Decimal(body["debt"]) for refund, body in kept.items()}
        return tuple(
            replace(picture_of(matched, off, debts), read_at=began)
            for matched in self._matched_charges(charges)
        )

    def _matched_charges(self, charges: Sequence[Charge]) -> list[matched_charge.MatchedCharge]:
        first = charges[0]
        disputes = self._payments.disputes(first.charge_id) if first.disputed else ()
        ids = [charge.id for charge in charges]
        snapshot = NeighbouringCharges(self._payments, self._transfers).snapshot_of(charges)
        others = (c for c in snapshot.charges if c.id not in ids)
        terms = self._terms()
        past = self._past.past_of(charges, terms.now) if self._past else {}
        lookups = Lookups(disputes=dict.fromkeys(ids, disputes), past=past)
        snapshot = replace(snapshot, charges=(*charges, *others), lookups=lookups)
        found = matched_charges_of(snapshot, match(snapshot.charges, snapshot.stratagems), terms)
        ownership = Ownership(snapshot.charges, snapshot.stratagems)
        return [
            replace(found[charge.id], foreign_records=ownership.foreign(charge))
            for charge in charges
        ]

    def residents(self, pictures: Sequence[Picture]) -> dict[str, Resident]:
        """The citizens who may have to return something."""
        names = sorted(
            {p.matched.as_decided.citizen for p in pictures if p.matched.as_decided.citizen}
        )
        return self._citizens.residents(names) if names else {}

    def plan(
        self, picture: Picture, wish: RefundWish, residents: Mapping[str, Resident] | None = None
    ) -> RefundPlan:
        """What would be written now; writes nothing. Raises GuardError if a person has to decide,
        if more is wanted than is due, or if a limit is exceeded. Without `residents`, the citizen
        is looked up."""
        payment = picture.matched.charge.payment_id
        if why := obstacle_to(picture):
            see = command("explain", payment)
            raise GuardError(f"{payment}: {why}.", f"Nothing was written. See: {see}")
        if wish.ducats is not None and wish.ducats > picture.left:
            raise GuardError(
                f"{format_ducats(wish.ducats)} ducats are more than the "
                f"{format_ducats(picture.left)} that are to come back for {payment}.",
                "Nothing was written.",
            )
        residents = self.residents([picture]) if residents is None else residents
        plan = plan_refunds(picture, self._terms_for(picture, wish, residents))
        if plan.refused and not plan.endings:
            hint = f"No ducats were moved. See: {command('explain', payment)}"
            raise GuardError(f"{payment}: {plan.refused}.", hint)
        citizen = picture.matched.as_decided.citizen or ""
        if picture.left and citizen and citizen not in residents:
            plan = replace(plan, unknown_citizen=unknown_citizen_clause(citizen, residents))
        check_limit(self._limits.per_credit, ((o.concerned, o.ducats) for o in plan.orders))
        return plan

    def _terms_for(
        self, picture: Picture, wish: RefundWish, residents: Mapping[str, Resident]
    ) -> RefundTerms:
        citizen = picture.matched.as_decided.citizen or ""
        found, rows = residents.get(citizen), picture.matched.stratagems
        return RefundTerms(
            wish.policy,
            self._limits.processor,
            found.ducats if found else ZERO,
            wish.facts,
            wish.ducats,
            identity_doubt(citizen, found.since, rows) if found else "",
            "" if found else unknown_citizen_clause(citizen, residents),
            wish.overrides,
        )

    def carry_out(
        self, plans: Sequence[RefundPlan], wish: RefundWish, patience: timedelta = PATIENCE
    ) -> list[CarriedOut]:
        """End what must not arrive, check its fate, then take back, give, and record debts.

        The plans are those of one payment's portions. Each step is taken for all of them at once,
        and an obstacle to one does not hold up the others.
        """
        found = [CarriedOut(plan) for plan in plans]
        if any(self._is_old(plan.picture) for plan in plans):
            self._plan_again(found, wish)
        for _ in range(LOOKS):
            if not any(one.plan.endings for one in _going_on(found)):
                break
            self._deliver(_going_on(found), lambda plan: plan.endings, patience)
            self._plan_again(_going_on(found), wish)
        self._write(_going_on(found), patience)
        return found

    def _is_old(self, picture: Picture) -> bool:
        """Whether it was read too long ago. A person may have answered late, or the process may
        have stood still. A refund may have failed meanwhile, so that its money is the shop's."""
        return picture.read_at is not None and self._terms().now - picture.read_at > PICTURE_LASTS

    def _plan_again(self, found: Sequence[CarriedOut], wish: RefundWish) -> None:
        """Read again and plan again: what was ended may have been executed all the same."""
        try:
            pictures = self._look_again([one.plan.picture.matched.charge for one in found])
        except GuardError as error:
            for one in found:
                one.refused = error
            return
        residents = self.residents(pictures)
        for one, picture in zip(found, pictures, strict=True):
            try:
                one.plan = self.plan(picture, _limited_to(wish, picture.left), residents)
            except GuardError as error:
                one.refused = error

    def _look_again(self, charges: Sequence[Charge]) -> tuple[Picture, ...]:
        """New pictures of the same portions, in the same order. Raises GuardError if one is
        missing."""
        if not charges:
            return ()
        began, whole = self._terms().now, whole_id(charges[0].payment_id)
        portions = {portion.id: portion for portion in self._payments.portions(whole)}
        still = [portions[charge.id] for charge in charges if charge.id in portions]
        return self._pictures(whole, still if len(still) == len(charges) else [], began)

    def _write(self, found: Sequence[CarriedOut], patience: timedelta) -> None:
        self._deliver(found, lambda plan: plan.orders, patience)
        self._record_debts(found)

    def _deliver(
        self,
        found: Sequence[CarriedOut],
        orders_of: Callable[[RefundPlan], Sequence[Order]],
        patience: timedelta,
    ) -> None:
        """Deliver the orders of all plans at once."""
        orders = [order for one in found for order in orders_of(one.plan)]
        delivered = self._deliverer.deliver(orders, patience=patience) if orders else []
        by_key = {delivery.order.key: delivery for delivery in delivered}
        for one in found:
            one.deliveries += [by_key[order.key] for order in orders_of(one.plan)]

    def _record_debts(self, found: Sequence[CarriedOut]) -> None:
        """Record the debts that changed, also those that are gone."""
        bodies = {name: body for one in found for name, body in _debts(one)}
        if bodies:
            self._decisions.keep_refunds(bodies)

    def write_off(self, pictures: Sequence[Picture], reason: str) -> None:
        """Record that what is left will not be taken back."""
        self._decisions.keep_refunds(
            {
                part.refund.id: _body(picture, part.written_off + part.left, ZERO, reason)
                for picture in pictures
                for part in picture.parts
                if part.left
            }
        )


def refuse_nothing_back(payment: str, pictures: Sequence[Picture]) -> None:
    """Raises GuardError if no money of the payment went back: there is nothing to write off."""
    if not any(part.due for picture in pictures for part in picture.parts):
        leave = command("resolve", payment, "--accept", "--reason", "why")
        raise GuardError(
            f"No money of {payment} went back: there is nothing to write off.",
            f"Nothing was written. To leave it as it is: {leave}",
        )


def _going_on(found: Sequence[CarriedOut]) -> list[CarriedOut]:
    return [one for one in found if one.goes_on]


def _debts(one: CarriedOut) -> Iterator[tuple[str, dict[str, Any]]]:
    """The record of each refund whose debt has changed."""
    plan, found = one.plan, {delivery.order.key: delivery for delivery in one.deliveries}
    for index, part in enumerate(plan.picture.parts):
        debt = plan.debt(index)
        key = part.next_key(plan.picture.matched.terms.now)
        delivery = found.get(key) if plan.taking[index] else None
        if delivery and delivery.result not in ON_ITS_WAY:
            continue
        if debt != part.debt:
            yield part.refund.id, _body(plan.picture, part.written_off, debt, "")


def _limited_to(wish: RefundWish, left: Decimal) -> RefundWish:
    """The wish, less what need not be taken back because it was ended."""
    return wish if wish.ducats is None else replace(wish, ducats=min(wish.ducats, left))


def _body(picture: Picture, written_off: Decimal, debt: Decimal, reason: str) -> dict[str, Any]:
    charge = picture.matched.charge
    return {
        "payment": charge.payment_id,
        "citizen": picture.matched.as_decided.citizen,
        "written_off": format_ducats(written_off),
        "debt": format_ducats(debt),
        "reason": reason,
        "at": rfc3339(picture.matched.terms.now),
    }
