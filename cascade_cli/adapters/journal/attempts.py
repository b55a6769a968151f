"""What is sent for a claimed key, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.claims import rows_of
from cascade_cli.adapters.journal.locks import ClaimLostError, holder_in
from cascade_cli.adapters.journal.tables import claims
from cascade_cli.domain.records.journal_entries import RELEASED, EntryKind, Fate, Holder
from cascade_cli.domain.shop.times import moment_text


def attempt(
    transaction: Transaction,
    keys: Collection[str],
    action: str,
    body: Mapping[str, Any] | None,
    lease: timedelta,
) -> datetime:
    """Record that `action` is about to be sent for all `keys`. Raises ClaimLostError."""
    rows = _require_hold(transaction, keys)
    sending = {
        "lease_until": moment_text(transaction.at + lease),
        "last_action": action,
        "last_attempt_at": moment_text(transaction.at),
        "last_run": transaction.worker.run,
        "last_fate": Fate.UNKNOWN.value,
    }
    transaction.update(claims, ((row, sending) for row in rows))
    for key in keys:
        transaction.append(EntryKind.ATTEMPT, key, {"action": action, "detail": body or {}})
    return transaction.at


def _require_hold(transaction: Transaction, keys: Collection[str]) -> Collection[Row[Any]]:
    rows = rows_of(transaction.connection, transaction.worker.base, keys)
    for key in keys:
        holder = holder_in(rows[key]) if key in rows else RELEASED
        if holder.run == transaction.worker.run and holder.has_lease(transaction.at):
            continue
        raise ClaimLostError(
            f"The claim on {key} was lost: {_loss(holder, transaction)}. "
            "Nothing was sent for it, nor for the other keys in the same request.",
            "Run the same command again: it first checks what was done meanwhile.",
        )
    return rows.values()


def _loss(holder: Holder, transaction: Transaction) -> str:
    if holder.run == transaction.worker.run:
        return f"its lease ended at {holder.ends}"
    return f"it is held by {holder}" if holder.run else "nobody holds it"


def record_outcome(
    transaction: Transaction,
    keys: Collection[str],
    action: str,
    fate: Fate,
    body: Mapping[str, Mapping[str, Any]] | None,
) -> None:
    """Record what became of `action`, whoever holds the keys now."""
    rows = rows_of(transaction.connection, transaction.worker.base, keys).values()
    # A late outcome must not settle the newer attempt of another run. So this run must have made
    # the last attempt, or hold the key now.
    ours = (row for row in rows if transaction.worker.run in {row.last_run, row.run})
    settled = [row for row in ours if row.last_action == action]
    transaction.update(claims, ((row, {"last_fate": fate.value}) for row in settled))
    for key in keys:
        detail = (body or {}).get(key, {})
        transaction.append(
            EntryKind.OUTCOME, key, {"action": action, "fate": fate, "detail": detail}
        )


def release(transaction: Transaction, keys: Collection[str]) -> None:
    """Give up those of `keys` that this run still holds."""
    rows = rows_of(transaction.connection, transaction.worker.base, keys).values()
    ours = [row for row in rows if row.run == transaction.worker.run]
    transaction.update(claims, ((row, RELEASED.columns()) for row in ours))
