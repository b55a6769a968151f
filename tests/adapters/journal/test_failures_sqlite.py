"""A SQLite journal that cannot be written stops the money, and says what to do."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Fate
from cascade_cli.errors import ExitCode, JournalError, SettingsError
from tests.adapters.journal.hands import fill_the_disk, write_without_rights
from tests.adapters.journal.shared_journal import ANNA, SharedJournal, claim, deliver, intent


def file_of(shared: SharedJournal) -> Path:
    return Path(shared.url.removeprefix("sqlite:///"))


def elsewhere(deed: Callable[..., Any], *args: object) -> Any:
    """The result of `deed` in a process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(deed, *args).result(60)


@pytest.fixture
def filled(sqlite_journal: SharedJournal) -> SharedJournal:
    """A journal with one credit, closed."""
    journal = sqlite_journal.journal()
    deliver(journal, ["cascade_payment_pi_1"])
    journal.close()
    return sqlite_journal


def test_a_full_disk_stops_and_keeps_what_was_committed(filled: SharedJournal) -> None:
    commits, message, hint = elsewhere(fill_the_disk, filled.url, 150_000)
    assert commits > 0
    assert "could not be written in full" in message
    assert "No ducats move without it." in message
    assert "disk space" in hint
    verification = filled.journal().verify()
    assert (verification.is_intact, verification.entries) == (True, 5 + commits)


def test_a_disk_too_full_for_a_new_journal_leaves_nothing_behind(
    sqlite_journal: SharedJournal,
) -> None:
    commits, message, _ = elsewhere(fill_the_disk, sqlite_journal.url, 5000)
    assert (commits, "could not be written in full" in message) == (0, True)
    assert list(file_of(sqlite_journal).parent.iterdir()) == []


def test_a_read_only_file_is_refused(filled: SharedJournal) -> None:
    file_of(filled).chmod(0o444)
    commits, message, hint = elsewhere(write_without_rights, filled.url)
    assert (commits, "may not be written" in message) == (0, True)
    assert "CASCADE_JOURNAL_URL" in hint


def test_a_read_only_folder_is_refused(sqlite_journal: SharedJournal) -> None:
    folder = file_of(sqlite_journal).parent
    folder.mkdir(mode=0o555)
    commits, message, hint = elsewhere(write_without_rights, sqlite_journal.url)
    assert (commits, "could not be opened (Permission denied)" in message) == (0, True)
    assert "this user may write there" in hint
    folder.chmod(0o755)


def test_a_folder_in_place_of_the_file_is_refused(sqlite_journal: SharedJournal) -> None:
    file_of(sqlite_journal).mkdir(parents=True)
    with pytest.raises(JournalError, match="could not be opened"):
        claim(sqlite_journal.journal())


def test_a_locked_journal_is_waited_for_and_then_refused(filled: SharedJournal) -> None:
    journal = filled.journal(lock_wait_seconds=0.05)
    other = sqlite3.connect(file_of(filled), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match="stayed locked by another process") as raised:
        claim(journal)
    assert raised.value.exit_code is ExitCode.INCOMPLETE
    assert isinstance(raised.value.__cause__, Exception)
    assert len(list(journal.entries())) == 5
    other.execute("ROLLBACK")
    other.close()
    claim(journal)


def test_an_emptied_journal_is_refused_and_not_begun_anew(filled: SharedJournal) -> None:
    os.truncate(file_of(filled), 0)
    with pytest.raises(JournalError, match="is empty: it was cut off"):
        claim(filled.journal())
    assert file_of(filled).stat().st_size == 0


@pytest.mark.parametrize("kept_bytes", [50, 4096, 20_000])
def test_a_truncated_journal_is_refused(filled: SharedJournal, kept_bytes: int) -> None:
    os.truncate(file_of(filled), kept_bytes)
    with pytest.raises(JournalError, match="is damaged or not a journal") as raised:
        claim(filled.journal())
    assert "Keep the file as it is" in raised.value.hint


def test_a_file_that_is_no_journal_is_refused_and_left_alone(sqlite_journal: SharedJournal) -> None:
    path = file_of(sqlite_journal)
    path.parent.mkdir()
    path.write_text("citizen,ducats\n" * 1000)
    with pytest.raises(JournalError, match="is damaged or not a journal"):
        claim(sqlite_journal.journal())
    assert path.read_text() == "citizen,ducats\n" * 1000


def test_an_unrecorded_outcome_says_that_the_next_run_looks_first(filled: SharedJournal) -> None:
    journal = filled.journal()
    filled.sql("DROP TABLE cascade_claims")
    with pytest.raises(JournalError, match="stays recorded as undecided"):
        journal.outcome(["cascade_payment_pi_1"], "create", Fate.APPLIED)


def test_a_journal_is_born_durable_and_private(filled: SharedJournal) -> None:
    path = file_of(filled)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["journal.db"]
    with filled.journal()._database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {p}").scalar()
            for p in ("journal_mode", "synchronous")
        ]
    assert pragmas == ["wal", 2]


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "a#b.db", "naïve'\".db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    shared = SharedJournal(f"sqlite:///{tmp_path / name}".replace("?", "%3F"))
    claim(shared.journal(), intent())
    shared.close()


@pytest.mark.parametrize(
    "url", ["", "journal.db", "mysql://u:hidden-word@h/d", "sqlite://", "sqlite:///:memory:", "x:y"]
)
def test_an_address_of_no_journal_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="not the address of a journal") as raised:
        Journal(url, ANNA, now=lambda: pytest.fail("nothing is written"))
    assert "hidden-word" not in str(raised.value) + repr(raised.value.__cause__)


def test_the_sqlite_journal_does_not_load_the_postgresql_driver(tmp_path: Path) -> None:
    program = (
        "import sys; from datetime import datetime, UTC;"
        "from tests.adapters.journal.hands import journal_of;"
        "j = journal_of(sys.argv[1]); j.run_event({}); j.close();"
        "sys.exit('psycopg' in sys.modules)"
    )
    url = f"sqlite:///{tmp_path / 'journal.db'}"
    assert subprocess.run([sys.executable, "-c", program, url], check=False).returncode == 0
