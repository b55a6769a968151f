"""A journal behind PgBouncer in transaction pooling, where a session is anybody's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from cascade_cli.adapters.journal.pace_row import PaceRow
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.errors import JournalError
from tests.adapters.journal.pooler import PGBOUNCER, running_pgbouncer
from tests.adapters.journal.shared_journal import (
    ANNA,
    BRUNO,
    LEASE,
    SharedJournal,
    claim,
    deliver,
    intent,
)
from tests.harness.postgresql import PostgresqlServer

pytestmark = pytest.mark.skipif(
    PGBOUNCER is None, reason="pgbouncer is not installed (apt-get install pgbouncer)"
)


@pytest.fixture(scope="module")
def pooled(postgresql: PostgresqlServer) -> Iterator[str]:
    with running_pgbouncer(postgresql.new_url()) as url:
        yield url


@pytest.fixture
def shared(pooled: str) -> Iterator[SharedJournal]:
    shared = SharedJournal(pooled)
    yield shared
    shared.close()


def test_many_workers_write_at_once_and_all_of_it_is_there(shared: SharedJournal) -> None:
    workers = [replace(ANNA, run=f"run-{n}") for n in range(4)]

    def work(worker_number: int) -> None:
        journal = shared.journal(workers[worker_number], lock_wait_seconds=60)
        deliver(journal, [f"cascade_payment_pi_{worker_number}_{n}" for n in range(8)])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    journal = shared.journal()
    keys = [f"cascade_payment_pi_{w}_{n}" for w in range(4) for n in range(8)]
    assert {attempt.fate for attempt in journal.attempts(keys).values()} == {Fate.APPLIED}
    assert len(journal.attempts(keys)) == len(keys)
    assert journal.verify().is_intact
    assert sum(1 for entry in journal.entries() if entry.key in keys) == 5 * len(keys)


def test_a_lock_outlives_the_session_that_took_it(shared: SharedJournal) -> None:
    with shared.journal().lock("reconcile", lease=LEASE), pytest.raises(Exception, match="anna"):
        shared.journal(BRUNO).lock("reconcile", lease=LEASE).__enter__()
    with shared.journal(BRUNO).lock("reconcile", lease=LEASE):
        pass


def test_who_waits_too_long_is_told_and_its_limit_is_nobody_else_s(
    shared: SharedJournal, pooled: str
) -> None:
    shared.journal().run_event({"phase": "begin"})
    with psycopg.connect(pooled) as other:
        other.execute("SELECT * FROM cascade_chain FOR UPDATE")
        with pytest.raises(JournalError, match="stayed locked by another process"):
            claim(shared.journal(lock_wait_seconds=0.05), intent("waits"))
        other.rollback()
    for _ in range(4):
        with psycopg.connect(pooled) as other:
            assert other.execute("SHOW lock_timeout").fetchone() == ("0",)
            assert other.execute("SHOW synchronous_commit").fetchone() == ("on",)


def test_the_shared_pace_works_there_too(shared: SharedJournal, pooled: str) -> None:
    shared.journal().run_event({"phase": "begin"})
    rows = [PaceRow(pooled, "airtable") for _ in range(3)]
    moments = [row.change(lambda _pace, now: now) for row in rows for _ in range(3)]
    for row in rows:
        row.close()
    assert moments == sorted(moments)
