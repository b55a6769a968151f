"""Plans and deliveries as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cascade_cli.cli.terminal.escape import escape
from cascade_cli.cli.terminal.session import Outcome
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.delivery.delivery_steps import Action, End, OrderVerdict, Step, Wait
from cascade_cli.domain.discrepancies.repair_command import explain
from cascade_cli.domain.shop.money import format_ducats, rounded
from cascade_cli.domain.shop.times import format_moment, rfc3339
from cascade_cli.errors import CascadeError, ExitCode, GuardError, LockedError, ServiceError
from cascade_cli.services.delivery.credit_service import CreditPlan

STYLES = {
    Result.CREDITED: "green",
    Result.ALREADY: "green",
    Result.RETIRED: "green",
    Result.BLOCKED: "bold red",
    Result.REFUSED: "bold red",
    Result.BUSY: "yellow",
    Result.FAILED: "red",
    Result.UNFINISHED: "yellow",
}

_WRITES = {
    Action.CREATE: "create a planned stratagem, then activate it, then tell the citizen",
    Action.ACTIVATE: "activate the planned stratagem, then tell the citizen",
    Action.EXTEND: "give the expired stratagem a new expiry, then tell the citizen",
    Action.EXPIRE: "end the stratagem: its expiry becomes now",
    Action.RETIRE: "end the surplus stratagem: its expiry becomes now",
    Action.REWRITE: "revive the dead stratagem in place, then tell the citizen",
}


def plan_outcome(plan: CreditPlan) -> Outcome:
    """What would be written by a dry run's plan."""
    orders = [
        {
            "stratagem_id": plan.stratagem_id(order),
            "citizen": order.citizen,
            "ducats": format_ducats(order.ducats),
            "reason": order.reason,
            "would": describe_step(plan.steps[order.key]),
            "shortfall": plan.shortfall_of(order) or None,
        }
        for order in plan.orders
    ]
    data = {"dry_run": True, "orders": orders, "total_ducats": format_ducats(plan.total)}
    return Outcome(data, lambda session: show_plan(session.console(), plan))


def show_plan(console: Console, plan: CreditPlan) -> None:
    """Each order with the writes that it needs."""
    for order in plan.orders:
        console.print(Text(f"{escape(order.summary)}: {escape(order.reason)}", "bold"))
        console.print(Text(f"  key {escape(plan.stratagem_id(order))}"), soft_wrap=True)
        for objection in plan.overruled.get(order.key, ()):
            console.print(Text(f"  although {escape(objection.why)}", "yellow"), soft_wrap=True)
        console.print(Text(f"  would {describe_step(plan.steps[order.key])}"))
    console.print(
        Text(
            f"{rounded(plan.total)} ducats in all; the processor has "
            f"{rounded(plan.processor_ducats)}."
        )
    )


def describe_step(step: Step) -> str:
    """What the next write would be, or why there is none."""
    if isinstance(step, End):
        if step.verdict is OrderVerdict.BLOCKED:
            return f"write nothing: {escape(step.why)}"
        return f"write nothing: its transfer is {step.verdict.value.replace('_', ' ')} already"
    if isinstance(step, Wait):
        return f"wait until {format_moment(step.until)}"
    return _WRITES[step.action]


def deliveries_outcome(deliveries: Sequence[Delivery], reference: str = "") -> Outcome:
    """Exit code 0 if every order is done or on its way, else that of the gravest error.

    `reference` is the one that cascade made up, if it did. The hint has to name it: without it, the
    same command would be another credit.
    """
    error = first_error(deliveries, reference)
    data = {"deliveries": [delivery_document(delivery) for delivery in deliveries]}
    return Outcome(
        data,
        lambda session: show_deliveries(session.console(), deliveries),
        error.exit_code if error else ExitCode.OK,
        error,
    )


def show_deliveries(console: Console, deliveries: Sequence[Delivery]) -> None:
    """One line per order, and how many had each result."""
    table = Table(box=None, padding=(0, 1), pad_edge=False, show_header=len(deliveries) > 1)
    for name in ("result", "citizen", "ducats", "what"):
        table.add_column(name, justify="right" if name == "ducats" else "left", overflow="fold")
    for delivery in deliveries:
        table.add_row(
            Text(_result(delivery), STYLES[delivery.result]),
            Text(escape(delivery.order.concerned)),
            rounded(delivery.order.ducats),
            Text(escape(_what(delivery))),
        )
    console.print(table)
    if len(deliveries) > 1:
        counts = Counter(delivery.result for delivery in deliveries)
        console.print(", ".join(f"{number} {result}" for result, number in counts.items()))


def _result(delivery: Delivery) -> str:
    """An order that takes ducats from a citizen credits nobody, so its result has another name."""
    is_taken = delivery.order.payer and delivery.result is Result.CREDITED
    return "taken back" if is_taken else delivery.result


def _what(delivery: Delivery) -> str:
    named = delivery.stratagem_id
    return delivery.why if delivery.why.startswith(named) else f"{named}: {delivery.why}"


def delivery_document(delivery: Delivery) -> dict[str, Any]:
    """A delivery for --json."""
    row, finish_at = delivery.row, delivery.finish_at
    return {
        "stratagem_id": delivery.stratagem_id,
        "record_id": row.record_id if row else None,
        "citizen": delivery.order.concerned,
        "ducats": format_ducats(delivery.order.ducats),
        "result": delivery.result.value,
        "why": delivery.why,
        "stratagem_status": row.status if row else None,
        "expires_at": rfc3339(row.expires_at) if row and row.expires_at else None,
        "finish_at": rfc3339(finish_at) if finish_at else None,
    }


def first_error(deliveries: Sequence[Delivery], reference: str = "") -> CascadeError | None:
    """The gravest error. An unfinished delivery comes first, because somebody has to finish it."""
    # Reversed, so that the first delivery of each result stays.
    by_result = {delivery.result: delivery for delivery in reversed(deliveries)}
    if unfinished := by_result.get(Result.UNFINISHED):
        return _unfinished(unfinished, reference)
    if failed := by_result.get(Result.FAILED):
        return failed.error
    refused = by_result.get(Result.BLOCKED) or by_result.get(Result.REFUSED)
    if refused:
        return _refused(refused)
    if busy := by_result.get(Result.BUSY):
        return LockedError(f"{busy.stratagem_id}: {busy.why}.", busy.hint)
    return None


def _unfinished(delivery: Delivery, reference: str) -> CascadeError:
    when = format_moment(delivery.finish_at) if delivery.finish_at else "a while"
    named = f" with --reference {reference}" if reference else ""
    return ServiceError(
        f"{delivery.stratagem_id} is unfinished: {delivery.why}.",
        f"The same command{named} finishes the job after {when}, and repeats nothing.",
    )


def _refused(delivery: Delivery) -> CascadeError:
    hint = delivery.hint or f"See: {explain(delivery.stratagem_id).command}"
    return GuardError(f"{_what(delivery)}.", f"Nothing was written for it. {hint}")
