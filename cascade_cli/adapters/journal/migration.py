"""Upgrade a journal of an earlier version when it is opened.

Nobody has to do anything. The upgrade is one transaction. A SQLite file is first copied to
`<file>.version-1`, or whatever its version is. Columns that the earlier version writes are renamed.
So a process of that version that still runs cannot write rows that this version would report as
edited: the database refuses its writes, it loses nothing, and it works again after a restart.

Version 2 seals the rows as it finds them. Only the chain of entries can show what was edited
earlier. Version 3 adds whose a row is. A seal that was broken before stays broken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Connection,
    RowMapping,
    Table,
    Update,
    bindparam,
    column,
    insert,
    inspect,
    select,
    text,
    update,
)

from cascade_cli.adapters.journal import tables
from cascade_cli.adapters.journal.marks import modes_of
from cascade_cli.adapters.journal.seals import Seals, is_sealed, seal_of
from cascade_cli.adapters.journal.verification import raw

_RENAMED = ((tables.chain, "length", "entries"), (tables.events, "tries", "attempts"))
_BASE = "ADD COLUMN base TEXT NOT NULL DEFAULT ''"


def bring_up(connection: Connection, back_up: Callable[[int], None]) -> None:
    """Make or change the tables inside the running transaction, unless another process just did."""
    tables.lock_creation(connection)
    found = tables.found_version(connection)
    if found == 0:
        tables.create(connection)
    elif found < tables.VERSION:
        back_up(found)
        _change(connection, found)


def _change(connection: Connection, found: int) -> None:
    if found == 1:
        _add_seals(connection)
    else:
        _alter(connection, tables.chain, "RENAME COLUMN seals TO sums")
    _alter(connection, tables.entries, _BASE)
    for table in _present(connection, tables.SHARED):
        _add_base(connection, table)
    # Only now, because a row's seal covers the columns that were just added.
    _seal(connection, is_sealed_before=found > 1)
    tables.metadata.create_all(connection)
    connection.execute(update(tables.version).values(version=tables.VERSION))


def _add_seals(connection: Connection) -> None:
    """Rename version 1's columns, and add the seals that it does not have."""
    for table, old, new in _RENAMED:
        if _present(connection, [table]):
            _alter(connection, table, f"RENAME COLUMN {old} TO {new}")
    _alter(connection, tables.chain, "ADD COLUMN sums TEXT NOT NULL DEFAULT '{}'")
    for table in _present(connection, tables.SEALED):
        _alter(connection, table, "ADD COLUMN seal TEXT NOT NULL DEFAULT ''")


def _add_base(connection: Connection, table: Table) -> None:
    """Add the base to the table and its primary key. For that, SQLite needs a new table."""
    if connection.dialect.name == "sqlite":
        _rebuild(connection, table)
        return
    _alter(connection, table, _BASE)
    constraint = inspect(connection).get_pk_constraint(table.name)["name"]
    key = ", ".join(part.name for part in table.primary_key)
    _alter(connection, table, f"DROP CONSTRAINT {constraint}, ADD PRIMARY KEY ({key})")


def _rebuild(connection: Connection, table: Table) -> None:
    earlier = f"{table.name}_earlier"
    for index in inspect(connection).get_indexes(table.name):
        # SQLite drops the index of a primary key itself, with the table.
        if not str(index["name"]).startswith("sqlite_"):
            connection.execute(text(f"DROP INDEX {index['name']}"))
    _alter(connection, table, f"RENAME TO {earlier}")
    table.create(connection)
    names = [each.name for each in table.columns if each.name != "base"]
    rows = select(*map(column, names)).select_from(text(earlier))  # type: ignore[var-annotated]
    connection.execute(insert(table).from_select(names, rows))
    connection.execute(text(f"DROP TABLE {earlier}"))


def _seal(connection: Connection, *, is_sealed_before: bool) -> None:
    sums = Seals(connection.execute(select(tables.chain.c.sums)).scalar_one())
    modes = modes_of(connection) if _present(connection, [tables.bases]) else {}
    for table in _present(connection, tables.SEALED):
        _seal_rows(connection, table, modes, sums, is_sealed_before=is_sealed_before)
    connection.execute(update(tables.chain).values(sums=sums.text))


def _owner(table: Table, row: RowMapping, modes: Mapping[str, bool]) -> dict[str, str]:
    """If only one base was ever written to, every row belongs to it. (For an event, only bases of
    its mode count.) Otherwise nobody knows whose a row is, so it counts for every shop: rather than
    pay twice, a shop then refuses what another one has paid."""
    if table not in tables.SHARED:
        return {}
    is_event = table is tables.events
    fitting = [base for base, live in modes.items() if not is_event or live == row["livemode"]]
    return {"base": fitting[0] if len(fitting) == 1 else ""}


def _seal_rows(
    connection: Connection,
    table: Table,
    modes: Mapping[str, bool],
    sums: Seals,
    *,
    is_sealed_before: bool,
) -> None:
    changes = list[dict[str, Any]]()
    for found in connection.execute(select(*raw(table))).all():
        row = found._mapping
        seal, owner = row["seal"], _owner(table, row, modes)
        if is_sealed_before:
            sums.add(table, [seal], -1)
        # A row that somebody edited keeps its broken seal: a new version must not repair it.
        if not is_sealed_before or is_sealed(table, row):
            seal = seal_of(table, {**row, **owner})
        sums.add(table, [seal])
        which = {f"row_{part.name}": row[part.name] for part in table.primary_key}
        changes.append({**which, **{f"to_{name}": of for name, of in owner.items()}, "its": seal})
    if changes:
        connection.execute(_sealing(table), changes)


def _sealing(table: Table) -> Update:
    which = (part == bindparam(f"row_{part.name}") for part in table.primary_key)
    own: dict[str, Any] = {"base": bindparam("to_base")} if table in tables.SHARED else {}
    return update(table).where(*which).values(seal=bindparam("its"), **own)


def _present(connection: Connection, tables: Sequence[Table]) -> list[Table]:
    present = set(inspect(connection).get_table_names())
    return [table for table in tables if table.name in present]


def _alter(connection: Connection, table: Table, change: str) -> None:
    connection.execute(text(f"ALTER TABLE {table.name} {change}"))
