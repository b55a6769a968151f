"""Every object's JSON text in one SQLite table, with the columns that listings filter by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cascade_cli.sandbox.stripe.errors import Document, no_such

_COLUMNS = (
    "payment_intent", "charge", "customer", "transfer_group", "type", "source", "currency", "status"
)  # fmt: skip

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS stripe_objects (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    object TEXT NOT NULL,
    created INTEGER NOT NULL,
    {" TEXT, ".join(_COLUMNS)} TEXT,
    due INTEGER,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS stripe_newest ON stripe_objects (object, created, seq);
CREATE INDEX IF NOT EXISTS stripe_by_type
    ON stripe_objects (type, created, seq) WHERE object = 'event';
CREATE INDEX IF NOT EXISTS stripe_by_intent
    ON stripe_objects (payment_intent) WHERE payment_intent IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_by_charge ON stripe_objects (charge) WHERE charge IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_by_customer
    ON stripe_objects (customer) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS stripe_due ON stripe_objects (due) WHERE due IS NOT NULL;
CREATE TABLE IF NOT EXISTS stripe_idempotency (
    key TEXT PRIMARY KEY,
    endpoint TEXT NOT NULL,
    parameters TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL
);
"""

# Only constants of this file are pasted into SQL; whatever comes from outside is bound.
_INSERT = f"""
    INSERT INTO stripe_objects (id, object, created, {", ".join(_COLUMNS)}, due, body)
    VALUES ({", ".join("?" * (len(_COLUMNS) + 5))})
"""  # noqa: S608
_UPDATE = f"""
    UPDATE stripe_objects SET {", ".join(f"{name} = ?" for name in _COLUMNS)}, due = ?, body = ?
    WHERE id = ?
"""  # noqa: S608


@dataclass
class Query:
    """Which objects of a kind: conditions on the columns above, all of which must hold."""

    kind: str
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def where(self, condition: str, *values: object) -> Query:
        """Narrow it further."""
        self.conditions.append(condition)
        self.values.extend(values)
        return self


class Shelf:
    """Reads and writes objects through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, document: Document) -> str:
        """Put a new object on the shelf; returns its text."""
        text = encode(document)
        head = (document["id"], document["object"], document["created"])
        self._connection.execute(_INSERT, (*head, *_filters(document), text))
        return text

    def add_event(self, id: str, created: int, type: str, text: str) -> None:
        """Put an event on the shelf, whose text the caller has composed."""
        columns = tuple(type if name == "type" else None for name in _COLUMNS)
        self._connection.execute(_INSERT, (id, "event", created, *columns, None, text))

    def replace(self, document: Document) -> str:
        """Put the object's new state in place of the old; returns its text."""
        text = encode(document)
        self._connection.execute(_UPDATE, (*_filters(document), text, document["id"]))
        return text

    def find(self, kind: str, id: str) -> str | None:
        """The text of one object."""
        row = self._connection.execute(
            "SELECT body FROM stripe_objects WHERE id = ? AND object = ?", (id, kind)
        ).fetchone()
        return None if row is None else str(row[0])

    def taken(self, id: str) -> bool:
        """Whether an object has this id."""
        row = self._connection.execute("SELECT 1 FROM stripe_objects WHERE id = ?", (id,))
        return row.fetchone() is not None

    def many(self, ids: Iterable[str]) -> dict[str, str]:
        """Texts by id; ids without an object are left out."""
        wanted = list(ids)
        marks = ", ".join("?" * len(wanted))
        rows = self._connection.execute(
            f"SELECT id, body FROM stripe_objects WHERE id IN ({marks})",  # noqa: S608
            wanted,
        )
        return dict(rows.fetchall())

    def page(
        self, query: Query, limit: int, *, after: str | None = None, before: str | None = None
    ) -> tuple[list[str], bool]:
        """Texts newest first, and whether more follow in the direction of reading."""
        backwards = before is not None
        cursor = before or after
        if cursor is not None:
            place = self._place(query.kind, cursor, backwards=backwards)
            query.where(f"(created, seq) {'>' if backwards else '<'} (?, ?)", *place)
        order = "ASC" if backwards else "DESC"
        rows = self._select(query, f"ORDER BY created {order}, seq {order} LIMIT {limit + 1}")
        texts = rows[:limit]
        return texts[::-1] if backwards else texts, len(rows) > limit

    def all(self, query: Query) -> list[str]:
        """Every text that fits, newest first."""
        return self._select(query, "ORDER BY created DESC, seq DESC")

    def _place(self, kind: str, id: str, *, backwards: bool) -> tuple[int, int]:
        row = self._connection.execute(
            "SELECT created, seq FROM stripe_objects WHERE id = ? AND object = ?", (id, kind)
        ).fetchone()
        if row is None:
            raise no_such(kind, id, "ending_before" if backwards else "starting_after")
        return row[0], row[1]

    def _select(self, query: Query, rest: str) -> list[str]:
        conditions = " AND ".join(["object = ?", *query.conditions])
        rows = self._connection.execute(
            f"SELECT body FROM stripe_objects WHERE {conditions} {rest}",  # noqa: S608
            [query.kind, *query.values],
        )
        return [row[0] for row in rows]


def encode(document: Document) -> str:
    """Compact JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _filters(document: Document) -> list[Any]:
    values = [document.get(name) for name in _COLUMNS]
    due = document.get("expires_at") if document.get("status") == "open" else None
    return [*(value if isinstance(value, str) else None for value in values), due]
