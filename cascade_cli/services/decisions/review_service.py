"""A walk through the open cases. Each one is shown, planned and kept as a draft. At the end, all
drafts are carried out one after the other, as `cascade resolve` would do it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from cascade_cli.domain.decisions.decision_plan import UNTOUCHED, Subject, Wish
from cascade_cli.domain.decisions.review_draft import (
    Draft,
    draft_of,
    refund_draft,
)
from cascade_cli.domain.delivery.deliveries import DONE, Delivery
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.snapshot import Snapshot, matched_charges_of
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.shell import command
from cascade_cli.errors import GuardError, NotFoundError
from cascade_cli.services.decisions.resolve_service import (
    Evidence,
    PlannedDecision,
    ResolveService,
    Seen,
)
from cascade_cli.services.ports import JournalPort
from cascade_cli.services.refunds import refund_service


@dataclass(frozen=True)
class ChosenDraft:
    """A draft, and what it would write."""

    draft: Draft
    planned: PlannedDecision | RefundPlan

    @property
    def orders(self) -> tuple[Order, ...]:
        """Everything that moves ducats, or keeps them from moving."""
        if isinstance(self.planned, RefundPlan):
            return (*self.planned.endings, *self.planned.orders)
        return self.planned.orders


@dataclass(frozen=True)
class View:
    """What a person sees to decide: balances and, for a doubtful transfer, what is around it."""

    seen: Seen
    balances: Mapping[str, Decimal]
    evidence: Evidence


@dataclass(frozen=True)
class ReviewService:
    """Plans with `service`; drafts are those of one operator about one base."""

    service: ResolveService
    drafts: JournalPort
    base: str
    worker: Worker
    policy: Policy
    facts: Mapping[str, Any]

    def cases(self, snapshot: Snapshot, items: Sequence[Item], terms: Terms) -> list[Seen]:
        """The items of a run as cases, without a request."""
        found = matched_charges_of(snapshot, match(snapshot.charges, snapshot.stratagems), terms)
        decided = self.service.decisions.decisions()
        subjects = [
            Subject(item, found[item.charge.id], terms)
            if item.charge
            else Subject(item, None, terms, item.name)
            for item in items
        ]
        return [Seen(subject, snapshot, decided.get(subject.name)) for subject in subjects]

    def view(self, seen: Seen) -> View:
        """The case with what only the base shows; the processor's balance comes last."""
        evidence, processor = self.service.evidence(seen), self.service.limits.processor
        balances = evidence.balances or self._balances({processor, *_concerned(seen.subject)})
        ordered = sorted(balances.items(), key=lambda one: (one[0] == processor, one[0]))
        return View(seen, dict(ordered), evidence)

    def _balances(self, names: Collection[str]) -> Mapping[str, Decimal]:
        found = self.service.citizens.residents(sorted(names))
        return {name: resident.ducats for name, resident in found.items()}

    def plan(self, seen: Seen, wish: Wish) -> PlannedDecision:
        """What the wish would write. Raises GuardError if it does not fit or a guard refuses it."""
        return self.service.plan(seen, wish, self.facts, self.policy, self.worker)

    def choose(self, seen: Seen, wish: Wish) -> ChosenDraft:
        """Plan the wish, and keep it as a draft until it is carried out."""
        chosen = ChosenDraft(draft_of(seen.subject, wish), self.plan(seen, wish))
        self.drafts.set_mark(self._prefix + chosen.draft.case, chosen.draft.document())
        return chosen

    def choose_refund(self, seen: Seen) -> ChosenDraft:
        """The same for the case's refund. Raises GuardError if there is nothing to do, or if a
        guard refuses it."""
        chosen = ChosenDraft(refund_draft(seen.subject), self._refund(seen))
        self.drafts.set_mark(self._prefix + chosen.draft.case, chosen.draft.document())
        return chosen

    def _refund(self, seen: Seen) -> RefundPlan:
        payment = seen.subject.name
        picture, *others = self.service.refunds.look(payment)
        if others:
            type_it = f"Type it: {command('refund', payment)}"
            raise GuardError(f"{payment} is for several citizens.", type_it)
        plan = self.service.refunds.plan(picture, self._refund_wish)
        if not plan.is_work:
            raise GuardError(f"{payment}: nothing is to be written now.", UNTOUCHED)
        return plan

    @property
    def _refund_wish(self) -> refund_service.RefundWish:
        return refund_service.RefundWish(self.policy, self.facts)

    def drop(self, draft: Draft) -> None:
        """Drop a draft that was carried out, or will not be."""
        # The journal can replace a mark, and not remove it: an empty one is no draft.
        self.drafts.set_mark(self._prefix + draft.case, {})

    def kept(self) -> list[Draft]:
        """The drafts that were chosen before and not carried out."""
        return [Draft.of(body) for body in self.drafts.marks(self._prefix).values() if body]

    @property
    def _prefix(self) -> str:
        return f"review {self.base} {self.worker.operator}: "

    def taken_up(self, draft: Draft, seen: Seen | None) -> tuple[Seen, ChosenDraft]:
        """A draft of an earlier review with its case, which is looked up if no run has shown it. If
        the case has changed, drops the draft and raises GuardError or NotFoundError. If a guard
        refuses the draft today, raises GuardError."""
        try:
            seen = self._still_open(draft, seen)
        except (GuardError, NotFoundError):
            self.drop(draft)
            raise
        return seen, ChosenDraft(draft, self._planned(draft, seen))

    def _planned(self, draft: Draft, seen: Seen) -> PlannedDecision | RefundPlan:
        return self._refund(seen) if draft.is_refund else self.plan(seen, self._wish(draft, seen))

    def _still_open(self, draft: Draft, seen: Seen | None) -> Seen:
        seen = seen or self.service.look(draft.identity)
        seen = replace(seen, subject=replace(seen.subject, named=draft.named))
        if not seen.subject.item.is_open:
            raise GuardError(f"{draft.case} is no longer open.", UNTOUCHED)
        if changed := draft.change(seen.subject.facts):
            raise GuardError(f"{draft.case} has changed: {changed}.", UNTOUCHED)
        return seen

    def _wish(self, draft: Draft, seen: Seen) -> Wish:
        if not draft.settles:
            return draft.wish
        return replace(draft.wish, settles=self.service.settling(draft.settles, seen))

    def carry_out(self, chosen: ChosenDraft) -> list[Delivery]:
        """Read again, then do exactly what was shown. The draft is kept until all is done. Raises
        GuardError if it would write something else now."""
        draft = chosen.draft
        seen = self._still_open(draft, None)
        planned = self._planned(draft, seen)
        if planned.writes != chosen.planned.writes:
            raise GuardError(f"{draft.case}: it would write something else now.", UNTOUCHED)
        deliveries = self._deliveries(planned)
        if all(delivery.result in DONE for delivery in deliveries):
            self.drop(draft)
        return deliveries

    def _deliveries(self, planned: PlannedDecision | RefundPlan) -> list[Delivery]:
        if not isinstance(planned, RefundPlan):
            return self.service.carry_out(planned)
        (done,) = self.service.refunds.carry_out([planned], self._refund_wish)
        if done.refused:
            raise done.refused
        return done.deliveries


def _concerned(subject: Subject) -> Iterator[str]:
    names = {subject.item.citizen, *(row.concerned for row in subject.item.rows)}
    return (name for name in names if name)
