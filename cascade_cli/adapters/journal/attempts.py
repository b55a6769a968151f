"""What is sent for a key, and what became of it; and so which transfers are under way, and who was
told of an arrival.

An attempt to send a notice of arrival is an entry of the chain like any other. It needs no claim:
the worker that records it first may send the notice, and nobody may send it ever again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.claims import KEYS_PER_QUERY, rows_of
from cascade_cli.adapters.journal.entry_bodies import to_json
from cascade_cli.adapters.journal.locks import ClaimLostError, holder_in
from cascade_cli.adapters.journal.tables import claims, entries, visible
from cascade_cli.domain.delivery.arrival_notices import TELL_ARRIVAL
from cascade_cli.domain.delivery.delivery_steps import Action
from cascade_cli.domain.records.journal_entries import RELEASED, EntryKind, Fate, Holder, Intent
from cascade_cli.domain.shop.times import moment_text

_ACTIVATING = (Action.ACTIVATE, Action.EXTEND, Action.REWRITE)
_PROMISING = (EntryKind.INTENT.value, EntryKind.AMENDMENT.value)
_PROMISE = frozenset({"citizen", "ducats", "cause", "detail"})


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


def attempt_once(
    transaction: Transaction, keys: Collection[str], action: str, detail: Mapping[str, Any]
) -> list[str]:
    """Record that `action` is about to be sent, for those of `keys` for which it never was.

    Returns these keys.
    """
    wanted = *_attempts(transaction.worker.base), entries.c.key.in_(list(keys))
    tried = select(entries.c.key).where(*wanted, entries.c.body == _body(action, detail))
    known = set(transaction.connection.scalars(tried))
    first = [key for key in dict.fromkeys(keys) if key not in known]
    for key in first:
        transaction.append(EntryKind.ATTEMPT, key, {"action": action, "detail": detail})
    return first


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


def unannounced_transfers(
    connection: Connection, base: str, since: datetime
) -> dict[str, datetime]:
    """The keys for which a write made a row active at `since` or later, with the last such moment.

    A key for which a notice of arrival was sent, or was about to be, is left out.
    """
    is_attempt = (*_attempts(base), entries.c.at >= moment_text(since))
    activating = or_(*(entries.c.body.startswith(_body_prefix(a)) for a in _ACTIVATING))
    told = select(entries.c.key).where(*is_attempt, entries.c.body == _body(TELL_ARRIVAL, {}))
    found = select(entries.c.key, entries.c.at).where(*is_attempt, activating)
    # Grouped in Python: to group by the key, SQLite would read every entry there ever was.
    rows = connection.execute(found.where(entries.c.key.not_in(told)).order_by(entries.c.at))
    last = dict[str, str]()
    for row in rows:
        last.pop(row.key, None)
        last[row.key] = row.at
    return {key: datetime.fromisoformat(at) for key, at in last.items()}


def promises(connection: Connection, base: str, keys: Collection[str]) -> list[Intent]:
    """The newest promise for each of these keys, in their order."""
    found, remaining = dict[str, Intent](), iter(keys)
    while some := list(islice(remaining, KEYS_PER_QUERY)):
        found |= {intent.key: intent for intent in _promised(connection, base, some)}
    return [found[key] for key in keys if key in found]


def sent_since(connection: Connection, base: str, since: datetime) -> list[Intent]:
    """The newest promise for each key for which a write was sent at `since` or later."""
    lately = *_attempts(base), entries.c.at >= moment_text(since)
    keys = connection.scalars(select(entries.c.key).where(*lately))
    return promises(connection, base, sorted(set(keys)))


def _promised(connection: Connection, base: str, keys: Collection[str]) -> Iterator[Intent]:
    """All promises for these keys, oldest first: an amendment follows what it amends."""
    ours = select(entries.c.key, entries.c.body).where(visible(entries, base))
    wanted = ours.where(entries.c.key.in_(list(keys)), entries.c.kind.in_(_PROMISING))
    rows = connection.execute(wanted.order_by(entries.c.seq))
    for row in rows:
        body: dict[str, Any] = {k: v for k, v in json.loads(row.body).items() if k in _PROMISE}
        yield Intent(row.key, **{**body, "ducats": Decimal(body["ducats"])})


def _attempts(base: str) -> tuple[ColumnElement[bool], ...]:
    return entries.c.kind == EntryKind.ATTEMPT.value, visible(entries, base)


def _body(action: str, detail: Mapping[str, Any]) -> str:
    # Canonical JSON: the same attempt has the same text in every entry.
    return to_json({"action": action, "detail": dict(detail)})


def _body_prefix(action: str) -> str:
    # `action` sorts before `detail`, so each body begins with it.
    return to_json({"action": action})[:-1]
