"""One row, and what formulas make of it, without HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cascade_cli.sandbox.airtable.cells import accept
from cascade_cli.sandbox.airtable.formula import matcher
from cascade_cli.sandbox.airtable.rows import Row
from cascade_cli.sandbox.airtable.schema import Table

NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)

TABLE = Table.build(
    "THINGS",
    [
        {"name": "Name", "type": "singleLineText"},
        {"name": "Notes", "type": "multilineText"},
        {"name": "Kind", "type": "singleSelect", "options": {"choices": [{"name": "plain"}]}},
        {"name": "Ducats", "type": "number"},
        {"name": "Paid", "type": "checkbox"},
        {"name": "Due", "type": "dateTime"},
        {"name": "Made", "type": "createdTime"},
        {"name": "Changed", "type": "lastModifiedTime"},
        {"name": "odd {name}", "type": "singleLineText"},
        {"name": "Città", "type": "singleLineText"},
    ],
)


def matches(formula: str, **fields: Any) -> bool:
    """Whether the formula is true of a row with these cells.

    The row was made at 10:00:00 and changed at 11:00:00 UTC on 20 November 2026; now is 14:00.
    """
    cells = {id: cell for id, cell in accept(TABLE, fields).items() if cell is not None}
    made, changed = "2026-11-20T10:00:00.000Z", "2026-11-20T11:00:00.000Z"
    row = Row("rec00000000000001", made, changed, 1, cells)
    return matcher(formula, TABLE, NOW)(row)
