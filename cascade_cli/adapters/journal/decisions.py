"""What people decided: each an entry of the chain, and the newest about each case remembered.

An older journal has none, and needs no change: entries and marks are as they always were.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cascade_cli.adapters.journal import records
from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.domain.records.journal_entries import EntryKind
from cascade_cli.domain.shop.keys import decision_key
from cascade_cli.errors import GuardError

CASE = "decision "
ROW = "ruling "


def keep(
    transaction: Transaction,
    case: str,
    body: Mapping[str, Any],
    rulings: Mapping[str, Mapping[str, Any]],
    seen: Mapping[str, Any] | None,
) -> None:
    """Raises GuardError if somebody has decided about the case since."""
    newest = records.mark(transaction.connection, transaction.worker.base, CASE + case)
    if newest != seen:
        by = newest.get("by") if newest else "nobody"
        raise GuardError(
            f"Somebody else has decided about {case} meanwhile: {by}.",
            "Nothing was written. Look again, then decide.",
        )
    kept = {"case": case, **body, "rulings": [dict(ruling) for ruling in rulings.values()]}
    transaction.append(EntryKind.RUN, decision_key(case), {"decision": kept})
    records.set_mark(transaction, CASE + case, body)
    for record, ruling in rulings.items():
        records.set_mark(transaction, ROW + record, ruling)
