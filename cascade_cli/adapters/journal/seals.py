"""Seals for the rows that change: claims, locks, modes of bases, marks and events of the inbox.

Entries never change, and their chain of hashes proves them. The other rows do change. So each of
them has a seal, the hash of all its other columns, and the chain's end records for each table the
number of its rows and the sum of their seals. A write through cascade renews both. A person who
edits, adds, removes or restores a row by hand renews neither, and `verify` finds it.

Seals prove no more than that: a person who knows this file and may write the tables can seal
anything. Even against that person, a head of the chain that is kept elsewhere proves the entries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Column, RowMapping, Table

from cascade_cli.adapters.journal.entry_bodies import to_json

_Row = Mapping[str, Any] | RowMapping
_MODULUS = 1 << 256


class Seals:
    """The number of rows of each table and the sum of their seals. Every write updates it."""

    def __init__(self, text: str = "{}") -> None:
        document = json.loads(text)
        self._rows = {name: int(rows) for name, (rows, _) in document.items()}
        self._sums = {name: int(total, 16) for name, (_, total) in document.items()}

    @property
    def text(self) -> str:
        """The text that is stored at the chain's end."""
        pairs = {name: [self._rows[name], f"{self._sums[name]:064x}"] for name in self._rows}
        return to_json(pairs)

    @property
    def tables(self) -> set[str]:
        """The names of the tables that have had any rows."""
        return {*self._rows}

    def rows(self, table: Table) -> int:
        """How many rows the table should have."""
        return self._rows.get(table.name, 0)

    def add(self, table: Table, seals: Iterable[object], rows: int = 1) -> None:
        """Add rows with these seals to the count; with `rows` -1, subtract them."""
        for seal in seals:
            self._rows[table.name] = self._rows.get(table.name, 0) + rows
            total = self._sums.get(table.name, 0) + rows * _number(seal)
            self._sums[table.name] = total % _MODULUS

    def agrees(self, other: Seals, table: Table) -> bool:
        """Whether both have the same rows of that table."""
        here, there = self._sums.get(table.name, 0), other._sums.get(table.name, 0)
        return self.rows(table) == other.rows(table) and here == there


def seal_of(table: Table, row: _Row) -> str:
    """SHA-256 over the table's name and all columns but the seal, as a JSON list in ASCII.

    An empty base is left out: the first rows were sealed when there was no such column.
    """
    columns = (c for c in covered(table) if c.name != "base" or row["base"] != "")
    values = [_plain(column, row[column.name]) for column in columns]
    # A value that cascade never writes, such as a blob, gets a seal too, but not the stored one.
    text = json.dumps([table.name, *values], separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def is_sealed(table: Table, row: _Row) -> bool:
    """Whether the row is as cascade left it."""
    return bool(row["seal"] == seal_of(table, row))


@cache
def covered(table: Table) -> tuple[Column[Any], ...]:
    """The columns that a row's seal is made of."""
    return tuple(column for column in table.columns if column.name != "seal")


def _plain(column: Column[Any], value: object) -> object:
    """SQLite stores a boolean as 0 or 1. Any other value is not a boolean."""
    if isinstance(column.type, Boolean) and isinstance(value, int) and value in (0, 1):
        return bool(value)
    return value


def _number(seal: object) -> int:
    try:
        return int(str(seal), 16)
    except ValueError:
        return 0
