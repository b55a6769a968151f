"""Replayed events about refunds and disputes, for a shop whose settings let cascade act on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.credit.deliveries import delivery_document
from cascade_cli.cli.terminal.console import completed, to_type
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.domain.shop.shell import command
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.errors import GuardError
from cascade_cli.services.refunds.automatic_refunds import (
    AutomaticRefunds,
    RefundResult,
    joined,
    summary,
)
from cascade_cli.services.refunds.refund_service import NoPurchaseError


@dataclass(frozen=True)
class RefundReplayed:
    """One payment whose money went back or may go back, and what its refunds lead to. In a plan,
    `would` names the transfers to make or to end."""

    payment_id: str
    events: tuple[Event, ...]
    note: str
    would: tuple[str, ...] = ()
    needs_person: bool = False
    deliveries: tuple[Delivery, ...] = ()

    def document(self) -> dict[str, Any]:
        """For --json."""
        return {
            "payment": self.payment_id,
            "events": [event.id for event in self.events],
            "why": self.note,
            "needs_person": self.needs_person,
            "would": list(self.would),
            "deliveries": [delivery_document(delivery) for delivery in self.deliveries],
        }


@dataclass(frozen=True)
class RefundEvents:
    """The chosen events that automatic refunds deal with, by payment."""

    automatic_refunds: AutomaticRefunds | None
    by_payment: dict[str, list[Event]]

    @classmethod
    def of(
        cls,
        automatic_refunds: AutomaticRefunds | None,
        events: Iterable[Event],
        types: Collection[str],
    ) -> RefundEvents:
        """Sorts the events out. Without automatic refunds there are none."""
        found: dict[str, list[Event]] = {}
        for event in events if automatic_refunds else ():
            if event.type in types and not event.is_paying and event.payment_id:
                found.setdefault(event.payment_id, []).append(event)
        return cls(automatic_refunds, found)

    @property
    def events(self) -> set[Event]:
        """All of them."""
        return {event for events in self.by_payment.values() for event in events}

    def plan(self) -> list[RefundReplayed]:
        """What would be done; writes nothing."""
        return [self._plan(payment_id) for payment_id in self.by_payment]

    def settle(self) -> list[RefundReplayed]:
        """Do what was planned."""
        return [self._settle(payment_id) for payment_id in self.by_payment]

    def _plan(self, payment_id: str) -> RefundReplayed:
        assert self.automatic_refunds is not None  # noqa: S101 - without it, there are no payments
        events = tuple(self.by_payment[payment_id])
        try:
            plans = self.automatic_refunds.plans(payment_id)
        except NoPurchaseError as error:
            return RefundReplayed(payment_id, events, error.message)
        except GuardError as error:
            return RefundReplayed(payment_id, events, error.message, needs_person=True)
        note = joined(plan.waits or summary(plan.picture) for plan in plans)
        would = tuple(line for plan in plans for line in _would(plan))
        return RefundReplayed(payment_id, events, note, would)

    def _settle(self, payment_id: str) -> RefundReplayed:
        assert self.automatic_refunds is not None  # noqa: S101 - as above
        dealt = self.automatic_refunds.settle_all(payment_id)
        events = tuple(self.by_payment[payment_id])
        return RefundReplayed(
            payment_id,
            events,
            _result_text(dealt),
            needs_person=dealt.needs_person,
            deliveries=dealt.deliveries,
        )


def _would(plan: RefundPlan) -> list[str]:
    would = [f"end {plan.stratagem_id(order)}" for order in plan.endings]
    would += [f"move {order.summary}, key {plan.stratagem_id(order)}" for order in plan.orders]
    return would or (["record what is owed"] if plan.is_work else [])


def _result_text(dealt: RefundResult) -> str:
    again = f"; replay it again after {format_moment(dealt.again_at)}" if dealt.again_at else ""
    return f"{dealt.note}{again}"


def show_refunds(console: Console, refunds: Sequence[RefundReplayed]) -> None:
    """A line for each payment, and what was or would be done about it."""
    for refund in refunds:
        style = "yellow" if refund.needs_person else "default"
        console.print(Text(f"{'refunds'.ljust(16)}{refund.payment_id}", style), soft_wrap=True)
        console.print(Text(f"  {escape(completed(console, refund.note))}", "dim"))
        for line in refund.would:
            console.print(Text(f"  would {escape(line)}"))
        for delivery in refund.deliveries:
            what = escape(f"{delivery.stratagem_id}: {delivery.why}")
            console.print(Text(f"  {what}"), soft_wrap=True)
        if refund.needs_person:
            console.print(to_type(console, command("explain", refund.payment_id)), soft_wrap=True)
