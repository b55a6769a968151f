"""A journal of an earlier version is brought to this one when it is opened, and its backup kept.

Beside this file lie two journals as versions 1 and 2 wrote them, dumped by sqlite3.
"""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.tables import SEALED, SHARED
from cascade_cli.domain.records.journal_entries import ClaimState, Fate
from cascade_cli.domain.records.stripe_events import Event
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
TIP = "cascade_manual_tip"
OURS, OTHERS = replace(BRUNO, base="appVenice"), replace(BRUNO, base="appOther")
_RENAMED = {1: ("entries", "length"), 2: ("sums", "seals")}


@pytest.fixture(params=[1, 2])
def version(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def earlier(shared: SharedJournal, version: int) -> SharedJournal:
    """With the tables and rows as that version had them."""
    if shared.is_sqlite:
        file = _file(shared)
        file.parent.mkdir()
        with closing(sqlite3.connect(file)) as connection:
            connection.executescript(Path(__file__).with_name(f"version-{version}.sql").read_text())
    else:
        _fill(shared)
        shared.sql(*_lowered(version))
    return shared


def _file(shared: SharedJournal) -> Path:
    return Path(shared.url.removeprefix("sqlite:///"))


def _fill(shared: SharedJournal) -> None:
    """The same rows as in the dumps."""
    journal = shared.journal()
    journal.bind_mode("appVenice", livemode=False)
    deliver(journal, [KEY, TIP])
    claim(journal, intent(TIP, citizen="lucia", amends=True))
    journal.release([TIP])
    journal.set_mark("reconcile appVenice", {"until": "yesterday"})
    journal.keep_refunds({"re_1": {"debt": "1"}})
    with closing(Database(shared.url)) as database:
        Inbox(database, ANNA, now=shared.clock).accept([_event(shared)])
    journal.close()


def _event(shared: SharedJournal) -> Event:
    return Event(
        "evt_1",
        "charge.succeeded",
        shared.clock(),
        livemode=False,
        payment_id="pi_1",
        subjects=frozenset({"pi_1"}),
        pending_webhooks=1,
        raw=b"",
    )


def _lowered(version: int) -> list[str]:
    changes = ["ALTER TABLE cascade_entries DROP COLUMN base"]
    for table in SHARED:
        key = next(iter(table.primary_key)).name
        # With the column its key goes too.
        changes += [
            f"ALTER TABLE {table.name} DROP COLUMN base",
            f"ALTER TABLE {table.name} ADD PRIMARY KEY ({key})",
        ]
    if version == 1:
        changes += [f"ALTER TABLE {table.name} DROP COLUMN seal" for table in SEALED]
        changes += [
            "ALTER TABLE cascade_chain DROP COLUMN sums",
            "ALTER TABLE cascade_events RENAME COLUMN attempts TO tries",
        ]
    new, old = _RENAMED[version]
    changes.append(f"ALTER TABLE cascade_chain RENAME COLUMN {new} TO {old}")
    return [*changes, f"UPDATE cascade_version SET version = {version}"]


def test_it_is_whole_and_goes_on(earlier: SharedJournal) -> None:
    with earlier.engine.connect() as connection:
        head = connection.execute(text("SELECT head FROM cascade_chain")).scalar_one()
    journal = earlier.journal(OURS)
    found = journal.verify()
    assert (found.is_intact, found.head) == (True, head)
    assert journal.mark("reconcile appVenice") == {"until": "yesterday"}
    assert journal.refunds() == {"re_1": {"debt": "1"}}
    assert journal.attempts([KEY])[KEY].fate is Fate.APPLIED
    assert [promise.citizen for promise in journal.promises([KEY, TIP])] == ["marco", "lucia"]
    entries = list(journal.entries(key=KEY))
    assert [entry.base for entry in entries] == [""] * 5
    claim(journal, intent(KEY))
    journal.attempt([KEY], "extend", lease=LEASE)
    claim(journal, intent(TIP, citizen="piero", amends=True))
    assert claim(journal, intent("cascade_payment_pi_2")).state is ClaimState.HELD
    found = journal.verify()
    assert (found.flaw, found.entries) == ("", _length(earlier))


def _length(shared: SharedJournal) -> int:
    with shared.engine.connect() as connection:
        return int(connection.execute(text("SELECT count(*) FROM cascade_entries")).scalar_one())


def test_all_of_it_is_of_the_one_base_that_was_written_to(earlier: SharedJournal) -> None:
    ours, others = earlier.journal(OURS), earlier.journal(OTHERS)
    assert (ours.ducats_today(), others.ducats_today()) == (Decimal(200), Decimal(0))
    assert (ours.known([KEY, TIP]), others.known([KEY, TIP])) == ({KEY, TIP}, set())
    assert (others.refunds(), others.mark("reconcile appVenice")) == ({}, None)
    with closing(Database(earlier.url)) as database:
        received = [
            len(Inbox(database, worker, now=earlier.clock).due(9)) for worker in (OURS, OTHERS)
        ]
    assert received == [1, 0]
    assert claim(others, intent(TIP, citizen="piero")).state is ClaimState.HELD
    assert claim(ours, intent(TIP, citizen="piero")).state is ClaimState.CONFLICT
    assert ours.verify().is_intact


def test_where_two_bases_were_written_to_every_shop_counts_all_of_it(
    earlier: SharedJournal,
) -> None:
    """Nobody knows whose it is: rather refused than paid twice."""
    seal = [] if "seal" not in _columns(earlier) else ["seal"]
    names = ", ".join(["base_id", "livemode", "since", *seal])
    values = ", ".join(["'appOther'", "false", "since", *seal])
    earlier.sql(f"INSERT INTO cascade_bases ({names}) SELECT {values} FROM cascade_bases")
    for worker in (OURS, OTHERS):
        journal = earlier.journal(worker)
        assert journal.ducats_today() == Decimal(200)
        assert claim(journal, intent(TIP, citizen="piero")).state is ClaimState.CONFLICT
        assert journal.refunds() == {"re_1": {"debt": "1"}}
    # What one decides from now on is its own.
    earlier.journal(OURS).keep_refunds({"re_1": {"debt": "0"}})
    assert earlier.journal(OURS).refunds() == {"re_1": {"debt": "0"}}
    assert earlier.journal(OTHERS).refunds() == {"re_1": {"debt": "1"}}


def _columns(shared: SharedJournal) -> set[str]:
    with shared.engine.connect() as connection:
        return set(connection.execute(text("SELECT * FROM cascade_bases")).keys())


def test_an_event_goes_to_the_one_base_of_its_mode(earlier: SharedJournal, version: int) -> None:
    if version == 2:
        pytest.skip("a base added by hand has no seal there")
    earlier.sql(
        "INSERT INTO cascade_bases (base_id, livemode, since) "
        "SELECT 'appOther', true, since FROM cascade_bases"
    )
    with closing(Database(earlier.url)) as database:
        due = [len(Inbox(database, w, now=earlier.clock).due(9)) for w in (OURS, OTHERS)]
    assert due == [1, 0]


def test_from_then_on_every_edit_is_found(earlier: SharedJournal) -> None:
    earlier.journal().verify()
    earlier.sql(f"UPDATE cascade_claims SET last_fate = 'refused' WHERE key = '{KEY}'")
    assert earlier.journal(BRUNO).verify().flaw == f"the claim {KEY} was edited or added"


@pytest.mark.parametrize(
    ("edit", "flaw"),
    [
        (
            f"UPDATE cascade_claims SET last_fate = 'refused' WHERE key = '{KEY}'",
            f"the claim {KEY} was edited or added",
        ),
        (
            "DELETE FROM cascade_marks WHERE name = 'refund re_1'",
            "there are 1 marks, but 2 were kept",
        ),
    ],
)
@pytest.mark.parametrize("version", [2], indirect=True)
def test_what_was_edited_before_is_found_after(
    earlier: SharedJournal, edit: str, flaw: str
) -> None:
    earlier.sql(edit)
    assert earlier.journal().verify().flaw == flaw


def test_what_its_entries_contradict_is_found_although_it_was_edited_before(
    earlier: SharedJournal,
) -> None:
    earlier.sql("UPDATE cascade_bases SET livemode = NOT livemode")
    assert earlier.journal().verify().flaw.startswith("the mode of the base appVenice ")


def test_a_process_that_still_runs_with_the_earlier_version_writes_no_more(
    earlier: SharedJournal, version: int
) -> None:
    """Its first statement in every transaction, as it stood there."""
    _, column = _RENAMED[version]
    beginning = text(f"SELECT head, {column} FROM cascade_chain WHERE id = 1")
    with earlier.engine.connect() as process:
        process.execute(beginning)
    earlier.journal().verify()
    with earlier.engine.connect() as process, pytest.raises(Exception, match=column):
        process.execute(beginning)


def test_beside_a_file_its_backup_stands(earlier: SharedJournal, version: int) -> None:
    if not earlier.is_sqlite:
        pytest.skip("a database has backups of its own")
    file = _file(earlier)
    earlier.journal().verify()
    backup = file.with_name(f"{file.name}.version-{version}")
    assert sorted(path.name for path in file.parent.glob(f"{file.name}.version*")) == [backup.name]
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute("SELECT version FROM cascade_version").fetchone() == (version,)
        claims = kept.execute("SELECT key, last_fate FROM cascade_claims ORDER BY key").fetchall()
        (body,) = kept.execute("SELECT body FROM cascade_entries WHERE seq = 2").fetchone()
    assert claims == [(TIP, "applied"), (KEY, "applied")]
    assert json.loads(body)["ducats"] == "100"


def test_many_who_open_it_at_once_change_it_once(earlier: SharedJournal) -> None:
    with ThreadPoolExecutor(4) as pool:
        journals = [earlier.journal(BRUNO) for _ in range(4)]
        assert all(v.is_intact for v in pool.map(lambda journal: journal.verify(), journals))
