"""Tables and fields as values: looked up by name or by id, rendered for the metadata API."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from cascade_cli.sandbox.airtable import refusal

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_COMPUTED = frozenset({"createdTime", "lastModifiedTime"})
SUPPORTED_TYPES = frozenset(
    {"singleLineText", "multilineText", "singleSelect", "number", "checkbox", "dateTime"}
    | _COMPUTED
)


def stable_id(prefix: str, *path: str) -> str:
    """An id of Airtable's form that is the same in every sandbox: `prefix` and 14 characters."""
    number = int.from_bytes(hashlib.sha256("\0".join(path).encode()).digest())
    characters = []
    for _ in range(14):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return prefix + "".join(characters)


@dataclass(frozen=True)
class Field:
    """One column. `options` are Airtable's own for the type."""

    id: str
    name: str
    type: str
    options: Mapping[str, Any]

    @classmethod
    def build(cls, table: str, definition: Mapping[str, Any]) -> Field:
        """A field from `{"name", "type", "options"?}`; raises ValueError for an unknown type."""
        name, type = str(definition["name"]), str(definition["type"])
        if type not in SUPPORTED_TYPES:
            raise ValueError(f"the sandbox knows no field type {type!r}")
        options = definition.get("options", {})
        return cls(definition.get("id") or stable_id("fld", table, name), name, type, options)

    @property
    def computed(self) -> bool:
        """True where Airtable fills the cell and refuses writes."""
        return self.type in _COMPUTED

    @cached_property
    def choices(self) -> tuple[str, ...]:
        """The names of a select's options, in their order."""
        return tuple(choice["name"] for choice in self.options.get("choices", ()))

    def with_choices(self, names: Iterable[str]) -> Field:
        """The same field as a single select with exactly these options."""
        choices = [{"id": stable_id("sel", self.id, name), "name": name} for name in names]
        return replace(self, type="singleSelect", options={"choices": choices})

    def document(self) -> dict[str, Any]:
        """The field as the metadata API shows it and the store keeps it."""
        document: dict[str, Any] = {"id": self.id, "name": self.name, "type": self.type}
        if self.options:
            document["options"] = self.options
        return document


@dataclass(frozen=True)
class Table:
    """One table; its first field is the primary one."""

    id: str
    name: str
    fields: tuple[Field, ...]

    @classmethod
    def build(cls, name: str, definitions: Iterable[Mapping[str, Any]]) -> Table:
        """A table with ids derived from its names."""
        fields = tuple(Field.build(name, definition) for definition in definitions)
        return cls(stable_id("tbl", name), name, fields)

    @cached_property
    def _by_key(self) -> dict[str, Field]:
        ids = {field.id: field for field in self.fields}
        return ids | {field.name: field for field in self.fields}

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields under their names, for formulas, which know no field ids."""
        return {field.name: field for field in self.fields}

    def field(self, key: object) -> Field:
        """The field of that name or id. Raises Refusal (422) if the table has none."""
        field = self._by_key.get(key) if isinstance(key, str) else None
        if field is None:
            raise refusal.unknown_field(key)
        return field

    def with_field(self, field: Field) -> Table:
        """The same table with `field` in place of the one with its id, or added at the end."""
        if any(known.id == field.id for known in self.fields):
            fields = tuple(field if known.id == field.id else known for known in self.fields)
            return replace(self, fields=fields)
        return replace(self, fields=(*self.fields, field))

    def without(self, field: Field) -> Table:
        """The same table without that field."""
        return replace(self, fields=tuple(known for known in self.fields if known != field))

    def document(self, visible_fields: bool = False) -> dict[str, Any]:
        """The table as the metadata API lists it, with its one grid view."""
        view: dict[str, Any] = {"id": self.view_id, "name": VIEW_NAME, "type": "grid"}
        if visible_fields:
            view["visibleFieldIds"] = [field.id for field in self.fields]
        return {
            "id": self.id,
            "name": self.name,
            "primaryFieldId": self.fields[0].id,
            "fields": [field.document() for field in self.fields],
            "views": [view],
        }

    @property
    def view_id(self) -> str:
        """The id of the table's only view."""
        return stable_id("viw", self.name)


VIEW_NAME = "Grid view"
