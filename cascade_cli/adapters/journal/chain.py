"""The append-only chain of entries: each hash covers its entry and all entries before it.

Comparing the hashes shows whether an entry was changed. But a person who may write the tables can
rebuild the whole chain. A copy of its head that is kept elsewhere closes that gap.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Table,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from cascade_cli.adapters.journal.entry_bodies import Redactor, is_storable, to_json
from cascade_cli.adapters.journal.seals import Seals, covered, is_sealed, seal_of
from cascade_cli.adapters.journal.tables import GENESIS, chain, entries, visible
from cascade_cli.domain.records.journal_entries import Entry, EntryKind, Head, Worker
from cascade_cli.domain.shop.times import moment_text

# Built once: building a statement costs SQLAlchemy more than sending it.
_END = select(chain.c.head, chain.c.entries, chain.c.sums).where(chain.c.id == 1).with_for_update()
_END_AS_READ = select(chain.c.head, chain.c.entries).where(chain.c.id == 1)
_MOVE_END = update(chain).where(chain.c.id == 1)
_APPEND = insert(entries)

_PAGE_ROWS = 500
_HASHED = tuple(column.name for column in entries.columns if column.name != "hash")


class Transaction:
    """One write transaction: it owns the chain from its first statement until the commit.

    On PostgreSQL it locks the chain's row; on SQLite the whole file is locked already. So there is
    one writer at a time, and nobody can change what it has read before it is done. `at` is taken
    after the wait for the lock.
    """

    def __init__(
        self,
        connection: Connection,
        worker: Worker,
        redactor: Redactor,
        now: Callable[[], datetime],
    ) -> None:
        found = connection.execute(_END).one()
        self._head: str = found.head
        self._length: int = found.entries
        self._seals = Seals(found.sums)
        self._found = found.sums
        self._rows: list[dict[str, Any]] = []
        self._redactor = redactor
        self.connection = connection
        self.at = now()
        self.worker = replace(
            worker,
            run=redactor.text(worker.run),
            host=redactor.text(worker.host),
            operator=redactor.text(worker.operator),
            command=redactor.text(worker.command),
        )

    def append(
        self,
        kind: EntryKind,
        key: str,
        body: Mapping[str, Any],
        *,
        verbatim: Mapping[str, str] | None = None,
        at: datetime | None = None,
    ) -> int:
        """Add an entry and return its number. Secrets are removed from all but `verbatim`. `at` is
        when the thing happened, if that was not now."""
        self._length += 1
        row = {
            "seq": self._length,
            "at": moment_text(at or self.at),
            "kind": kind.value,
            "key": key,
            "run": self.worker.run,
            "host": self.worker.host,
            "operator": self.worker.operator,
            "command": self.worker.command,
            "body": to_json({**self._redactor.body(body), **(verbatim or {})}),
            "previous_hash": self._head,
            "base": self.worker.base,
        }
        self._head = row["hash"] = hash_of(row)
        self._rows.append(row)
        return self._length

    def insert(self, table: Table, rows: Iterable[Mapping[str, Any]]) -> None:
        """Add sealed rows. They belong to the worker's base unless they name another."""
        names = [column.name for column in covered(table)]
        own = ({"base": self.worker.base, **row} for row in rows)
        # Columns that a row leaves out are NULL.
        complete: list[dict[str, Any]] = [{name: row.get(name) for name in names} for row in own]
        if not complete:
            return
        for row in complete:
            row["seal"] = seal_of(table, row)
        self.connection.execute(_inserting(table), complete)
        self._seals.add(table, (row["seal"] for row in complete))

    def update(self, table: Table, changes: Iterable[tuple[Row[Any], Mapping[str, Any]]]) -> None:
        """Change sealed rows. Each change is the row as it stands and its new values.

        All changes are to the same columns. A row with a broken seal keeps the broken seal: using
        the row must not repair it.
        """
        parameters, columns = list[dict[str, Any]](), tuple[str, ...]()
        for row, changed in changes:
            before = row._mapping
            seal = before["seal"]
            if is_sealed(table, before):
                seal = seal_of(table, {**before, **changed})
            self._seals.add(table, [before["seal"]], -1)
            self._seals.add(table, [seal])
            columns = (*changed, "seal")
            values = {f"to_{name}": value for name, value in {**changed, "seal": seal}.items()}
            which = {f"row_{column.name}": before[column.name] for column in table.primary_key}
            parameters.append({**which, **values})
        if parameters:
            self.connection.execute(_updating(table, columns), parameters)

    def delete(self, table: Table, row: Row[Any]) -> None:
        """Remove a sealed row."""
        key = (column == row._mapping[column.name] for column in table.primary_key)
        self.connection.execute(delete(table).where(*key))
        self._seals.add(table, [row._mapping["seal"]], -1)

    def flush(self) -> None:
        """Send the entries and the chain's new end to the database."""
        if self._rows:
            self.connection.execute(_APPEND, self._rows)
        if self._rows or self._seals.text != self._found:
            end = {"head": self._head, "entries": self._length, "sums": self._seals.text}
            self.connection.execute(_MOVE_END, end)


# Built once, like the statements above.
@cache
def _updating(table: Table, columns: tuple[str, ...]) -> Update:
    which = (column == bindparam(f"row_{column.name}") for column in table.primary_key)
    values: dict[str, Any] = {name: bindparam(f"to_{name}") for name in columns}
    return update(table).where(*which).values(values)


_inserting = cache(insert)


def head_of(connection: Connection) -> Head:
    """The chain's end as recorded. Only `verify` finds out whether it is the real end."""
    end = connection.execute(_END_AS_READ).one()
    return Head(str(end.head), int(end.entries))


def holds(connection: Connection, head: Head) -> bool:
    """Whether the chain has the head: the entry with its number has its hash."""
    if not head.entries:
        return head.hash == GENESIS
    return hash_at(connection, head.entries) == head.hash


def hash_at(connection: Connection, number: int) -> str | None:
    """The hash of the entry with that number; None if there is none."""
    return connection.scalar(select(entries.c.hash).where(entries.c.seq == number))


def hash_of(row: Mapping[str, Any] | RowMapping) -> str:
    """SHA-256 over all columns but the hash itself, as a JSON list in ASCII.

    An empty base is left out: the first entries were hashed when there was no such column.
    """
    # A value that no cascade writes, such as a blob, must not stop `verify`.
    values = [row[name] for name in _HASHED if name != "base" or row[name] != ""]
    text = json.dumps(values, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


def entry_of(row: Row[Any]) -> Entry:
    """The domain's Entry for a row of `entries`."""
    columns = {column.name: row._mapping[column.name] for column in entries.columns}
    return Entry(
        **{
            **columns,
            "at": datetime.fromisoformat(columns["at"]),
            "kind": EntryKind(columns["kind"]),
            "body": json.loads(columns["body"]),
        }
    )


@dataclass(frozen=True)
class Which:
    """Selects entries: those of a base (of all bases if empty), of `key`, in [since, until)."""

    base: str
    key: str | None
    since: datetime | None
    until: datetime | None

    @property
    def is_none(self) -> bool:
        """Whether nothing is selected, because no journal can have that key."""
        return self.key is not None and not is_storable(self.key)

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """The conditions of the query."""
        yield visible(entries, self.base)
        if self.key is not None:
            yield entries.c.key == self.key
        if self.since is not None:
            yield entries.c.at >= moment_text(self.since)
        if self.until is not None:
            yield entries.c.at < moment_text(self.until)


def entries_in(connection: Connection, which: Which, limit: int | None) -> Iterator[Entry]:
    """Stream the selected entries, oldest first; with `limit`, only that many of the newest."""
    if which.is_none:
        return
    found = select(entries).where(*which.conditions())
    if limit is not None:
        newest = found.order_by(entries.c.seq.desc()).limit(limit).subquery()
        found = select(newest).order_by(newest.c.seq)
    else:
        found = found.order_by(entries.c.seq)
    with connection.execute(found, execution_options={"yield_per": _PAGE_ROWS}) as rows:
        yield from map(entry_of, rows)


def entries_after(connection: Connection, number: int) -> Iterator[Entry]:
    """The entries after that number, in order of writing, streamed."""
    found = select(entries).where(entries.c.seq > number).order_by(entries.c.seq)
    with connection.execute(found, execution_options={"yield_per": _PAGE_ROWS}) as rows:
        yield from map(entry_of, rows)


def count_in(connection: Connection, which: Which) -> int:
    """Count the selected entries, without reading them."""
    if which.is_none:
        return 0
    number = select(func.count()).select_from(entries).where(*which.conditions())
    return connection.execute(number).scalar_one()
