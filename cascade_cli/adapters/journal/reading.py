"""Entries as they were written, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from cascade_cli.adapters.journal.chain import entry_of
from cascade_cli.adapters.journal.entry_bodies import is_storable
from cascade_cli.adapters.journal.tables import entries, visible
from cascade_cli.domain.records.journal_entries import Entry
from cascade_cli.domain.shop.times import moment_text

_PAGE_ROWS = 500


@dataclass(frozen=True)
class Which:
    """Entries of a base, of all where it is empty; of `key`, in [since, until)."""

    base: str
    key: str | None
    since: datetime | None
    until: datetime | None

    @property
    def is_none(self) -> bool:
        """No journal can have that key."""
        return self.key is not None and not is_storable(self.key)

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        """What holds for them."""
        yield visible(entries, self.base)
        if self.key is not None:
            yield entries.c.key == self.key
        if self.since is not None:
            yield entries.c.at >= moment_text(self.since)
        if self.until is not None:
            yield entries.c.at < moment_text(self.until)


def entries_in(connection: Connection, which: Which, limit: int | None) -> Iterator[Entry]:
    """Those entries in order of writing, streamed; with `limit` only the newest so many."""
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


def count(connection: Connection, which: Which) -> int:
    """How many entries there are of these; none of them is read."""
    if which.is_none:
        return 0
    number = select(func.count()).select_from(entries).where(*which.conditions())
    return connection.execute(number).scalar_one()
