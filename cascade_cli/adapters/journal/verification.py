"""Verify that the chain is complete, and that every other row is as cascade left it.

What this proves, and what it does not:

- The hashes show if an entry was changed, removed, added or moved, wherever it stands.
- A row's seal, or the sum of all seals (see `seals`), shows if a claim, lock, mode, mark or event
  was edited, removed, added or restored. Claims and modes are also compared with the entries that
  made them; a forged seal does not help there.
- Only a head that was kept elsewhere (`against`) shows if the whole journal was cut off, restored
  from an older copy or rebuilt. It does not cover the seals, so it cannot tell what has changed
  since in rows alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from cascade_cli.adapters.journal.chain import hash_of
from cascade_cli.adapters.journal.seals import Seals, is_sealed
from cascade_cli.adapters.journal.tables import (
    GENESIS,
    SEALED,
    bases,
    chain,
    claims,
    entries,
    events,
    locks,
    marks,
)
from cascade_cli.domain.records.journal_entries import EntryKind, Head, Verification

_PAGED = {"yield_per": 1000}
_PROMISES = frozenset({EntryKind.INTENT, EntryKind.AMENDMENT})
_CLAIMED = ("key", "citizen", "ducats", "cause", "first_at", "day", "base")
_NOUNS = {
    claims: ("the claim", "claims"),
    locks: ("the lock", "locks"),
    bases: ("the mode of the base", "modes of bases"),
    marks: ("the mark", "marks"),
    events: ("the event", "events of the inbox"),
}


def verify(connection: Connection, against: Head | None = None) -> Verification:
    """Recompute every hash and seal; memory does not grow with the journal.

    `connection` must show one state of the journal for as long as it is read.
    """
    found = _Chain(against)
    flaw, seq = found.read(connection)
    if not flaw:
        flaw, seq = _flaw_of_rows(connection, found), None
    if not flaw and against:
        flaw = found.flaw_against(against)
    return Verification(found.seen, flaw, seq, found.head)


class _Chain:
    """Reads the entries one after the other, and collects what they say."""

    def __init__(self, against: Head | None) -> None:
        self.seen, self.head = 0, GENESIS
        self.seals = Seals()
        self.made = {claims: 0, events: 0}
        self.modes = dict[str, tuple[object, str]]()
        self._amended = dict[tuple[str, str], tuple[int, str]]()
        self._against = against
        self._is_met = against is not None and against.hash == GENESIS and not against.entries

    def read(self, connection: Connection) -> tuple[str, int | None]:
        """Read every entry. Returns the first flaw, or "", and the number of its entry."""
        ends = connection.execute(select(chain)).all()
        if [end.id for end in ends] != [1]:
            return "the record of the chain's end is missing", None
        with connection.execute(_whole_chain(), execution_options=_PAGED) as rows:
            for row in rows:
                if flaw := self._flaw_of(row):
                    return flaw, self.seen + 1
                self._follow(row)
        return self._flaw_at_end(ends[0])

    def flaw_against(self, against: Head) -> str:
        """The flaw if the head that somebody kept is not part of the chain, or ""."""
        if self._is_met:
            return ""
        if against.entries is not None and against.entries > self.seen:
            return (
                f"it has {self.seen} entries, and the head that you kept is that of entry "
                f"{against.entries}: it was cut off, restored from an older copy or replaced"
            )
        where = "no entry" if against.entries is None else f"entry {against.entries} no longer"
        why = "it was cut off, restored from an older copy or replaced"
        return f"{where} has the hash that you kept: {why}"

    def _flaw_of(self, row: Row[Any]) -> str:
        expected = self.seen + 1
        if row.seq != expected:
            return f"entry {expected} is missing"
        if row.previous_hash != self.head:
            return f"entry {row.seq} does not follow the entry before it"
        if hash_of(row._mapping) != row.hash:
            return f"entry {row.seq} was changed"
        if row.kind in _PROMISES and row.claim_key is not None and not self._is_kept(row):
            return _claim_flaw(row.seq, row.key)
        return ""

    def _is_kept(self, row: Row[Any]) -> bool:
        _, first_at = self._amended.get(self._promise_of(row), (row.seq, row.at))
        body = json.loads(row.body)
        promised = (row.key, *(body[name] for name in ("citizen", "ducats", "cause")))
        *claim, base = (row._mapping[f"claim_{name}"] for name in _CLAIMED)
        # An older entry names no base. Neither need a claim that is older than its amendment.
        is_older = row.base == "" or (base == "" and row.kind == EntryKind.AMENDMENT)
        is_its_own = base == row.base or is_older
        return is_its_own and claim == [*promised, first_at, first_at[:10]]

    def _promise_of(self, row: Row[Any]) -> tuple[str, str]:
        """The base and key of the intent that an entry is or amends. An amendment belongs to an
        intent without a base if its own base has none."""
        own = row.base, row.key
        is_older = row.kind == EntryKind.AMENDMENT and own not in self._amended
        return ("", row.key) if is_older and ("", row.key) in self._amended else own

    def _follow(self, row: Row[Any]) -> None:
        self.seen, self.head = row.seq, row.hash
        self._is_met = self._is_met or self._meets(row)
        if row.kind == EntryKind.INTENT:
            self.made[claims] += 1
        elif row.kind == EntryKind.EVENT:
            self.made[events] += 1
        elif row.kind == EntryKind.RUN:
            self._follow_modes(row)
        self._follow_amendments(row)

    def _meets(self, row: Row[Any]) -> bool:
        kept = self._against
        return kept is not None and kept.hash == row.hash and kept.entries in {None, row.seq}

    def _follow_modes(self, row: Row[Any]) -> None:
        body = json.loads(row.body)
        if set(body) == {"base", "livemode"}:
            self.modes[body["base"]] = body["livemode"], row.at

    def _follow_amendments(self, row: Row[Any]) -> None:
        """If no claim names an intent as its own, a later amendment must have the claim."""
        if row.kind in _PROMISES and row.claim_key is None:
            self._amended.setdefault(self._promise_of(row), (row.seq, row.at))
        elif row.kind == EntryKind.AMENDMENT:
            self._amended.pop(self._promise_of(row), None)

    def _flaw_at_end(self, end: Row[Any]) -> tuple[str, int | None]:
        if (self.seen, self.head) != (end.entries, end.head):
            written = f"the chain ends at entry {self.seen}, and {end.entries!r} were written"
            return written, self.seen + 1
        for (_, key), (seq, _) in self._amended.items():
            return _claim_flaw(seq, key), seq
        return self._flaw_of_sums(end.sums), None

    def _flaw_of_sums(self, text: object) -> str:
        try:
            self.seals = Seals(str(text))
        except (ValueError, TypeError, AttributeError):
            return "the sums of the seals were changed"
        is_ours = self.seals.text == text and self.seals.tables <= {t.name for t in SEALED}
        return "" if is_ours else "the sums of the seals were changed"


def _whole_chain() -> Select[Any]:
    """Every entry, joined with the claim that names it as its own."""
    beside = [claims.c[name].label(f"claim_{name}") for name in _CLAIMED]
    made = entries.outerjoin(claims, claims.c.intent_seq == entries.c.seq)
    return select(*entries.columns, *beside).select_from(made).order_by(entries.c.seq)


def _claim_flaw(seq: int, key: str) -> str:
    return f"the claim that entry {seq} made for {key} was changed or removed"


def _flaw_of_rows(connection: Connection, told: _Chain) -> str:
    flaws = (_flaw_in(connection, table, told) for table in SEALED)
    return next(filter(None, flaws), "")


def _flaw_in(connection: Connection, table: Table, told: _Chain) -> str:
    one, all_of_them = _NOUNS[table]
    found = Seals()
    for row in _rows(connection, table):
        name = row._mapping[table.primary_key.columns[0].name]
        if not is_sealed(table, row._mapping):
            return f"{one} {_named(name)} was edited or added"
        if table is bases and told.modes.pop(name, None) != (bool(row.livemode), row.since):
            return f"{one} {_named(name)} is not what its entry says"
        found.add(table, [row.seal])
    if told.made.get(table, found.rows(table)) != found.rows(table):
        return f"there are {found.rows(table)} {all_of_them}, but {told.made[table]} were made"
    if table is bases and told.modes:
        return f"{one} {_named(min(told.modes))} was removed"
    if found.rows(table) != told.seals.rows(table):
        return (
            f"there are {found.rows(table)} {all_of_them}, but {told.seals.rows(table)} were kept"
        )
    return "" if found.agrees(told.seals, table) else f"{all_of_them} were restored or exchanged"


def _named(name: object) -> str:
    return name if isinstance(name, str) and name.isprintable() else repr(name)


def _rows(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    found = select(*raw(table)).order_by(*table.primary_key)
    rows: Iterable[Row[Any]]
    with connection.execute(found, execution_options=_PAGED) as rows:
        yield from rows


def raw(table: Table) -> list[ColumnElement[Any]]:
    """The table's columns as they are stored: SQLAlchemy would turn any value into a boolean."""
    return [_raw(column) for column in table.columns]


def _raw(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, Boolean):
        return type_coerce(column, NullType()).label(column.name)
    return column
