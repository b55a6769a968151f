"""Keeps the base's table definitions in SQLite, and changes them as people editing a base do."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.layout import legacy_notifications, venice_base
from cascade_cli.sandbox.airtable.schema import Field, Table
from cascade_cli.sandbox.store import Store


@dataclass(frozen=True)
class _Definitions:
    version: int = -1
    tables: tuple[Table, ...] = ()
    by_key: dict[str, Table] = field(default_factory=dict)


class Catalogue:
    """The tables that the base has now; another process may change them between two calls."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = _Definitions()
        self._install()

    def tables(self) -> tuple[Table, ...]:
        """Every table, in the order of the base."""
        return self._current().tables

    def table(self, key: str) -> Table:
        """The table of that name or id. Raises Refusal (403) for any other, as Airtable does."""
        table = self._current().by_key.get(key)
        if table is None:
            raise refusal.forbidden()
        return table

    def drop_table(self, key: str) -> None:
        """Remove the table and its records."""
        table = self.table(key)
        with self._changing() as connection:
            connection.execute("DELETE FROM airtable_records WHERE table_id = ?", (table.id,))
            connection.execute("DELETE FROM airtable_tables WHERE id = ?", (table.id,))

    def drop_field(self, table_key: str, field_key: str) -> None:
        """Remove the field and every cell in it."""
        table = self.table(table_key)
        field = table.field(field_key)
        with self._changing() as connection:
            self._forget_cells(connection, table, [field])
            self._write(connection, table.without(field))

    def add_field(self, table_key: str, definition: Mapping[str, Any]) -> Field:
        """Add a field `{"name", "type", "options"?}`.

        Raises ValueError if the table has a field of that name, or for an unknown type.
        """
        table = self.table(table_key)
        field = Field.build(table.name, definition)
        if field.name in table.by_name:
            raise ValueError(f"{table.name} has a field {field.name!r} already")
        with self._changing() as connection:
            self._write(connection, table.with_field(field))
        return field

    def set_select_options(self, table_key: str, field_key: str, options: Iterable[str]) -> None:
        """Make the field a single select with these options; its cells stay as they are."""
        table = self.table(table_key)
        changed = table.field(field_key).with_choices(options)
        with self._changing() as connection:
            self._write(connection, table.with_field(changed))

    def use_legacy_notifications(self) -> None:
        """Give NOTIFICATIONS exactly the fields that the engine and the legacy connector write."""
        old, new = self.table("NOTIFICATIONS"), legacy_notifications()
        with self._changing() as connection:
            self._forget_cells(connection, old, [f for f in old.fields if f not in new.fields])
            self._write(connection, new)

    def _install(self) -> None:
        with self._store.write() as connection:
            if connection.execute("SELECT count(*) FROM airtable_base").fetchone()[0]:
                return
            connection.execute("INSERT INTO airtable_base (version) VALUES (0)")
            for table in venice_base():
                self._write(connection, table)

    def _current(self) -> _Definitions:
        with self._store.read() as connection:
            (version,) = connection.execute("SELECT version FROM airtable_base").fetchone()
            if version == self._known.version:
                return self._known
            found = _load(connection, version)
            # An open transaction may be rolled back, and a later change then get the same version.
            if not connection.in_transaction:
                self._known = found
            return found

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        with self._store.write() as connection:
            connection.execute("UPDATE airtable_base SET version = version + 1")
            yield connection

    def _write(self, connection: sqlite3.Connection, table: Table) -> None:
        definition = json.dumps([field.document() for field in table.fields])
        connection.execute(
            "INSERT INTO airtable_tables (id, name, definition) VALUES (?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET definition = excluded.definition",
            (table.id, table.name, definition),
        )

    def _forget_cells(
        self, connection: sqlite3.Connection, table: Table, fields: Iterable[Field]
    ) -> None:
        for gone in fields:
            connection.execute(
                "UPDATE airtable_records SET cells = json_remove(cells, ?) WHERE table_id = ?",
                (f"$.{gone.id}", table.id),
            )
        connection.execute("UPDATE airtable_tables SET epoch = epoch + 1 WHERE id = ?", (table.id,))


def _load(connection: sqlite3.Connection, version: int) -> _Definitions:
    rows = connection.execute("SELECT id, name, definition FROM airtable_tables ORDER BY rowid")
    tables = tuple(_parsed(*row) for row in rows)
    by_id = {table.id: table for table in tables}
    return _Definitions(version, tables, by_id | {table.name: table for table in tables})


@lru_cache(maxsize=64)
def _parsed(id: str, name: str, definition: str) -> Table:
    return Table(id, name, tuple(Field.build(name, one) for one in json.loads(definition)))
