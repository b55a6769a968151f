"""One payment of 1,000 cents in a model: its money at Stripe, its ducats in Venice.

Stripe's side is kept as sums of what left the shop's balance and came back; nothing here asks
cascade how much that is. Venice's side are the rows, which only the plan's orders and the engine
change. A fault in the plan thus shows as ducats without money, or as money without ducats.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import Any

from cascade_cli.domain.delivery.delivery_steps import Action, Write, next_step
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.discrepancies.refund_plan import (
    Picture,
    RefundPlan,
    RefundTerms,
    obstacle_to,
    picture_of,
    plan_refunds,
)
from cascade_cli.domain.matching.matched_charge import Decided, MatchedCharge
from cascade_cli.domain.matching.matched_charge import Terms as CaseTerms
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.ownership import rows_of
from cascade_cli.domain.matching.snapshot import Lookups, Snapshot, matched_charges_of
from cascade_cli.domain.reconcile.reconciliation import reconcile
from cascade_cli.domain.records.charges import Charge, Dispute, Refund
from cascade_cli.domain.records.orders import Order, order_for_charge
from cascade_cli.domain.records.stratagems import Failure, State, Stratagem
from cascade_cli.domain.refunds.money_back import refunded_cents
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.shop.keys import origin_of
from tests.domain.samples import FIRST_ROUND, NOW, TERMS, WEEK, a_charge, a_stratagem

PAID_CENTS = 1000
PROCESSOR = "CASCADE_PAYMENT_PROCESSOR"
HOUR = timedelta(hours=1)
LIFETIME = timedelta(hours=72)
ANY_STATUS = (*FIRST_ROUND, "lost", "appeal_needs_response", "appeal_under_review", "brand_new")


@dataclass
class Cause:
    """A refund, or a dispute, of `cents`; `gone` is the sum of its balance transactions."""

    id: str
    at: datetime
    cents: int
    status: str
    gone: int = 0

    @property
    def is_refund(self) -> bool:
        return self.id.startswith("re_")


@dataclass
class OnePayment:
    """What happens to it, step by step; every step takes an hour."""

    ducats: Decimal
    policy: Policy = Policy.ALL
    causes: list[Cause] = field(default_factory=list)
    rows: list[Stratagem] = field(default_factory=list)
    spent: Decimal = Decimal(0)
    written_off: dict[str, Decimal] = field(default_factory=dict)
    planned: RefundPlan | None = None
    now: datetime = NOW

    # Stripe ----------------------------------------------------------------------------------

    @property
    def gone_cents(self) -> int:
        """What left the shop's balance for this payment, and is not back."""
        return sum(cause.gone for cause in self.causes)

    def refund(self, cents: int, status: str) -> None:
        """At most what is left of the payment; Stripe refuses more, and any beside a dispute."""
        refunded = sum(c.cents for c in self._refunds if c.status not in {"failed", "canceled"})
        left = PAID_CENTS - refunded
        if left and not any(not c.is_refund and c.gone for c in self.causes):
            amount = 1 + cents % left
            gone = 0 if status == "requires_action" else amount
            self._add("re", amount, status, gone)

    def refund_turns(self, index: int, status: str) -> None:
        """It is sent off, or comes back; what has failed, or was given up, stays so."""
        open_ones = [c for c in self._refunds if c.status not in {"failed", "canceled"}]
        if open_ones:
            one = open_ones[index % len(open_ones)]
            one.status, one.gone = status, one.cents if status in {"succeeded", "pending"} else 0

    def dispute(self, cents: int, status: str) -> None:
        """The bank takes all or a part of the money, unless it only asks."""
        amount = PAID_CENTS if cents % 2 else 1 + cents % PAID_CENTS
        self._add("du", amount, status, 0 if status.startswith("warning") else amount)

    def dispute_turns(self, index: int, status: str, *, money_follows: bool = True) -> None:
        """The money follows the word, at once or some other day."""
        disputes = [cause for cause in self.causes if not cause.is_refund]
        if disputes:
            one = disputes[index % len(disputes)]
            one.status = status
            if money_follows:
                one.gone = 0 if status in {"won", "warning_closed", "blocked"} else one.cents

    def _add(self, kind: str, cents: int, status: str, gone: int) -> None:
        self.causes.append(Cause(f"{kind}_{len(self.causes)}", self.now, cents, status, gone))

    @property
    def _refunds(self) -> list[Cause]:
        return [cause for cause in self.causes if cause.is_refund]

    def charge(self) -> Charge:
        """As the adapter reads it."""
        refunds = tuple(
            Refund(c.id, c.status, c.cents, c.at, has_left=c.gone > 0) for c in self._refunds
        )
        stated = sum(c.cents for c in self._refunds if c.status not in {"failed", "canceled"})
        return a_charge(
            ducats=self.ducats,
            rate=Decimal("0.05"),
            package=None,
            captured_cents=PAID_CENTS,
            refunded_cents=refunded_cents(refunds, stated),
            refunds=refunds,
            disputed=any(not cause.is_refund for cause in self.causes),
        )

    def disputes(self) -> tuple[Dispute, ...]:
        """As the adapter reads them; `prevented` by a block leaves the money where it is."""
        return tuple(
            Dispute(c.id, "ch_1", _word(c.status), "fraudulent", c.cents, c.gone, c.at)
            for c in self.causes
            if not c.is_refund
        )

    # Venice ----------------------------------------------------------------------------------

    @property
    def citizen_ducats(self) -> Decimal:
        """What the citizen has got of this payment, less what came back of it."""
        executed = [row for row in self.rows if row.status == "executed"]
        return sum((_signed(row) for row in executed), Decimal(0))

    def deliver(self, status: str) -> None:
        """The webhook was quick; or it was not, and there is no row."""
        if status:
            self.rows.append(
                a_stratagem(
                    stratagem_id="cascade_payment_pi_1",
                    origin=origin_of("cascade_payment_pi_1", ("pi_1",), ""),
                    stripe_ids=("pi_1", "ch_1"),
                    ducats=self.ducats,
                    status=status,
                    expires_at=self.now + LIFETIME,
                )
            )

    def engine_runs(self) -> None:
        """It executes what is live, oldest first, and refuses what a citizen cannot pay."""
        for index, row in enumerate(self.rows):
            if row.state(self.now) is State.LIVE:
                self.rows[index] = self._executed(row)

    def _executed(self, row: Stratagem) -> Stratagem:
        if row.payer and (row.ducats or 0) > self.citizen_ducats - self.spent:
            return replace(
                row, status="failed", failure=Failure.NO_FUNDS, failure_text="Insufficient funds"
            )
        return replace(row, status="executed", executed_at=self.now)

    def pass_by(self, hours: int) -> None:
        """The engine does not run: what is live may run out."""
        self.now += HOUR * hours

    def spend(self, ducats: int) -> None:
        """The citizen buys bread."""
        had = self.citizen_ducats - self.spent
        self.spent += max(Decimal(0), min(had, Decimal(ducats)))

    # cascade ---------------------------------------------------------------------------------

    def matched(self) -> MatchedCharge:
        """What a run sees."""
        snapshot, terms = self._snapshot(), self._terms()
        return matched_charges_of(snapshot, match(snapshot.charges, snapshot.stratagems), terms)[
            "ch_1"
        ]

    def _snapshot(self) -> Snapshot:
        answers = Lookups(disputes={"ch_1": self.disputes()})
        return Snapshot(WEEK, (self.charge(),), tuple(self.rows), answers)

    def _terms(self) -> CaseTerms:
        return replace(TERMS, now=self.now, decided=Decided(self.written_off))

    def discrepancies(self) -> list[Item]:
        """What the reconciliation finds."""
        return list(reconcile(self._snapshot(), self._terms()).discrepancies)

    def picture(self) -> Picture:
        picture = picture_of(self.matched(), self.written_off)
        assert obstacle_to(picture) == ""
        return picture

    def look(self) -> RefundPlan:
        """A plan that is carried out later, or never: whatever happens meanwhile."""
        available = max(Decimal(0), self.citizen_ducats - self.spent)
        terms = RefundTerms(self.policy, PROCESSOR, available, {})
        self.planned = plan_refunds(self.picture(), terms)
        return self.planned

    def hear(self) -> None:
        """The webhook tells of a change, and it is dealt with at once."""
        self.look()
        self.write()

    def write(self) -> None:
        """What was planned, upon the rows as they are now."""
        if self.planned:
            plan, self.planned = self.planned, None
            for order in plan.endings or plan.orders:
                self._carry_out(order)

    def _carry_out(self, order: Order) -> None:
        step = next_step(order, rows_of(order, self.rows), self.now)
        if isinstance(step, Write):
            self._apply(step, order)
            if step.action is Action.CREATE:
                self._carry_out(order)

    def _apply(self, step: Write, order: Order) -> None:
        if step.row is None:
            self.rows.append(self._new(order))
            return
        alive: dict[str, Any] = {"status": "active", "expires_at": self.now + LIFETIME}
        changed: dict[str, Any] = {
            Action.ACTIVATE: alive,
            Action.EXTEND: {"expires_at": alive["expires_at"]},
            Action.EXPIRE: {"expires_at": self.now},
            Action.REWRITE: {**alive, "ducats": order.ducats},
        }[step.action]
        self.rows[self.rows.index(step.row)] = replace(step.row, **changed)

    def _new(self, order: Order) -> Stratagem:
        return a_stratagem(
            f"_made_{len(self.rows)}",
            stratagem_id=order.key,
            origin=origin_of(order.key, ("pi_1",), ""),
            stripe_ids=("pi_1", "ch_1"),
            citizen=order.citizen,
            payer=order.payer,
            ducats=order.ducats,
            status="planned",
            created_at=self.now,
            expires_at=self.now + LIFETIME,
        )

    def write_off(self) -> None:
        """A person gives up what is left, with the debts that are recorded by then."""
        for part in self.picture().parts:
            if part.left:
                self.written_off[part.refund.id] = part.written_off + part.left

    def finish(self) -> None:
        """Do all that there is to do, as the nights do it, until a night changes nothing."""
        for _ in range(40):
            before = self._transfer_status
            self._credit()
            self.look()
            self.write()
            self.pass_by(1)
            self.engine_runs()
            if self._transfer_status == before:
                return
        raise AssertionError(f"there is always something left to do: {self}")

    @property
    def _transfer_status(self) -> list[tuple[str, str, Decimal | None, State]]:
        return [(r.record_id, r.status, r.ducats, r.state(self.now)) for r in self.rows]

    def _credit(self) -> None:
        """A payment with nothing against it is credited as any other."""
        charge, matched = self.charge(), self.matched()
        if not (charge.refunded_cents or charge.disputed or matched.moving):
            self._carry_out(order_for_charge(charge, "", {}))


def stayed_ducats(payment: OnePayment) -> Decimal:
    """What the money that stayed has bought."""
    return bought_by(payment, max(0, PAID_CENTS - payment.gone_cents))


def bought_by(payment: OnePayment, cents: int) -> Decimal:
    """What so much of the money has bought, to a millionth and rather more than less."""
    exact = payment.ducats * cents / PAID_CENTS
    return exact.quantize(Decimal("0.000001"), ROUND_CEILING)


def _word(status: str) -> str:
    return "prevented" if status == "blocked" else status


def _signed(row: Stratagem) -> Decimal:
    ducats = row.ducats or Decimal(0)
    return -ducats if row.payer else ducats


def decided(payment: OnePayment, outcomes: Sequence[str]) -> None:
    """The banks have decided about every dispute, and all money has moved."""
    disputes = [cause for cause in payment.causes if not cause.is_refund]
    for index, _ in enumerate(disputes):
        payment.dispute_turns(index, outcomes[index % len(outcomes)])
