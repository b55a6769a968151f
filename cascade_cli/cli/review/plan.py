"""The plan of a review: every decision with what it writes, the ducats in all, one question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import Console
from rich.text import Text

from cascade_cli.cli.resolve.text import would
from cascade_cli.cli.review.screen import wrapped
from cascade_cli.cli.terminal.console import settings_note
from cascade_cli.cli.terminal.escape import count, escape
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.reconcile.repair_plan import RepairPlan
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.shop.money import ZERO, rounded
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.services.decisions.review_service import ChosenDraft


def plan_lines(
    console: Console, chosen: Sequence[ChosenDraft], repairs: RepairPlan, *, with_repairs: bool
) -> list[Text]:
    """Everything that would be done, then the sums, then the keys."""
    lines = [
        *_decisions(chosen),
        Text(),
        *_sums(chosen, repairs, with_repairs),
        _keys(chosen, repairs, with_repairs, settings_note(console)),
    ]
    return [part for line in lines for part in wrapped(console, line, indent=6)]


def _decisions(chosen: Sequence[ChosenDraft]) -> Iterator[Text]:
    yield Text(f"The plan: {count(len(chosen), 'decision')}", "bold")
    for number, one in enumerate(chosen, 1):
        until = one.draft.wish.until
        waits = f" (until {format_moment(until)})" if until else ""
        yield Text(escape(f"{number:>3} {one.draft.matched} {one.draft.described}{waits}"))
        for line in _writes(one):
            yield Text(f"      {escape(line)}", "dim")


def _writes(one: ChosenDraft) -> Iterator[str]:
    yield from map(would, one.orders)
    if isinstance(one.planned, RefundPlan):
        yield from _refund(one.planned)
        return
    resolution = one.planned.resolution
    credit = one.planned.credit
    for found in credit.overruled.values() if credit else ():
        yield from (f"although {objection.why}" for objection in found)
    if resolution.writes_off:
        yield "writes off what was to come back"
    if debt := resolution.decision.debt:
        yield f"{debt} ducats stay a debt of {resolution.decision.citizen!r}"
    if resolution.decision.how not in {How.SNOOZE, How.ACCEPT}:
        yield f"afterwards: {resolution.afterwards}"


def _refund(plan: RefundPlan) -> Iterator[str]:
    """What `cascade refund` would say besides."""
    yield from (told for told in (plan.waits, plan.unknown_citizen) if told)
    debts = map(plan.debt, range(len(plan.picture.parts) if plan.taking else 0))
    if debt := sum(debts, ZERO):
        yield f"{rounded(debt)} ducats stay a debt"


def _sums(chosen: Sequence[ChosenDraft], repairs: RepairPlan, with_repairs: bool) -> Iterator[Text]:
    orders = [order for one in chosen for order in one.orders if not order.ends]
    out, back = _sum(orders, is_back=False), _sum(orders, is_back=True)
    if number := len(repairs.repairs):
        total = f"{rounded(repairs.total_ducats)} ducats"
        what = f"{count(number, 'case')} that a machine may repair, {total}"
        yield Text(f"With {what}." if with_repairs else f"Not in it: {what}.")
        out += repairs.total_ducats if with_repairs else ZERO
    sums = [f"{rounded(out)} ducats go out"]
    sums += [f"{rounded(back)} come back"] if back else []
    yield Text(f"In all {', '.join(sums)}.", "bold")


def _sum(orders: Sequence[Order], *, is_back: bool) -> Decimal:
    return sum((order.ducats for order in orders if bool(order.payer) is is_back), ZERO)


def _keys(
    chosen: Sequence[ChosenDraft], repairs: RepairPlan, with_repairs: bool, settings: str
) -> Text:
    moves = ["y yes"] if chosen or with_repairs else []
    if repairs.repairs:
        moves.append("r without the repairs" if with_repairs else "r with the repairs")
    moves += ["b back to the cases", "q not now: all is kept"]
    question = "Carry it out?" if chosen or with_repairs else "Nothing is decided yet."
    return Text(f"{question}{settings}  {' · '.join(moves)}", "bold")
