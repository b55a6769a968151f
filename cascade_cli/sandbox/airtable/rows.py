"""Records in SQLite, and the parsed copy of them that listings and formulas work on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cascade_cli.sandbox.airtable.schema import Table
from cascade_cli.sandbox.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS airtable_base (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS airtable_tables (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 0,
    epoch INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS airtable_records (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    table_id TEXT NOT NULL,
    created TEXT NOT NULL,
    modified TEXT NOT NULL,
    cells TEXT NOT NULL,
    version INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS airtable_records_changed ON airtable_records (table_id, version);
"""


class Row(NamedTuple):
    """One record. `cells` are by field id, without empty ones; `position` counts creations."""

    id: str
    created: str
    modified: str
    position: int
    cells: dict[str, Any]


@dataclass(frozen=True)
class _Snapshot:
    version: int = -1
    epoch: int = -1
    rows: dict[str, Row] = field(default_factory=dict)


class Rows:
    """Reads and writes the rows of any table; each change raises its version or its epoch.

    A read parses only the rows that changed since the last read. Otherwise, ten thousand writes
    with a read after each would parse the whole table ten thousand times.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: dict[str, _Snapshot] = {}

    def all(self, table: Table) -> dict[str, Row]:
        """Every row by id, in no meaningful order. Callers must not modify it."""
        with self._store.read() as connection:
            known = self._snapshots.get(table.id, _Snapshot())
            fresh = _refreshed(known, table.id, connection)
            # An open transaction may be rolled back, and a later change then get the same version.
            if not connection.in_transaction:
                self._snapshots[table.id] = fresh
            return fresh.rows

    def find(self, table: Table, record_id: str) -> Row | None:
        """The row of that id in that table, or None."""
        with self._store.read() as connection:
            found = connection.execute(
                _SELECT + "WHERE id = ? AND table_id = ?", (record_id, table.id)
            ).fetchone()
        return _parsed(found) if found else None

    def exists(self, record_id: str) -> bool:
        """Whether any table has a record of that id."""
        query = "SELECT 1 FROM airtable_records WHERE id = ?"
        with self._store.read() as connection:
            return connection.execute(query, (record_id,)).fetchone() is not None

    def insert(self, table: Table, record_id: str, created: str, cells: Mapping[str, Any]) -> Row:
        """Add a row, created and modified at the same moment."""
        with self._store.write() as connection:
            version = _next_version(connection, table)
            position = connection.execute(
                "INSERT INTO airtable_records (id, table_id, created, modified, cells, version) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (record_id, table.id, created, created, json.dumps(cells), version),
            ).lastrowid
        return Row(record_id, created, created, position or 0, dict(cells))

    def replace(self, table: Table, row: Row) -> None:
        """Store the row's cells and time of modification."""
        with self._store.write() as connection:
            connection.execute(
                "UPDATE airtable_records SET cells = ?, modified = ?, version = ? WHERE id = ?",
                (json.dumps(row.cells), row.modified, _next_version(connection, table), row.id),
            )

    def delete(self, table: Table, record_id: str) -> None:
        """Remove the row."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM airtable_records WHERE id = ?", (record_id,))
            connection.execute(
                "UPDATE airtable_tables SET epoch = epoch + 1 WHERE id = ?", (table.id,)
            )


_SELECT = "SELECT id, created, modified, position, cells FROM airtable_records "


def _refreshed(known: _Snapshot, table_id: str, connection: sqlite3.Connection) -> _Snapshot:
    found = connection.execute(
        "SELECT version, epoch FROM airtable_tables WHERE id = ?", (table_id,)
    ).fetchone()
    if found is None:
        return _Snapshot()
    version, epoch = found
    if (version, epoch) == (known.version, known.epoch):
        return known
    # A new epoch means that rows or cells were removed; the changed rows do not show that.
    start = known if epoch == known.epoch else _Snapshot()
    changed = connection.execute(
        _SELECT + "WHERE table_id = ? AND version > ?", (table_id, start.version)
    )
    return _Snapshot(version, epoch, _merged(start.rows, [_parsed(row) for row in changed]))


def _merged(rows: dict[str, Row], changed: list[Row]) -> dict[str, Row]:
    merged = rows | {row.id: row for row in changed}
    if len(merged) == len(rows):
        return merged
    return {record_id: merged[record_id] for record_id in sorted(merged)}


def _parsed(row: tuple[Any, ...]) -> Row:
    id, created, modified, position, cells = row
    return Row(id, created, modified, position, json.loads(cells))


def _next_version(connection: sqlite3.Connection, table: Table) -> int:
    (version,) = connection.execute(
        "UPDATE airtable_tables SET version = version + 1 WHERE id = ? RETURNING version",
        (table.id,),
    ).fetchone()
    return int(version)
