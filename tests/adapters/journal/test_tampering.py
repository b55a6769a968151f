"""A hand that edits any column of any table, removes or puts back any row: none goes unseen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Table, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import Integer

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.tables import SEALED, metadata
from cascade_cli.domain.records.journal_entries import Fate, Verification, Worker
from cascade_cli.domain.records.stripe_events import Event, EventState, Settlement
from cascade_cli.errors import CascadeError, JournalError
from tests.adapters.journal.shared_journal import (
    ANNA,
    BRUNO,
    LEASE,
    SharedJournal,
    claim,
    deliver,
    intent,
)

KEY = "cascade_payment_pi_1"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

# Tables that `verify` need not look at.
DECIDES_NOTHING = {
    "cascade_pace": "when a service was asked last: it sets the pace of requests, moves no ducats, "
    "and is forgotten when the database's server crashes",
}


@pytest.fixture(params=["", "appVenice"], ids=["older", "named"])
def full(shared: SharedJournal, request: pytest.FixtureRequest) -> SharedJournal:
    """Something of everything that a journal keeps: of a shop, or from before shops had names."""
    of_base = replace(ANNA, base=request.param)
    journal = shared.journal(of_base)
    journal.bind_mode("appVenice", livemode=False)
    deliver(journal, [KEY, "cascade_payment_pi_2"])
    claim(journal, intent(KEY, citizen="lucia", amends=True))
    journal.attempt([KEY], "create", lease=LEASE)
    journal.set_mark("reconcile appVenice", {"until": "yesterday"})
    journal.keep_refunds({"re_1": {"debt": "1"}})
    journal.keep_decision("pi_1", {"how": "accept", "by": "anna"}, {"rec1": {"a": "b"}}, seen=None)
    _fill_inbox(shared, of_base)
    journal.lock("reconcile", lease=LEASE).__enter__()
    return shared


def _fill_inbox(shared: SharedJournal, worker: Worker) -> None:
    database = Database(shared.url)
    inbox = Inbox(database, worker, now=shared.clock)
    events = [
        Event(
            f"evt_{n}",
            "charge.succeeded",
            NOON,
            livemode=False,
            payment_id=f"pi_{n}",
            subjects=frozenset({f"pi_{n}"}),
            pending_webhooks=1,
            raw=b"",
        )
        for n in (1, 2)
    ]
    inbox.accept(events)
    inbox.settle([Settlement("evt_2", EventState.CREDITED, "done")])
    database.close()


def test_what_was_written_by_cascade_is_intact(full: SharedJournal) -> None:
    assert full.journal().verify().is_intact


def test_every_table_is_looked_at_or_excused(full: SharedJournal) -> None:
    tables = {name for name in inspect(full.engine).get_table_names() if "cascade" in name}
    assert tables - {*DECIDES_NOTHING} == {*metadata.tables}


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_no_edited_column_goes_unseen(full: SharedJournal, table: Table) -> None:
    full.tamper(f"CREATE TABLE kept AS SELECT * FROM {table}")
    for column in table.columns:
        for forged in _forgeries(full, column):
            with _edited(full, column, forged) as is_done:
                if is_done:
                    assert not _looked_at(full).is_intact, (column.name, forged)
    assert full.journal().verify().is_intact


@contextmanager
def _edited(shared: SharedJournal, column: Column[Any], forged: str) -> Iterator[bool]:
    """One row's column holds something else until the block ends, if the database takes it; then
    the table has the rows of `kept` again."""
    table, name = column.table, column.name
    row, same = ("rowid", "IS") if shared.is_sqlite else ("ctid", "IS NOT DISTINCT FROM")
    primary = next(iter(table.primary_key))
    first = f"{row} = (SELECT {row} FROM {table} ORDER BY {primary.name} LIMIT 1)"
    try:
        with shared.engine.begin() as connection:
            change = (
                f"UPDATE {table} SET {name} = {forged} WHERE {first} AND NOT {name} {same} {forged}"
            )
            is_done = connection.execute(text(change)).rowcount == 1
    except DBAPIError:
        is_done = False
    yield is_done
    if is_done:
        shared.sql(f"DELETE FROM {table}", f"INSERT INTO {table} SELECT * FROM kept")


def _forgeries(shared: SharedJournal, column: Column[Any]) -> list[str]:
    """What a hand may put there, in SQL."""
    name = column.name
    if isinstance(column.type, Boolean):
        return [f"NOT {name}", *(["2", "'x'", "x'00ff'"] if shared.is_sqlite else [])]
    if isinstance(column.type, Integer):
        return [f"{name} + 1", *(["'x'", "x'00ff'", "0.5"] if shared.is_sqlite else [])]
    blobs = ["x'00ff'", "CAST(x'00ff' AS TEXT)", "CAST(body AS BLOB)".replace("body", name)]
    texts = [f"{name} || ' '", "''", "'[1]'", "'{}'", "NULL"]
    return [*texts, *(blobs if shared.is_sqlite else [])]


def _looked_at(shared: SharedJournal) -> Verification:
    """Read everything, then verify. Whatever reads what makes no sense says so, and never calls it
    a bug. A version that is not known yet may be a newer cascade's: it is refused, and called that.
    """
    with closing(Database(shared.url)) as database:
        journal = Journal(database, BRUNO, now=shared.clock)
        inbox = Inbox(database, BRUNO, now=shared.clock)
        for read in (*_readings(journal), *_readings_of(inbox)):
            with suppress(CascadeError):
                read()
        try:
            return journal.verify()
        except JournalError as error:
            if "made by a newer cascade" not in error.message:
                raise
            return Verification(0, error.message)


def _readings(journal: Journal) -> list[Callable[[], object]]:
    since = NOON - timedelta(days=1)
    return [
        lambda: list(journal.entries()),
        lambda: journal.unannounced_transfers(since),
        lambda: journal.promises([KEY]),
        lambda: journal.mode_of("appVenice"),
        lambda: journal.mark("reconcile appVenice"),
        journal.refunds,
        journal.decisions,
        journal.rulings,
        lambda: journal.known([KEY]),
        lambda: journal.attempts([KEY]),
        lambda: journal.keys_in_progress([KEY], since),
        journal.ducats_today,
        lambda: journal.sent_since(since),
        lambda: journal.ducats_promised_since(since),
        journal.head,
    ]


def _readings_of(inbox: Inbox) -> list[Callable[[], object]]:
    return [
        lambda: inbox.due(9),
        lambda: inbox.of_payment("pi_1"),
        lambda: inbox.about(["evt_1", "evt_2"]),
        lambda: inbox.needing_attention(NOON - timedelta(days=1)),
        lambda: inbox.credited(["pi_1", "pi_2"]),
        inbox.counts,
        inbox.oldest_waiting,
    ]


@pytest.mark.parametrize("table", [*SEALED, metadata.tables["cascade_chain"]], ids=str)
def test_no_removed_row_goes_unseen(full: SharedJournal, table: Table) -> None:
    primary = next(iter(table.primary_key))
    first = f"SELECT min({primary.name}) FROM {table}"
    full.tamper(f"DELETE FROM {table} WHERE {primary.name} = ({first})")
    assert not full.journal().verify().is_intact


def test_a_row_put_back_as_it_was_is_found(full: SharedJournal) -> None:
    """With the seal that it had then."""
    journal = full.journal()
    names = "name, base, body, seal"
    full.sql(f"CREATE TABLE kept AS SELECT {names} FROM cascade_marks")
    journal.set_mark("reconcile appVenice", {"until": "today"})
    assert journal.verify().is_intact
    full.tamper(
        "DELETE FROM cascade_marks",
        f"INSERT INTO cascade_marks ({names}) SELECT {names} FROM kept",
    )
    assert journal.verify().flaw == "marks were restored or exchanged"


@pytest.mark.parametrize(
    ("change", "row"),
    [
        ("cascade_claims SET day = '2026-11-19'", f"the claim that entry 12 made for {KEY}"),
        ("cascade_claims SET cause = 'citizen'", f"the claim that entry 12 made for {KEY}"),
        ("cascade_claims SET last_fate = 'refused'", f"the claim {KEY}"),
        ("cascade_bases SET livemode = NOT livemode", "the mode of the base appVenice"),
        ("cascade_marks SET body = '{}' WHERE name = 'refund re_1'", "the mark refund re_1"),
        ("cascade_events SET state = 'credited'", "the event evt_1"),
        ("cascade_locks SET lease_until = ''", "the lock reconcile"),
    ],
)
def test_what_was_edited_is_named(full: SharedJournal, change: str, row: str) -> None:
    where = f" WHERE key = '{KEY}'" if "claims" in change else ""
    full.sql(f"UPDATE {change}{where}")
    assert full.journal().verify().flaw.startswith(f"{row} was ")


def test_to_work_with_an_edited_row_does_not_heal_it(full: SharedJournal) -> None:
    full.sql(f"UPDATE cascade_claims SET last_fate = 'refused' WHERE key = '{KEY}'")
    journal = full.journal()
    journal.outcome([KEY], "create", Fate.APPLIED)
    assert journal.verify().flaw == f"the claim {KEY} was edited or added"


def test_a_removed_claim_that_is_made_again_is_found(full: SharedJournal) -> None:
    full.sql("DELETE FROM cascade_claims WHERE key = 'cascade_payment_pi_2'")
    claim(full.journal(), intent("cascade_payment_pi_2", ducats=Decimal(100)))
    assert not full.journal().verify().is_intact


@pytest.mark.parametrize("version", [0, 1])
def test_a_version_that_is_none_is_found_by_whoever_opens_it(
    full: SharedJournal, version: int
) -> None:
    """Or the rows would be sealed anew."""
    full.sql(f"UPDATE cascade_version SET version = {version}")
    assert "tampered" in full.journal(BRUNO).verify().flaw
    with pytest.raises(CascadeError, match="tampered"):
        claim(full.journal(BRUNO))
