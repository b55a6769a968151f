"""Which fields Venice's tables have: Airtable refuses a whole write that names an unknown one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pyairtable import Api

from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.errors import RightsError, SchemaError

# In these, Airtable computes the value and refuses a write.
COMPUTED_TYPES = frozenset(
    {
        "aiText",
        "autoNumber",
        "button",
        "count",
        "createdBy",
        "createdTime",
        "externalSyncSource",
        "formula",
        "lastModifiedBy",
        "lastModifiedTime",
        "multipleLookupValues",
        "rollup",
    }
)


@dataclass(frozen=True)
class Schema:
    """The writable fields by table; None if the token may not read the schema.

    `options` has the choices of every single select, by table and field.
    """

    tables: Mapping[str, frozenset[str]] | None
    options: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_known(self) -> bool:
        """Whether the base's fields are known."""
        return self.tables is not None

    def has(self, table: str, name: str) -> bool | None:
        """Whether the field of that name can be written; None if that is unknown."""
        return None if self.tables is None else name in self.tables.get(table, frozenset())

    def keep(
        self, table: str, fields: Mapping[str, Any], required: frozenset[str]
    ) -> dict[str, Any]:
        """The fields that the table has. Raises SchemaError if it lacks a required one."""
        if self.tables is None:
            return dict(fields)
        known = self.tables.get(table, frozenset())
        missing = sorted(required - known)
        if missing:
            raise SchemaError(
                f"The base's table {table} has no field {', '.join(missing)} that can be written.",
                "Nothing was written. Names are case sensitive; ask whoever changed the base.",
            )
        # Airtable refuses a write whole if it names a field that the table lacks.
        return {name: value for name, value in fields.items() if name in known}


def read_schema(api: Api, base_id: str) -> Schema:
    """Read the base's schema, in one request. It is unknown if the token lacks schema.bases:read;
    that is not an error."""
    found = read_fields(api, base_id)
    if found is None:
        return Schema(None)
    return Schema(
        {
            # A write to a computed field is refused like one to an unknown field.
            table: frozenset(each.name for each in fields if each.type not in COMPUTED_TYPES)
            for table, fields in found.items()
        },
        {
            (table, each.name): each.options or ()
            for table, fields in found.items()
            for each in fields
            if each.type == "singleSelect"
        },
    )


@dataclass(frozen=True)
class FieldDefinition:
    """A field as Airtable describes it; `options` are the choices of a select."""

    name: str
    type: str
    options: tuple[str, ...] | None


def read_fields(api: Api, base_id: str) -> dict[str, list[FieldDefinition]] | None:
    """All fields by table; None if the token may not read the schema. One request.

    We read the plain answer: pyairtable's models of it cost a tenth of a second, and describe a
    hundred things that nobody needs.
    """
    try:
        with translated_errors():
            tables = api.get(api.base(base_id).urls.tables)["tables"]
            return {table["name"]: [_field(each) for each in table["fields"]] for table in tables}
    except RightsError:
        return None


def _field(described: Mapping[str, Any]) -> FieldDefinition:
    choices = (described.get("options") or {}).get("choices")
    options = None if choices is None else tuple(choice["name"] for choice in choices)
    return FieldDefinition(described["name"], described["type"], options)


def table_id(api: Api, base_id: str, table: str) -> str:
    """The table's id in the addresses of Airtable's own pages; empty if the token may not read the
    schema. One request."""
    try:
        with translated_errors():
            tables = api.get(api.base(base_id).urls.tables)["tables"]
    except RightsError:
        return ""
    return next((each["id"] for each in tables if each["name"] == table), "")
