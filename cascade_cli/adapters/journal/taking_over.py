"""Writes promises into a restored journal. They come from the base's rows, or from the journal that
was replaced."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, select

from cascade_cli.adapters.journal.chain import Transaction
from cascade_cli.adapters.journal.claims import check, promise_of
from cascade_cli.adapters.journal.tables import claims
from cascade_cli.domain.records.journal_entries import RELEASED, Attempt, EntryKind, Promised
from cascade_cli.domain.shop.times import moment_text


def take_over(transaction: Transaction, promises: Iterable[Promised]) -> int:
    """Write the promises down as if they had been made here. Returns how many were new.

    A known promise changes only if it `amends`, or if its last write is another one.
    """
    new = 0
    for promised in promises:
        check([promised.intent])
        row = _row_of(transaction.connection, promised)
        if row is None:
            _insert(transaction, promised)
            new += 1
        else:
            _update(transaction, row, promised)
    return new


def _row_of(connection: Connection, promised: Promised) -> Row[Any] | None:
    named = claims.c.key == promised.intent.key, claims.c.base.in_((promised.base, ""))
    # A row of the base itself comes before one that counts for every shop.
    found = select(claims).where(*named).order_by(claims.c.base.desc()).limit(1)
    return connection.execute(found).one_or_none()


def _insert(transaction: Transaction, promised: Promised) -> None:
    intent, at = promised.intent, promised.at
    promise, body = promise_of(intent), {"detail": intent.detail}
    seq = transaction.append(EntryKind.INTENT, intent.key, body, verbatim=promise, at=at)
    first_at = moment_text(at)
    row = {
        **promise,
        **RELEASED.columns(),
        **_last(transaction, promised.attempt),
        "key": intent.key,
        "first_at": first_at,
        "day": first_at[:10],
        "intent_seq": seq,
    }
    transaction.insert(claims, [row])


def _update(transaction: Transaction, row: Row[Any], promised: Promised) -> None:
    changes = dict[str, Any]()
    promise = promise_of(promised.intent)
    if promised.amends and any(row._mapping[name] != promise[name] for name in promise):
        before = {"citizen": row.citizen, "ducats": row.ducats}
        body = {"detail": promised.intent.detail, "amends": before}
        key = promised.intent.key
        seq = transaction.append(EntryKind.AMENDMENT, key, body, verbatim=promise)
        changes |= {**promise, "intent_seq": seq}
    last = _last(transaction, promised.attempt)
    if last and (last["last_attempt_at"], last["last_fate"]) != (
        row.last_attempt_at,
        row.last_fate,
    ):
        changes |= last
    if changes:
        transaction.update(claims, [(row, changes)])


def _last(transaction: Transaction, attempt: Attempt | None) -> dict[str, str]:
    if attempt is None:
        return {}
    return {
        "last_action": attempt.action,
        "last_attempt_at": moment_text(attempt.at),
        "last_run": transaction.worker.run,
        "last_fate": attempt.fate.value,
    }
