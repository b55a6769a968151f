"""Creating, updating, upserting and deleting over HTTP: one record or up to ten, all or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cascade_cli.sandbox.airtable import cells, parameters, refusal
from cascade_cli.sandbox.airtable.schema import Field, Table
from cascade_cli.sandbox.airtable.tables import Record, Tables, is_id, renderer
from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.wire import Request

MAX_RECORDS = 10
MAX_MERGE_FIELDS = 3

_CREATE = (
    "You must provide an array of up to 10 record objects, each with a "
    '"fields" object for cell values.'
)
_UPDATE = (
    'You must provide an array of up to 10 record objects, each with an "id" ID field and a '
    '"fields" object for cell values.'
)
_DELETE = "You must provide an array of up to 10 record IDs."
_SEVERAL_MATCHES = (
    "More than one existing record matches the fieldsToMergeOn values of a record in the request"
)


class RecordWriter:
    """Answers the requests that change records."""

    def __init__(self, store: Store, tables: Tables) -> None:
        self._store = store
        self._tables = tables

    def create(self, table: Table, request: Request) -> dict[str, Any]:
        """POST: `{"fields"}` or `{"records": [{"fields"}]}`."""
        asked = _asked(request, {"fields", "records"})
        if "fields" in asked:
            return self._created(table, _fields(asked, _CREATE), asked)
        records = _records(asked, _CREATE, {"fields"})
        with self._store.write():
            made = [self._created(table, _fields(one, _CREATE), asked) for one in records]
        return {"records": made}

    def update_one(self, table: Table, record_id: str, request: Request) -> Record:
        """PATCH or PUT of one record."""
        asked = _asked(request, {"fields"})
        if not isinstance(asked.get("fields"), dict):
            raise refusal.invalid_request()
        return self._updated(table, record_id, asked["fields"], request, asked)

    def update(self, table: Table, request: Request) -> dict[str, Any]:
        """PATCH or PUT of up to ten records, possibly with `performUpsert`."""
        asked = _asked(request, {"records", "performUpsert"})
        if asked.get("performUpsert") is not None:
            return self._upsert(table, request, asked)
        updated = []
        with self._store.write():
            for one in _records(asked, _UPDATE, {"id", "fields"}):
                record_id = _id(one.get("id"))
                self._check_exists(table, record_id)
                fields = _fields(one, _UPDATE)
                updated.append(self._updated(table, record_id, fields, request, asked))
        return {"records": updated}

    def delete_one(self, table: Table, record_id: str) -> dict[str, Any]:
        """DELETE of one record."""
        self._tables.delete(table.id, record_id)
        return {"id": record_id, "deleted": True}

    def delete(self, table: Table, request: Request) -> dict[str, Any]:
        """DELETE of up to ten records named in the query."""
        ids = parameters.record_ids(request)
        if not 1 <= len(ids) <= MAX_RECORDS or not all(is_id("rec", one) for one in ids):
            raise refusal.invalid_records(_DELETE)
        with self._store.write():
            return {"records": [self.delete_one(table, record_id) for record_id in ids]}

    def _upsert(self, table: Table, request: Request, asked: Mapping[str, Any]) -> dict[str, Any]:
        merge_on = _merge_fields(table, asked["performUpsert"])
        answer: dict[str, Any] = {"records": [], "createdRecords": [], "updatedRecords": []}
        with self._store.write():
            records = _records(asked, _UPDATE, {"id", "fields"})
            # Match before writing: a record must not match one that the same request adds.
            targets = [self._target(table, one, merge_on, asked) for one in records]
            for one, target in zip(records, targets, strict=True):
                written = (
                    self._updated(table, target, one["fields"], request, asked)
                    if target
                    else self._created(table, one["fields"], asked)
                )
                answer["records"].append(written)
                answer["updatedRecords" if target else "createdRecords"].append(written["id"])
        return answer

    def _target(
        self,
        table: Table,
        one: Mapping[str, Any],
        merge_on: list[Field],
        asked: Mapping[str, Any],
    ) -> str | None:
        fields = _fields(one, _UPDATE)
        if one.get("id") is not None:
            record_id = _id(one["id"])
            self._check_exists(table, record_id)
            return record_id
        given = {table.field(key).id: value for key, value in fields.items()}
        if not given.keys() >= {field.id for field in merge_on}:
            raise refusal.invalid_records(_UPDATE)
        sought = {field.id: given[field.id] for field in merge_on}
        accepted = cells.accept(table, sought, typecast=asked.get("typecast", False))
        return self._match(table, accepted)

    def _match(self, table: Table, wanted: Mapping[str, Any]) -> str | None:
        found = [
            row.id
            for row in self._tables.rows.all(table).values()
            if all(row.cells.get(field_id) == value for field_id, value in wanted.items())
        ]
        if len(found) > 1:
            raise refusal.invalid_records(_SEVERAL_MATCHES)
        return found[0] if found else None

    def _created(self, table: Table, fields: Mapping[str, Any], asked: Mapping[str, Any]) -> Record:
        made = self._tables.create(table.id, fields, typecast=asked.get("typecast", False))
        return self._rendered(table, made, asked)

    def _updated(
        self,
        table: Table,
        record_id: str,
        fields: Mapping[str, Any],
        request: Request,
        asked: Mapping[str, Any],
    ) -> Record:
        typecast = asked.get("typecast", False)
        replace = request.method == "PUT"
        made = self._tables.update(table.id, record_id, fields, replace=replace, typecast=typecast)
        return self._rendered(table, made, asked)

    def _rendered(self, table: Table, made: Record, asked: Mapping[str, Any]) -> Record:
        if not asked.get("returnFieldsByFieldId"):
            return made
        return renderer(table.fields, by_id=True)(self._tables.row(table, made["id"]))

    def _check_exists(self, table: Table, record_id: str) -> None:
        if self._tables.rows.find(table, record_id) is None:
            raise refusal.row_does_not_exist(record_id)


def _asked(request: Request, allowed: set[str]) -> dict[str, Any]:
    asked = parameters.body(request)
    flags = {"typecast", "returnFieldsByFieldId"}
    if not (allowed | flags).issuperset(asked) or request.query:
        raise refusal.invalid_request()
    if not all(isinstance(asked.get(flag, False), bool) for flag in flags):
        raise refusal.invalid_request()
    return asked


def _records(asked: Mapping[str, Any], message: str, keys: set[str]) -> list[dict[str, Any]]:
    records = asked.get("records")
    if not isinstance(records, list) or not 1 <= len(records) <= MAX_RECORDS:
        raise refusal.invalid_records(message)
    if not all(isinstance(one, dict) and keys.issuperset(one) for one in records):
        raise refusal.invalid_records(message)
    return records


def _fields(one: Mapping[str, Any], message: str) -> dict[str, Any]:
    fields = one.get("fields")
    if not isinstance(fields, dict):
        raise refusal.invalid_records(message)
    return fields


def _id(value: Any) -> str:
    if not isinstance(value, str) or not is_id("rec", value):
        raise refusal.invalid_records(_UPDATE)
    return value


def _merge_fields(table: Table, upsert: Any) -> list[Field]:
    keys = upsert.get("fieldsToMergeOn") if isinstance(upsert, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= MAX_MERGE_FIELDS:
        raise refusal.invalid_request()
    fields = [table.field(key) for key in keys]
    if any(field.computed or field.type == "checkbox" for field in fields):
        raise refusal.invalid_request()
    return fields
