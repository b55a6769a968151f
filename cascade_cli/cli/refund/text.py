"""The refunds of one payment as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cascade_cli.cli.items.json import portion_document
from cascade_cli.domain.discrepancies.evidence import describe as describe_row
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan, describe
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.orders import Order, Override
from cascade_cli.domain.refunds.refund_shares import Policy, RefundShare
from cascade_cli.domain.shop.money import format_ducats, format_money
from cascade_cli.domain.shop.times import format_moment

NOTHING = "nothing is to be written now"


def plan_lines(plan: RefundPlan, policy: Policy) -> Iterator[str]:
    """The payment, its delivery, each refund with its share, and what would be done."""
    matched = plan.picture.matched
    charge = matched.charge
    money = charge.own_money
    sold = format_ducats(charge.ducats) if charge.ducats else "?"
    yield f"{charge.payment_id}: paid {format_moment(charge.created_at)}, {money} for {sold} ducats"
    for row in (*matched.stratagems, *matched.returns):
        yield f"  {describe_row(row, matched.terms)}"
    if not plan.picture.parts:
        yield "  no money went back"
    for part in plan.picture.parts:
        yield f"  {_refund(part, charge)}: {describe(part)}"
    for order in plan.endings:
        name = plan.stratagem_id(order)
        undone = "give its ducats again" if order.payer else "take its ducats back"
        yield f"would end {name} by setting its expiry to now; if it was executed, {undone}"
    for order in plan.orders:
        yield f"would move {order.summary}, key {plan.stratagem_id(order)}"
        if matched.price_objection and Override.UNDERPAID in order.overrides:
            yield f"  although {matched.price_objection.why}"
    if plan.waits:
        yield plan.waits
    if plan.unknown_citizen:
        yield plan.unknown_citizen
    for index, part in enumerate(plan.picture.parts if plan.taking else ()):
        if debt := plan.debt(index):
            why = f"a debt under the policy {policy}"
            yield f"{format_ducats(debt)} ducats of {part.refund.id} remain {why}"


def _refund(part: RefundShare, charge: Charge) -> str:
    refund = part.refund
    money = format_money(refund.amount_cents, charge.currency)
    money = f"share of {money}" if charge.portion else money
    failure = f" ({refund.failure})" if refund.failure else ""
    return f"{refund.id} {money} {refund.status}{failure}"


def document(plan: RefundPlan, policy: Policy) -> dict[str, Any]:
    """For --json."""
    matched = plan.picture.matched
    return {
        "payment_intent": matched.charge.payment_intent,
        "charge": matched.charge.charge_id,
        "portion": portion_document(matched.charge.portion),
        "citizen": matched.as_decided.citizen,
        "currency": matched.charge.currency,
        "policy": policy.value,
        "refunds": [_part(plan, index) for index in range(len(plan.picture.parts))],
        "left": format_ducats(plan.picture.left),
        "would": [_order(plan, order) for order in (*plan.endings, *plan.orders)],
        "waits": plan.waits or None,
        "unknown_citizen": plan.unknown_citizen or None,
    }


def _part(plan: RefundPlan, index: int) -> dict[str, Any]:
    part = plan.picture.parts[index]
    names = ("due", "withheld", "taken", "given", "under_way", "written_off", "left", "surplus")
    return {
        "refund": part.refund.id,
        "status": part.refund.status,
        "amount_cents": part.refund.amount_cents,
        **{name: format_ducats(getattr(part, name)) for name in names},
        "debt": format_ducats(plan.debt(index)) if plan.taking else "0",
    }


def _order(plan: RefundPlan, order: Order) -> dict[str, Any]:
    return {
        "stratagem_id": plan.stratagem_id(order),
        "from": order.payer or None,
        "citizen": order.concerned,
        "ducats": format_ducats(order.ducats),
        "ends": order.ends,
    }
