"""A reconciliation as CSV, escaped so that a spreadsheet executes none of it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, TextIO

from cascade_cli.cli.items.json import item_document
from cascade_cli.cli.terminal.escape import csv_cell
from cascade_cli.domain.discrepancies.items import Item
from cascade_cli.domain.reconcile.reconciliation import Reconciliation, Selection

# A new column comes last: scripts may rely on the positions of the others.
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
    """Write one header, and one line per item, worst first. `completed` puts the global options
    into the commands within a text."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for item in selection.items(result):
        facts = _facts(item, completed)
        writer.writerow(_cell(facts[column]) for column in COLUMNS)


def _facts(item: Item, completed: Callable[[str], str]) -> dict[str, Any]:
    """The item as `--json` has it, but with lists and objects as plain text, and what only the CSV
    has."""
    facts = item_document(item)
    repair, period = facts["repair"] or {}, facts["period"] or {}
    portion = item.charge and item.charge.portion
    return facts | {
        "stratagem_ids": " ".join(facts["stratagem_ids"]),
        "evidence": completed("; ".join(facts["evidence"])),
        "repair_command": completed(repair.get("command", "")),
        "repair_automatic": repair.get("automatic"),
        "portion": portion and f"{portion.number} of {portion.of}",
        "period_since": period.get("since"),
        "period_until": period.get("until"),
        "decision": item.decision and item.decision.described,
    }


def _cell(fact: Any) -> str:
    if fact is None:
        return ""
    return csv_cell(str(fact).lower() if isinstance(fact, bool) else str(fact))
