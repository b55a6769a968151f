"""A journal of an earlier version, brought to this one when it is opened.

Nobody has to do anything. All of it is one transaction; beside a SQLite file its backup stands
first, as `<file>.version-1`. Columns that the earlier version wrote get other names, so that a
process of that version which still runs writes no more rows without a seal: it is refused, loses
nothing, and works again when it is started anew.

Version 2 seals what it finds: it cannot know what was edited before it, but for what the chain of
entries tells.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Table, bindparam, inspect, select, text, update

from cascade_cli.adapters.journal import schema
from cascade_cli.adapters.journal.seals import Seals, seal_of
from cascade_cli.adapters.journal.verification import raw

_RENAMED = ((schema.chain, "length", "entries"), (schema.events, "tries", "attempts"))


def bring_up(connection: Connection, back_up: Callable[[int], None]) -> None:
    """Make or change the tables inside the running transaction, unless somebody just did."""
    schema.lock_creation(connection)
    found = schema.found_version(connection)
    if found == 0:
        schema.create(connection)
    elif found < schema.VERSION:
        back_up(found)
        _seal(connection)


def _seal(connection: Connection) -> None:
    """From version 1 to 2."""
    for table, old, new in _RENAMED:
        if inspect(connection).has_table(table.name):
            _alter(connection, table, f"RENAME COLUMN {old} TO {new}")
    _alter(connection, schema.chain, "ADD COLUMN seals TEXT NOT NULL DEFAULT '{}'")
    seals = Seals()
    for table in schema.SEALED:
        if inspect(connection).has_table(table.name):
            _alter(connection, table, "ADD COLUMN seal TEXT NOT NULL DEFAULT ''")
            _seal_rows(connection, table, seals)
    schema.metadata.create_all(connection)
    connection.execute(update(schema.chain).values(seals=seals.text))
    connection.execute(update(schema.version).values(version=2))


def _alter(connection: Connection, table: Table, change: str) -> None:
    connection.execute(text(f"ALTER TABLE {table.name} {change}"))


def _seal_rows(connection: Connection, table: Table, seals: Seals) -> None:
    (primary,) = table.primary_key
    sealing = update(table).where(primary == bindparam("row")).values(seal=bindparam("its"))
    rows = connection.execute(select(*raw(table))).all()
    seals_by_row = {row._mapping[primary.name]: seal_of(table, row._mapping) for row in rows}
    seals.add(table, seals_by_row.values())
    if rows:
        sealed = [{"row": row, "its": seal} for row, seal in seals_by_row.items()]
        connection.execute(sealing, sealed)
