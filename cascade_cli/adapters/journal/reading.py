"""Entries as they were written, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from cascade_cli.adapters.journal.bodies import is_storable, moment_text
from cascade_cli.adapters.journal.chain import entry_of
from cascade_cli.adapters.journal.schema import entries
from cascade_cli.domain.journal import Entry

_PAGE_ROWS = 500


def entries_in(
    connection: Connection,
    key: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int | None,
) -> Iterator[Entry]:
    """Entries in order of writing, streamed; with `limit` only the newest so many."""
    if key is not None and not is_storable(key):
        return
    found = select(entries).where(*_conditions(key, since, until))
    if limit is not None:
        newest = found.order_by(entries.c.seq.desc()).limit(limit).subquery()
        found = select(newest).order_by(newest.c.seq)
    else:
        found = found.order_by(entries.c.seq)
    with connection.execute(found, execution_options={"yield_per": _PAGE_ROWS}) as rows:
        yield from map(entry_of, rows)


def count(
    connection: Connection, key: str | None, since: datetime | None, until: datetime | None
) -> int:
    """How many entries there are of these; none of them is read."""
    if key is not None and not is_storable(key):
        return 0
    number = select(func.count()).select_from(entries).where(*_conditions(key, since, until))
    return connection.execute(number).scalar_one()


def _conditions(
    key: str | None, since: datetime | None, until: datetime | None
) -> Iterator[ColumnElement[bool]]:
    if key is not None:
        yield entries.c.key == key
    if since is not None:
        yield entries.c.at >= moment_text(since)
    if until is not None:
        yield entries.c.at < moment_text(until)
