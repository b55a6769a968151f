"""A journal of version 1 is brought to this one when it is opened, and its backup kept."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from cascade_cli.adapters.journal.schema import SEALED
from cascade_cli.domain.journal import Fate
from tests.adapters_journal.office import BRUNO, LEASE, Office, claim, deliver, intent

KEY = "cascade_payment_pi_1"


@pytest.fixture
def of_version_1(office: Office) -> Office:
    """With the tables as version 1 had them."""
    journal = office.journal()
    journal.bind_mode("appVenice", livemode=False)
    deliver(journal, [KEY])
    journal.set_mark("reconcile appVenice", {"until": "yesterday"})
    journal.close()
    office.sql(
        *(f"ALTER TABLE {table.name} DROP COLUMN seal" for table in SEALED),
        "ALTER TABLE cascade_chain DROP COLUMN seals",
        "ALTER TABLE cascade_chain RENAME COLUMN entries TO length",
        "DROP TABLE cascade_events",
        "UPDATE cascade_version SET version = 1",
    )
    return office


def test_it_is_whole_and_goes_on(of_version_1: Office) -> None:
    journal = of_version_1.journal(BRUNO)
    assert journal.verify().is_intact
    assert journal.mark("reconcile appVenice") == {"until": "yesterday"}
    assert journal.attempts([KEY])[KEY].fate is Fate.APPLIED
    claim(journal, intent(KEY))
    journal.attempt([KEY], "extend", lease=LEASE)
    assert (journal.verify().is_intact, journal.verify().entries) == (True, 7)


def test_from_then_on_every_edit_is_found(of_version_1: Office) -> None:
    of_version_1.journal().verify()
    of_version_1.sql("UPDATE cascade_claims SET last_fate = 'refused'")
    assert of_version_1.journal(BRUNO).verify().flaw == f"the claim {KEY} was edited or added"


def test_what_its_entries_contradict_is_found_although_it_was_edited_before(
    of_version_1: Office,
) -> None:
    of_version_1.sql("UPDATE cascade_bases SET livemode = NOT livemode")
    flaw = of_version_1.journal().verify().flaw
    assert flaw == "the mode of the base appVenice is not what its entry says"


def test_a_process_that_still_runs_with_the_earlier_version_writes_no_more(
    of_version_1: Office,
) -> None:
    """Its first statement in every transaction, as it stood there."""
    beginning = text("SELECT head, length FROM cascade_chain WHERE id = 1")
    with of_version_1.engine.connect() as earlier:
        earlier.execute(beginning)
    of_version_1.journal().verify()
    with (
        of_version_1.engine.connect() as earlier,
        pytest.raises(Exception, match="length"),
    ):
        earlier.execute(beginning)


def test_beside_a_file_its_backup_stands(of_version_1: Office) -> None:
    if not of_version_1.is_sqlite:
        pytest.skip("a database has backups of its own")
    file = Path(of_version_1.url.removeprefix("sqlite:///"))
    of_version_1.journal().verify()
    backup = file.with_name(f"{file.name}.version-1")
    assert sorted(path.name for path in file.parent.glob(f"{file.name}.version*")) == [backup.name]
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as kept:
        assert kept.execute("SELECT version FROM cascade_version").fetchone() == (1,)
        assert kept.execute("SELECT length FROM cascade_chain").fetchone() == (6,)
        assert kept.execute("SELECT key, last_fate FROM cascade_claims").fetchall() == [
            (KEY, "applied")
        ]


def test_many_who_open_it_at_once_change_it_once(of_version_1: Office) -> None:
    with ThreadPoolExecutor(4) as pool:
        journals = [of_version_1.journal(BRUNO) for _ in range(4)]
        assert all(v.is_intact for v in pool.map(lambda journal: journal.verify(), journals))
