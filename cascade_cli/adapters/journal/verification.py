"""Whether the chain is whole, and the claims still say what its intents promised."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, true

from cascade_cli.adapters.journal.chain import hash_of
from cascade_cli.adapters.journal.schema import GENESIS, chain, claims, entries
from cascade_cli.domain.journal import EntryKind, Verification

_PAGE_ROWS = 1000
_PROMISES = frozenset({EntryKind.INTENT, EntryKind.AMENDMENT})


def verify(connection: Connection) -> Verification:
    """Recompute every hash from the first entry on; memory does not grow with the journal."""
    with connection.execute(_whole_chain(), execution_options={"yield_per": _PAGE_ROWS}) as rows:
        return _verify(rows)


def _verify(rows: Iterable[Row[Any]]) -> Verification:
    seen, head, intents = 0, GENESIS, 0
    amended: dict[str, int] = {}
    row = None
    for row in rows:
        if row.seq is None:
            break
        if flaw := _flaw_of(row, seen + 1, head):
            return Verification(seen, flaw, seen + 1)
        seen, head = row.seq, row.hash
        intents += row.kind == EntryKind.INTENT
        _follow_amendments(row, amended)
    for key, seq in amended.items():
        return Verification(seen, _claim_flaw(seq, key), seq, head)
    return Verification(seen, *_flaw_at_end(row, seen, head, intents), head)


def _follow_amendments(row: Row[Any], amended: dict[str, int]) -> None:
    """An intent whose claim is not beside it must have an amendment later that has it."""
    if row.kind in _PROMISES and row.claim_key is None:
        amended.setdefault(row.key, row.seq)
    elif row.kind == EntryKind.AMENDMENT:
        amended.pop(row.key, None)


def _whole_chain() -> Select[Any]:
    """Every entry beside its claim and the chain's recorded end.

    One statement, so that it sees one state of the journal while others write on.
    """
    promised = select(func.count()).select_from(claims).scalar_subquery()
    columns = (
        *entries.columns,
        *(chain.c.head, chain.c.length, promised.label("promised")),
        *(claims.c[name].label(f"claim_{name}") for name in ("key", "citizen", "ducats")),
    )
    made = claims.c.intent_seq == entries.c.seq
    beside = chain.outerjoin(entries, true()).outerjoin(claims, made)
    return select(*columns).select_from(beside).where(chain.c.id == 1).order_by(entries.c.seq)


def _flaw_of(row: Row[Any], expected_seq: int, previous_hash: str) -> str:
    if row.seq != expected_seq:
        return f"entry {expected_seq} is missing"
    if row.previous_hash != previous_hash:
        return f"entry {row.seq} does not follow the entry before it"
    if hash_of(row._mapping) != row.hash:
        return f"entry {row.seq} was changed"
    if row.kind in _PROMISES and row.claim_key is not None and not _is_kept(row):
        return _claim_flaw(row.seq, row.key)
    return ""


def _claim_flaw(seq: int, key: str) -> str:
    return f"the claim that entry {seq} made for {key} was changed or removed"


def _is_kept(row: Row[Any]) -> bool:
    body = json.loads(row.body)
    claim = (row.claim_key, row.claim_citizen, row.claim_ducats)
    return claim == (row.key, body["citizen"], body["ducats"])


def _flaw_at_end(
    row: Row[Any] | None, seen: int, head: str, intents: int
) -> tuple[str, int | None]:
    if row is None:
        return "the record of the chain's end is missing", None
    if (seen, head) != (row.length, row.head):
        return f"the chain ends at entry {seen}, and {row.length} were written", seen + 1
    if intents != row.promised:
        return f"{row.promised} claims stand, and {intents} were made by intents", None
    return "", None
