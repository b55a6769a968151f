"""The base's records without HTTP, for the API, the Venice engine and the seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.airtable import cells, refusal
from cascade_cli.sandbox.airtable.catalogue import Catalogue
from cascade_cli.sandbox.airtable.formula import matcher
from cascade_cli.sandbox.airtable.rows import Row, Rows
from cascade_cli.sandbox.airtable.schema import Field, Table
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.wire import Clock

_ID_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

_ID_LENGTH = 17

Record = dict[str, Any]


class Tables:
    """Reads and writes records by table name or id, validating as Airtable does.

    Records are `{"id", "createdTime", "fields"}` with field names and without empty cells. Every
    method raises Refusal where Airtable would refuse. Calls made within one `store.write()` block
    happen together or not at all.
    """

    def __init__(self, store: Store, now: Clock, random: random.Random) -> None:
        self._store = store
        self._now = now
        self._random = random
        self.catalogue = Catalogue(store)
        self.rows = Rows(store)

    def create(
        self,
        table: str,
        fields: Mapping[str, Any],
        *,
        at: datetime | None = None,
        typecast: bool = False,
    ) -> Record:
        """Add a record, created at `at`, cut to the whole second, or now.

        `typecast` converts values where Airtable would, and adds new options to selects.
        """
        moment = cells.whole_second(at or self._now())
        with self._store.write():
            found = self._prepared(table, fields, typecast)
            filled = _filled(cells.accept(found, fields, typecast))
            row = self.rows.insert(found, self._new_id(), moment, filled)
        return renderer(found.fields)(row)

    def update(
        self,
        table: str,
        record_id: str,
        fields: Mapping[str, Any],
        *,
        replace: bool = False,
        at: datetime | None = None,
        typecast: bool = False,
    ) -> Record:
        """Change the named cells; with `replace`, empty all others that can be written."""
        with self._store.write():
            found = self._prepared(table, fields, typecast)
            accepted = cells.accept(found, fields, typecast)
            row = self.row(found, record_id)
            changed = _filled(accepted if replace else row.cells | accepted)
            if changed != row.cells:
                moment = cells.whole_second(at or self._now())
                row = row._replace(cells=changed, modified=moment)
                self.rows.replace(found, row)
        return renderer(found.fields)(row)

    def get(self, table: str, record_id: str) -> Record:
        """One record by its id."""
        found = self.catalogue.table(table)
        return renderer(found.fields)(self.row(found, record_id))

    def select(self, table: str, formula: str | None = None) -> list[Record]:
        """The records that match the formula, or all without one, in no meaningful order."""
        found = self.catalogue.table(table)
        render = renderer(found.fields)
        return [render(row) for row in self.matching(found, formula)]

    def delete(self, table: str, record_id: str) -> None:
        """Remove one record."""
        found = self.catalogue.table(table)
        with self._store.write():
            self.row(found, record_id)
            self.rows.delete(found, record_id)

    def matching(self, table: Table, formula: str | None) -> list[Row]:
        """The rows that match the formula, or all without one."""
        rows = self.rows.all(table).values()
        if not formula:
            return list(rows)
        matches = matcher(formula, table, self._now())
        return [row for row in rows if matches(row)]

    def row(self, table: Table, record_id: str) -> Row:
        """One row. Raises Refusal (404) if the table has no record of that id."""
        row = self.rows.find(table, record_id)
        if row is None:
            raise refusal.record_not_found() if is_id("rec", record_id) else refusal.not_found()
        return row

    def drop_table(self, name: str) -> None:
        """Remove a table with its records, as a person editing the base might."""
        self.catalogue.drop_table(name)

    def drop_field(self, table: str, field: str) -> None:
        """Remove a field with its cells."""
        self.catalogue.drop_field(table, field)

    def add_field(self, table: str, field_definition: Mapping[str, Any]) -> Field:
        """Add a field: Airtable's `{"name", "type", "options"?}`."""
        return self.catalogue.add_field(table, field_definition)

    def set_select_options(self, table: str, field: str, options: Iterable[str]) -> None:
        """Make a field a single select with exactly these options."""
        self.catalogue.set_select_options(table, field, options)

    def use_legacy_notifications(self) -> None:
        """Switch NOTIFICATIONS to the layout that the engine and the legacy connector write."""
        self.catalogue.use_legacy_notifications()

    def _prepared(self, key: str, fields: Mapping[str, Any], typecast: bool) -> Table:
        table = self.catalogue.table(key)
        if not typecast:
            return table
        for name, value in fields.items():
            field = table.field(name)
            if field.type == "singleSelect" and value and str(value) not in field.choices:
                self.set_select_options(key, name, (*field.choices, str(value)))
        return self.catalogue.table(key)

    def spend_id(self) -> None:
        """Draw an id for a row that is refused, so that later ids do not depend on the refusal."""
        self._new_id()

    def _new_id(self) -> str:
        while True:
            record_id = new_id("rec", self._random)
            # Another process may draw from the same seed over the same file.
            if not self.rows.exists(record_id):
                return record_id


def renderer(fields: Iterable[Field], by_id: bool = False) -> Callable[[Row], Record]:
    """A function from a row to a record with only those fields, without empty cells."""
    keys = [(field, field.id if by_id else field.name) for field in fields]
    stored = [(field.id, key) for field, key in keys if not field.computed]
    created = [key for field, key in keys if field.type == "createdTime"]
    modified = [key for field, key in keys if field.type == "lastModifiedTime"]

    def render(row: Row) -> Record:
        cells = row.cells
        rendered = {key: cells[field_id] for field_id, key in stored if field_id in cells}
        for key in created:
            rendered[key] = row.created
        for key in modified:
            rendered[key] = row.modified
        return {"id": row.id, "createdTime": row.created, "fields": rendered}

    return render


def new_id(prefix: str, random: random.Random) -> str:
    """An id of Airtable's form: the prefix and 14 characters drawn at random."""
    return prefix + "".join(random.choices(_ID_CHARACTERS, k=14))


def is_id(prefix: str, text: str) -> bool:
    """Whether the text has the form of an Airtable id of that kind."""
    return len(text) == _ID_LENGTH and text.startswith(prefix) and text.isascii() and text.isalnum()


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {field_id: value for field_id, value in values.items() if value is not None}
