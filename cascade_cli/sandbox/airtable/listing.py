"""Lists records page by page; the first request fixes which records the list has."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from cascade_cli.sandbox.airtable.parameters import Listing, Sorting
from cascade_cli.sandbox.airtable.refusal import Refusal
from cascade_cli.sandbox.airtable.rows import Row
from cascade_cli.sandbox.airtable.schema import VIEW_NAME, Field, Table
from cascade_cli.sandbox.airtable.tables import Tables, is_id, new_id, renderer
from cascade_cli.sandbox.wire import Clock

ITERATOR_SECONDS = 300
"""How long an unused iterator lives. Airtable documents only that iterators expire."""


@dataclass(frozen=True)
class _Iterator:
    table_id: str
    record_ids: tuple[str, ...]
    places: dict[str, int]
    expires: datetime


class Lister:
    """Answers list requests, and remembers their iterators in memory."""

    def __init__(self, tables: Tables, now: Clock, random: random.Random) -> None:
        self._tables = tables
        self._now = now
        self._random = random
        self._iterators: dict[str, _Iterator] = {}
        self._lock = threading.Lock()

    def page(self, table: Table, asked: Listing) -> dict[str, Any]:
        """One page, with an `offset` when there are more."""
        fields = table.fields if asked.fields is None else _unique(table, asked.fields)
        render = renderer(fields, asked.by_id)
        if asked.offset is None:
            name, start, found = "", 0, self._found(table, asked)
        else:
            name, start, found = self._resumed(table, asked.offset)
        end = start + asked.page_size
        rows = self._tables.rows.all(table)
        wanted = found.record_ids[start:end]
        page: dict[str, Any] = {"records": [render(rows[id]) for id in wanted if id in rows]}
        if end < len(found.record_ids):
            page["offset"] = f"{self._remembered(name, found)}/{found.record_ids[end]}"
        return page

    def _found(self, table: Table, asked: Listing) -> _Iterator:
        rows = self._tables.matching(table, asked.formula)
        if asked.view is not None:
            _check_view(table, asked.view)
            rows = sorted(rows, key=lambda row: row.position)
        for sorting in reversed(asked.sorting):
            rows = _sorted(rows, table.field(sorting.field), sorting)
        record_ids = tuple(row.id for row in rows[: asked.max_records])
        places = {record_id: place for place, record_id in enumerate(record_ids)}
        # It counts as expired until `_remembered` keeps it for a further page.
        return _Iterator(table.id, record_ids, places, self._now())

    def _resumed(self, table: Table, offset: str) -> tuple[str, int, _Iterator]:
        name, _, record_id = offset.partition("/")
        if not is_id("itr", name) or not is_id("rec", record_id):
            raise _invalid_offset(offset)
        with self._lock:
            found = self._iterators.get(name)
        if found is None or found.expires <= self._now() or found.table_id != table.id:
            raise Refusal(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
        if record_id not in found.places:
            raise _invalid_offset(offset)
        return name, found.places[record_id], found

    def _remembered(self, name: str, found: _Iterator) -> str:
        now = self._now()
        with self._lock:
            self._forget_expired(now)
            name = name or new_id("itr", self._random)
            expires = now + timedelta(seconds=ITERATOR_SECONDS)
            self._iterators[name] = replace(found, expires=expires)
        return name

    def _forget_expired(self, now: datetime) -> None:
        for name in [name for name, one in self._iterators.items() if one.expires <= now]:
            del self._iterators[name]


def _unique(table: Table, keys: Iterable[str]) -> list[Field]:
    return list({field.id: field for field in map(table.field, keys)}.values())


def _sorted(rows: list[Row], field: Field, sorting: Sorting) -> list[Row]:
    return sorted(rows, key=_key(field), reverse=sorting.descending)


def _key(field: Field) -> Callable[[Row], Any]:
    """Sort key: empty cells first, options in their defined order, texts ignoring case."""
    id = field.id
    if field.type == "createdTime":
        return lambda row: row.created
    if field.type == "lastModifiedTime":
        return lambda row: row.modified
    if field.type in {"number", "checkbox"}:
        return lambda row: (id in row.cells, row.cells.get(id, 0))
    if field.type == "singleSelect":
        ranks = {choice: rank for rank, choice in enumerate(field.choices, start=1)}
        return lambda row: ranks.get(row.cells.get(id, ""), 0)
    return lambda row: (row.cells.get(id, "").casefold(), row.cells.get(id, ""))


def _check_view(table: Table, view: str) -> None:
    if view not in {VIEW_NAME, table.view_id}:
        type = "VIEW_ID_NOT_FOUND" if view.startswith("viw") else "VIEW_NAME_NOT_FOUND"
        raise Refusal(422, type, f"View {view} not found")


def _invalid_offset(offset: str) -> Refusal:
    return Refusal(422, "INVALID_OFFSET_VALUE", f"The value of offset {offset} is invalid")
