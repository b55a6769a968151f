"""A person's decision about one case: read both sides, plan, record, carry out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.decisions.credit_decision import due_to_buyer, own_ducats
from cascade_cli.domain.decisions.decision_plan import (
    UNTOUCHED,
    Means,
    Resolution,
    Subject,
    Wish,
    transfer_sentence,
)
from cascade_cli.domain.decisions.resolution import plan
from cascade_cli.domain.decisions.take_back_decision import surpluses
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.kinds import Kind
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.ownership import Ownership
from cascade_cli.domain.matching.snapshot import Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.citizens import Resident, identity_doubt, unknown_citizen_sentence
from cascade_cli.domain.records.decisions import Decision, How
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.orders import (
    PURCHASE_REASON,
    Order,
    Override,
    moves_of,
    order_for_charge,
)
from cascade_cli.domain.records.rulings import RowRuling, withdrawn
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.refunds.refund_shares import Policy, in_states
from cascade_cli.domain.shop.keys import IdKind, kind_of_id, taken_record_in
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import GuardError, NotFoundError, UsageError
from cascade_cli.services.delivery.credit_requests import CreditLimits, check_limit
from cascade_cli.services.delivery.credit_service import PATIENCE, CreditPlan, CreditService
from cascade_cli.services.delivery.deliver import Deliverer
from cascade_cli.services.ports import CitizensPort, JournalPort, PaymentsPort, TransfersPort
from cascade_cli.services.reconcile.gather import Reconciler
from cascade_cli.services.reconcile.snapshots import (
    NeighbouringCharges,
    TransferSnapshots,
)
from cascade_cli.services.reconcile.unknown_ids import right_line, similar_line
from cascade_cli.services.refunds.refund_service import RefundService

FORMS = "a payment pi_… or ch_…, a portion pi_….3, or a transfer by its StratagemId or rec… id"
# From this long before a doubtful transfer on, its citizen's other transfers are shown.
NEIGHBOURHOOD = timedelta(days=2)


@dataclass(frozen=True)
class Seen:
    """A case as it was read; `before` is the newest decision about it in the journal."""

    subject: Subject
    snapshot: Snapshot
    before: Mapping[str, Any] | None


@dataclass(frozen=True)
class Evidence:
    """What to look at before saying whether a doubtful transfer moved its ducats: the present
    balances, and the citizen's other transfers around it."""

    rows: tuple[Stratagem, ...]
    balances: Mapping[str, Decimal]
    neighbours: tuple[Stratagem, ...]


@dataclass(frozen=True)
class PlannedDecision:
    """Everything that would be written. `credit` is the checked plan for orders to a citizen.
    `repair` sends again what is found to have moved nothing."""

    resolution: Resolution
    seen: Seen
    credit: CreditPlan | None = None
    repair: Order | None = None

    @property
    def orders(self) -> tuple[Order, ...]:
        """Everything that moves ducats, or keeps them from moving."""
        found = (*self.resolution.endings, *self.resolution.orders)
        own = self.credit.orders if self.credit and self.resolution.own_key else ()
        return (*found, *own, *([self.repair] if self.repair else ()))

    @property
    def writes(self) -> tuple[object, ...]:
        """Two plans with equal `writes` write the same."""
        resolution = self.resolution
        return resolution.decision.is_same_as, resolution.writes_off, moves_of(self.orders)


@dataclass(frozen=True)
class ResolveService:
    """Handles one case at a time. `forget` makes the readers read decisions again."""

    payments: PaymentsPort
    transfers: TransfersPort
    answering: Reconciler
    citizens: CitizensPort
    service: CreditService
    refunds: RefundService
    deliverer: Deliverer
    decisions: JournalPort
    limits: CreditLimits
    terms: Callable[[], Terms]
    forget: Callable[[], None]

    def look(self, identity: str) -> Seen:
        """The case that an id names. Raises UsageError if it cannot be the id of a case,
        NotFoundError if neither side knows it, and GuardError for a payment for many without the
        portion."""
        try:
            kind = kind_of_id(identity)
        except ValueError as error:
            raise UsageError(f"{str(error).capitalize()}.", f"Accepted: {FORMS}.") from None
        if kind not in {IdKind.PAYMENT, IdKind.NAME}:
            raise UsageError(f"{identity!r} is not a case.", right_line(identity))
        if kind is IdKind.PAYMENT and (charges := self.payments.portions(identity)):
            return self._of_charges(identity, charges)
        rows = self.transfers.identified(identity)
        if not rows:
            near = similar_line(self.transfers, identity, "resolve")
            raise NotFoundError(
                f"Neither Stripe nor Venice knows a case {identity[:80]!r}.",
                near or f"Accepted: {FORMS}.",
            )
        owner = self._neighbours.owner_of(rows[0])
        if owner is None:
            return self._of_transfer(rows)
        return self._of_charges(owner.payment_id, [owner], rows[0].record_id)

    @property
    def _neighbours(self) -> NeighbouringCharges:
        return NeighbouringCharges(self.payments, self.transfers)

    @property
    def _snapshots(self) -> TransferSnapshots:
        return TransferSnapshots(self.payments, self.transfers)

    def _of_charges(self, identity: str, charges: Sequence[Charge], named: str = "") -> Seen:
        terms = self.terms()
        snapshot = self._answered(self._neighbours.snapshot_of(charges), terms)
        ids = {charge.id for charge in charges}
        items = [i for i in reconcile(snapshot, terms).items if i.charge and i.charge.id in ids]
        item = items[0] if len(items) == 1 else _only_open(identity, items)
        matched_charges = matched_charges_of(
            snapshot, match(snapshot.charges, snapshot.stratagems), terms
        )
        matched = next(matched_charges[charge.id] for charge in charges if charge == item.charge)
        return self._seen(Subject(item, matched, terms, named), snapshot)

    def _of_transfer(self, rows: Sequence[Stratagem]) -> Seen:
        """The case of a transfer. If several rows share a StratagemId, the first one decides."""
        row, terms = rows[0], self.terms()
        snapshot = self._snapshots.snapshot_of(rows)
        snapshot = self._answered(snapshot, terms)
        items = [item for item in reconcile(snapshot, terms).items if row in item.stratagems]
        if not items:
            raise GuardError(
                f"{row.name} needs no decision.",
                f"{UNTOUCHED} See: {command('explain', row.record_id)}",
            )
        # If rows were executed more than once, nobody says which one was too many.
        is_one = items[0].kind is not Kind.DUPLICATE or row.state(terms.now) is State.DOUBTFUL
        return self._seen(Subject(items[0], None, terms, row.record_id if is_one else ""), snapshot)

    def _answered(self, snapshot: Snapshot, terms: Terms) -> Snapshot:
        return replace(snapshot, lookups=self.answering.lookups(snapshot, terms))

    def _seen(self, subject: Subject, snapshot: Snapshot) -> Seen:
        return Seen(subject, snapshot, self.decisions.decisions().get(subject.name))

    def evidence(self, seen: Seen) -> Evidence:
        """What a person has to look at before saying whether ducats moved."""
        rows = seen.subject.doubtful
        if not rows:
            return Evidence((), {}, ())
        names = sorted({self.limits.processor, *(row.concerned for row in rows)})
        found = self.citizens.residents(names)
        first = min(row.created_at for row in rows)
        listed: dict[str, Stratagem] = {}
        for citizen in {row.concerned for row in rows}:
            others = self.transfers.listed(first - NEIGHBOURHOOD, citizen=citizen)
            listed |= {row.record_id: row for row in others}
        own = {row.record_id for row in rows}
        near = sorted(
            (row for name, row in listed.items() if name not in own),
            key=lambda row: (row.created_at, row.record_id),
        )
        return Evidence(rows, {n: found[n].ducats for n in names if n in found}, tuple(near))

    def settling(self, identity: str, seen: Seen) -> Stratagem:
        """The transfer that, by a person's word, settles the case. Raises GuardError if it was
        taken back or is another payment's."""
        rows = self.transfers.identified(identity)
        if len(rows) != 1:
            found = f"{len(rows)} transfers have" if rows else "No transfer has"
            raise GuardError(f"{found} the id {identity[:80]!r}.", UNTOUCHED)
        now, record = seen.subject.terms.now, rows[0].record_id
        beside = self._snapshots.snapshot_of(rows).stratagems
        back = [row for row in beside if taken_record_in(row.stratagem_id) == record]
        if in_states(back, now, State.EXECUTED, State.LIVE, State.DOUBTFUL):
            raise GuardError(
                f"{identity} was taken back: {transfer_sentence(back[-1])}.", UNTOUCHED
            )
        owner = self._neighbours.owner_of(rows[0])
        matched = seen.subject.matched
        if owner and matched and owner.id != matched.charge.id:
            raise GuardError(f"{identity} is the transfer for {owner.payment_id}.", UNTOUCHED)
        return rows[0]

    def plan(
        self, seen: Seen, wish: Wish, facts: Mapping[str, Any], policy: Policy, worker: Worker
    ) -> PlannedDecision:
        """What would be written; writes nothing. Raises GuardError if the wish does not fit."""
        resolution = plan(seen.subject, wish, self._means(seen.subject, wish, facts, policy))
        dated = resolution.decision.dated(worker.operator, worker.host, seen.subject.terms.now)
        resolution = replace(resolution, decision=dated)
        if resolution.own_key:
            order = self._own_order(seen.subject, wish, facts)
            return PlannedDecision(resolution, seen, self.service.plan([order]))
        if wish.how is How.CREDIT:
            return PlannedDecision(resolution, seen, self.service.plan(resolution.orders))
        moved = ((order.concerned, order.ducats) for order in resolution.orders)
        check_limit(self.limits.per_credit, moved)
        if wish.how is How.NOT_MOVED:
            return PlannedDecision(resolution, seen, repair=self._resend(resolution, seen, facts))
        return PlannedDecision(resolution, seen)

    def _means(
        self, subject: Subject, wish: Wish, facts: Mapping[str, Any], policy: Policy
    ) -> Means:
        if wish.how is not How.TAKE_BACK:
            return Means(policy, self.limits.processor, facts)
        # A live transfer is withheld, whoever has the name now and however many ducats they own.
        now, surplus = subject.terms.now, [one.row for one in surpluses(subject)]
        rows = [row for row in surplus if row.state(now) is not State.LIVE]
        names = sorted({row.citizen for row in rows if row.citizen})
        found = self.citizens.residents(names) if names else {}
        for name in names:
            _refuse_stranger(name, found, rows, self.citizens.usernames)
        if wish.ducats is not None and policy is Policy.NONE:
            policy = Policy.AVAILABLE
        has = {name: found[name].ducats for name in names}
        return Means(policy, self.limits.processor, facts, has)

    def _own_order(self, subject: Subject, wish: Wish, facts: Mapping[str, Any]) -> Order:
        """The order, as `cascade credit --payment` makes it."""
        matched = subject.matched
        assert matched is not None  # noqa: S101 - a transfer without a charge has no own key
        citizen, ducats = wish.citizen or matched.charge.citizen, own_ducats(matched, wish)
        ambiguous = frozenset([Override.AMBIGUOUS]) if wish.again else frozenset()
        if not citizen or not ducats:
            lacks = "--citizen C" if not citizen else "--credit N"
            raise UsageError(
                f"{subject.name} does not say who gets the ducats, or how many.",
                f"{UNTOUCHED} Add {lacks}.",
            )
        return self.service.order_for_payment(
            # `due` leaves out what was refunded. The rest is owed as if there were no refund.
            replace(matched.charge, refunded_cents=0, disputed=False),
            citizen,
            ducats,
            due=due_to_buyer(matched, wish),
            is_another=bool(matched.identity_doubt),
            reason=wish.reason,
            facts=facts,
            overrides=wish.overrides | ambiguous,
        )

    def _resend(self, found: Resolution, seen: Seen, facts: Mapping[str, Any]) -> Order | None:
        """An order to send again what is found to have moved nothing, if a machine may do so."""
        after = found.after
        repair = after and after.item.repair
        if not (after and after.matched and repair and repair.automatic):
            return None
        charge = after.matched.charge
        order = order_for_charge(replace(charge, disputed=False), PURCHASE_REASON, facts)
        return Ownership(seen.snapshot.charges, seen.snapshot.stratagems).tell_apart(order, charge)

    def carry_out(self, planned: PlannedDecision, patience: timedelta = PATIENCE) -> list[Delivery]:
        """Record the decision, then do what it says."""
        self._record(planned)
        if planned.resolution.writes_off:
            self._write_off(planned.resolution)
        endings = self.deliverer.deliver(planned.resolution.endings, patience=patience)
        if planned.credit:
            moved = self.service.carry_out(planned.credit)
        else:
            others = [o for o in planned.orders if o not in planned.resolution.endings]
            moved = self.deliverer.deliver(others, patience=patience)
        self._look_again(moved, patience)
        return [*endings, *moved]

    def _look_again(self, moved: Sequence[Delivery], patience: timedelta) -> None:
        """Read again after crediting. A run with another journal may have read at the same time,
        before either wrote. The later one sees both transfers, and expires the surplus."""
        credited = (one.order for one in moved if one.result is Result.CREDITED)
        made = [replace(order, retire_surplus=True) for order in credited]
        if made:
            self.deliverer.deliver(made, patience=patience)

    def _record(self, planned: PlannedDecision) -> None:
        resolution, subject = planned.resolution, planned.seen.subject
        if not resolution.rulings and _is_recorded(subject, resolution.decision):
            # The same decision was recorded before, and its command was interrupted.
            return
        rulings = {ruling.record_id: ruling for ruling in self._rulings(resolution)}
        self.decisions.keep_decision(
            subject.name,
            resolution.decision.document(),
            {record: ruling.document() for record, ruling in rulings.items()},
            seen=planned.seen.before,
        )
        self.forget()

    def _rulings(self, resolution: Resolution) -> Sequence[RowRuling]:
        """The rulings to record. `--reopen` withdraws all rulings about the case's rows."""
        if resolution.decision.how is not How.REOPEN:
            return resolution.rulings
        subject = resolution.subject
        records = {row.record_id for row in subject.item.rows}
        return [
            withdrawn(record)
            for record, body in self.decisions.rulings().items()
            if record in records or body["settles"] == subject.name
        ]

    def _write_off(self, resolution: Resolution) -> None:
        pictures = self.refunds.look(resolution.subject.name)
        self.refunds.write_off(pictures, resolution.decision.reason)


def _is_recorded(subject: Subject, decision: Decision) -> bool:
    before = subject.item.decision
    if before is None or before.how not in {How.CREDIT, How.TAKE_BACK, How.NOT_MOVED}:
        return False
    return before.is_same_as == decision.is_same_as and not before.change(subject.facts)


def _only_open(identity: str, items: Sequence[Item]) -> Item:
    """The only open portion of a payment for many. Raises GuardError if there are others."""
    found = [item for item in items if item.is_open]
    if len(found) == 1:
        return found[0]
    names = ", ".join(item.charge.payment_id for item in found if item.charge)
    what = f"Open: {names}" if names else "None of them is open"
    raise GuardError(
        f"{identity} is for {len(items)} citizens: a decision is about one of them.",
        f"{UNTOUCHED} Name the portion. {what}.",
    )


def _refuse_stranger(
    name: str,
    found: Mapping[str, Resident],
    rows: Sequence[Stratagem],
    usernames: Callable[[], Sequence[str]],
) -> None:
    """Raises GuardError if Venice has no citizen of that name, or if the name may belong to another
    person by now. `usernames` returns all names; it is called only if this one is missing."""
    if name not in found:
        raise GuardError(unknown_citizen_sentence(name, usernames()), UNTOUCHED)
    if why := identity_doubt(name, found[name].since, rows):
        raise GuardError(f"{why}.", UNTOUCHED)
