"""A reconciliation as CSV, for a spreadsheet that must not execute any of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TextIO

from cascade_cli.cli.terminal.escape import csv_cell
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, Selection
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339

COLUMNS = (
    "kind",
    "severity",
    "payment_intent",
    "charge",
    "citizen",
    "ducats",
    "amount_cents",
    "currency",
    "paid_at",
    "stratagem_ids",
    "stratagem_status",
    "matched_by",
    "evidence",
    "repair_command",
    "repair_automatic",
    "portion",
    "period_since",
    "period_until",
    "decision",
    "reopened",
)


def write_csv(
    result: Reconciliation, completed: Callable[[str], str], selection: Selection, *, out: TextIO
) -> None:
    """One header, one line per item, worst first; `completed` puts the global options into the
    commands in a text."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in selection.items(result):
        writer.writerow(csv_cell(cell) for cell in _cells(item, completed))


def _cells(item: Item, completed: Callable[[str], str]) -> tuple[str, ...]:
    charge, repair = item.charge, item.repair
    portion = charge.portion if charge else None
    period = charge.period if charge else None
    return (
        item.kind.value,
        item.severity.value,
        (charge.payment_intent or "") if charge else "",
        charge.charge_id if charge else "",
        item.citizen or "",
        format_ducats(item.ducats) if item.ducats is not None else "",
        str(charge.own_cents) if charge else "",
        charge.currency if charge else "",
        rfc3339(charge.created_at) if charge else "",
        " ".join(stratagem.stratagem_id for stratagem in item.stratagems),
        item.telling.status if item.telling else "",
        item.matched_by.value if item.matched_by else "",
        completed("; ".join(item.evidence)),
        completed(repair.command) if repair else "",
        str(repair.automatic).lower() if repair else "",
        f"{portion.number} of {portion.of}" if portion else "",
        rfc3339(period.since) if period else "",
        rfc3339(period.until) if period else "",
        item.decision.described if item.decision else "",
        item.reopened,
    )
