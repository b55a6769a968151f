"""One SQLite table with the JSON text of every object, and the columns that lists filter by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cascade_cli.sandbox.stripe.deliveries import SCHEMA as DELIVERIES_SCHEMA
from cascade_cli.sandbox.stripe.deliveries import Deliveries
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
{DELIVERIES_SCHEMA}
"""

# Only constants of this file are pasted into SQL; values from outside are bound.
_NAMES = ("object", "created", *_COLUMNS, "due", "body")
_INSERT = f"""
    INSERT INTO stripe_objects ({", ".join(_NAMES)}, id)
    VALUES ({", ".join("?" * (len(_NAMES) + 1))})
"""  # noqa: S608
_UPDATE = f"""
    UPDATE stripe_objects SET {", ".join(f"{name} = ?" for name in _NAMES)} WHERE id = ?
"""  # noqa: S608


@dataclass
class Query:
    """Selects objects of one kind; all conditions on the columns above must hold."""

    kind: str
    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def where(self, condition: str, *values: object) -> Query:
        """Add a condition; `values` are bound to its question marks."""
        self.conditions.append(condition)
        self.values.extend(values)
        return self


LINE_ITEMS = "sandbox.line_items"
"""The kind under which a Checkout Session's line items and other unshown data are kept."""

CURRENCY_OPTIONS = "sandbox.currency_options"
"""The kind under which a price's amounts in other currencies are kept: shown only when expanded."""

ObjectRow = tuple[Any, ...]
"""An object as the table holds it; the id comes last, the text just before it."""


class Objects:
    """Reads and writes objects through one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, rows: Iterable[ObjectRow]) -> None:
        """Add new objects, in this order."""
        self._connection.executemany(_INSERT, rows)

    def update(self, rows: Iterable[ObjectRow]) -> None:
        """Replace objects by their new states."""
        self._connection.executemany(_UPDATE, rows)

    def delete(self, ids: Iterable[str]) -> None:
        """Delete objects."""
        self._connection.executemany(
            "DELETE FROM stripe_objects WHERE id = ?", [(id,) for id in ids]
        )

    @property
    def deliveries(self) -> Deliveries:
        """The deliveries of these objects' events."""
        return Deliveries(self._connection)

    def last(self) -> int:
        """How many objects were ever added."""
        (seq,) = self._connection.execute("SELECT max(seq) FROM stripe_objects").fetchone()
        return int(seq or 0)

    def find(self, kind: str, id: str) -> str | None:
        """The text of one object."""
        row = self._connection.execute(
            "SELECT body FROM stripe_objects WHERE id = ? AND object = ?", (id, kind)
        ).fetchone()
        return None if row is None else str(row[0])

    def many(self, ids: Iterable[str]) -> dict[str, str]:
        """Texts by id; ids without an object are left out."""
        wanted = list(ids)
        marks = ", ".join("?" * len(wanted))
        rows = self._connection.execute(
            f"SELECT id, body FROM stripe_objects WHERE id IN ({marks})",  # noqa: S608
            wanted,
        )
        return dict(rows.fetchall())

    def refunds(self, charges: list[str]) -> dict[str, list[str]]:
        """The texts of the charges' refunds, newest first, by charge."""
        found: dict[str, list[str]] = {}
        marks = ", ".join("?" * len(charges))
        for charge, body in self._connection.execute(
            f"SELECT charge, body FROM stripe_objects WHERE charge IN ({marks})"  # noqa: S608
            " AND object = 'refund' ORDER BY created DESC, seq DESC",
            charges,
        ):
            found.setdefault(charge, []).append(body)
        return found

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
        """All texts that match, newest first."""
        return self._select(query, "ORDER BY created DESC, seq DESC")

    def overdue(self, now: int) -> list[tuple[str, int]]:
        """Open Checkout Sessions that should have expired: their ids, and when."""
        return self._connection.execute(
            "SELECT id, due FROM stripe_objects WHERE due <= ? ORDER BY due, seq", (now,)
        ).fetchall()

    def line_items(self, session_id: str) -> list[Document]:
        """What is bought in a Checkout Session; Stripe shows it only on request."""
        text = self.find(LINE_ITEMS, f"{session_id}#line_items")
        items: list[Document] = json.loads(text)["line_items"] if text else []
        return items

    def currency_options(self, price_id: str) -> Document | None:
        """What a price costs in each currency; None if it has only one."""
        text = self.find(CURRENCY_OPTIONS, f"{price_id}#currency_options")
        options: Document | None = json.loads(text)["options"] if text else None
        return options

    def balance(self, now: int) -> tuple[dict[str, int], dict[str, int]]:
        """Net amounts by currency: available, and pending."""
        sums = """
            SELECT currency, sum(json_extract(body, '$.net')) FROM stripe_objects
            WHERE object = 'balance_transaction' AND json_extract(body, '$.available_on') {} ?
            GROUP BY currency
        """
        available, pending = (
            dict(self._connection.execute(sums.format(sign), (now,)).fetchall())
            for sign in ("<=", ">")
        )
        return available, pending

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


def row(document: Document) -> ObjectRow:
    """The table's row for an object."""
    values = [document.get(name) for name in _COLUMNS]
    filters = [value if isinstance(value, str) else None for value in values]
    due = document.get("expires_at") if document.get("status") == "open" else None
    return (
        document["object"],
        document["created"],
        *filters,
        due,
        encode(document),
        document["id"],
    )


def event_row(id: str, created: int, type: str, text: str) -> ObjectRow:
    """The table's row for an event, whose text the caller has composed."""
    filters = (type if name == "type" else None for name in _COLUMNS)
    return ("event", created, *filters, None, text, id)


encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Compact JSON."""
