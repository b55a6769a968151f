"""A decision as text and as JSON: the case, the decision, every write, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console

from cascade_cli.cli.credit.deliveries import delivery_document, show_deliveries
from cascade_cli.cli.items.json import decision_document, item_document
from cascade_cli.cli.terminal.escape import escape
from cascade_cli.domain.delivery.deliveries import Delivery
from cascade_cli.domain.discrepancies.evidence import describe
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import ZERO, format_ducats, format_optional
from cascade_cli.domain.shop.times import format_moment
from cascade_cli.services.decisions.resolve_service import Evidence, PlannedDecision


def show(
    console: Console,
    planned: PlannedDecision,
    evidence: Evidence,
    done: Sequence[Delivery],
    *,
    dry_run: bool = False,
) -> None:
    """The plan line by line, below what was done."""
    if done:
        show_deliveries(console, done)
    for line in _lines(planned, evidence):
        console.print(escape(line), soft_wrap=True)
    if dry_run:
        console.print("nothing was written")


def _lines(planned: PlannedDecision, evidence: Evidence) -> Iterator[str]:
    subject, resolution = planned.seen.subject, planned.resolution
    item = subject.item
    yield f"{subject.name}: {item.kind.words}"
    for told in dict.fromkeys(item.evidence):
        yield f"  {told}"
    yield from _doubts(evidence, subject.terms)
    decision = resolution.decision
    ducats = f", {decision.ducats} ducats" if decision.ducats else ""
    until = f", until {format_moment(decision.until)}" if decision.until else ""
    yield f"decision: {decision.how.option}{ducats}{until}: {decision.reason}"
    for order in planned.orders:
        yield f"  {describe_write(order)}"
    if resolution.writes_off:
        yield "  writes off what was to come back"
    if decision.debt:
        yield f"  {decision.debt} ducats stay a debt of {decision.citizen!r}"
    yield f"afterwards: {resolution.afterwards}"


def describe_write(order: Order) -> str:
    """One write, for people."""
    if order.ends:
        return f"ends {order.key} by setting its expiry to now: {order.summary}"
    return f"moves {order.summary}, key {order.key}"


def _doubts(evidence: Evidence, terms: Terms) -> Iterator[str]:
    """What a person needs to compare: balances, the engine's log, and neighbouring transfers."""
    for row in evidence.rows:
        name, ducats = row.concerned, row.ducats or ZERO
        has = evidence.balances.get(name)
        if has is not None:
            yield f"  {name!r} has {format_ducats(has)} ducats now"
            yield (
                f"  without the {format_ducats(ducats)} of {row.record_id} it would be "
                f"{format_ducats(has + ducats if row.payer else has - ducats)}"
            )
        for line in row.engine_log.splitlines():
            yield f"  the engine said of {row.record_id}: {line}"
    for name, has in evidence.balances.items():
        if name not in {row.concerned for row in evidence.rows}:
            yield f"  {name!r} has {format_ducats(has)} ducats now"
    for row in evidence.neighbours:
        yield f"  nearby, {neighbour(row, terms)}"


def neighbour(row: Stratagem, terms: Terms) -> str:
    """Another transfer of the same citizen, made about the same time."""
    return f"{_amount(row)}: {describe(row, terms)}"


def _amount(row: Stratagem) -> str:
    ducats = "?" if row.ducats is None else format_ducats(row.ducats)
    return f"{format_moment(row.created_at)}, {ducats} ducats {row.whom}"


def document(
    planned: PlannedDecision, evidence: Evidence, done: Sequence[Delivery], *, dry_run: bool
) -> dict[str, Any]:
    """For --json."""
    resolution = planned.resolution
    return {
        "case": item_document(planned.seen.subject.item),
        "decision": decision_document(resolution.decision),
        "doubt": {
            "balances": {name: format_ducats(has) for name, has in evidence.balances.items()},
            "engine_log": [row.engine_log for row in evidence.rows],
            "neighbours": [_neighbour(row) for row in evidence.neighbours],
        },
        "would": [describe_write(order) for order in planned.orders],
        "writes_off": resolution.writes_off,
        "afterwards": resolution.afterwards,
        "dry_run": dry_run,
        "deliveries": [delivery_document(delivery) for delivery in done],
    }


def _neighbour(row: Stratagem) -> dict[str, Any]:
    return {
        "stratagem_id": row.stratagem_id,
        "record_id": row.record_id,
        "citizen": row.concerned,
        "ducats": format_optional(row.ducats),
        "status": row.status,
    }
