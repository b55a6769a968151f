from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from cascade_cli.domain.records.journal_entries import RESTORED, Restored
from tests.adapters.journal.shared_journal import SharedJournal
from tests.cli.doctor.patient import Examination, Patient, provokes


@provokes("journal.address")
def test_an_address_that_is_no_journal_s_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_JOURNAL_URL="mysql://somewhere/else")


@provokes("journal.unchecked")
def test_a_malformed_address_leaves_the_journal_unchecked(patient: Patient) -> Examination:
    return patient.examined(CASCADE_JOURNAL_URL="sqlite:///with a space")


@provokes("journal.unusable")
@pytest.mark.parametrize("content", [b"", b"this is no database at all, but text" * 40])
def test_a_damaged_journal_is_red(patient: Patient, content: bytes) -> Examination:
    patient.journal_file.write_bytes(content)
    return patient.examined()


@provokes("journal.unusable")
def test_somebody_else_s_database_is_red_and_gets_no_tables(patient: Patient) -> Examination:
    other = patient.folder / "music.sqlite3"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
        connection.commit()
    found = patient.examined(CASCADE_JOURNAL_URL=f"sqlite:///{other}")
    with closing(sqlite3.connect(other)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("songs",)]
    return found


@provokes("journal.unusable")
def test_a_database_server_that_gives_no_connection_is_red(patient: Patient) -> Examination:
    return patient.examined(CASCADE_JOURNAL_URL="postgresql://cascade:secretword@127.0.0.1:9/x")


@provokes("journal.not_made")
def test_a_journal_that_cannot_be_made_where_it_should_be_is_red(patient: Patient) -> Examination:
    (patient.folder / "file").write_text("in the way")
    return patient.examined(CASCADE_STATE_DIR=str(patient.folder / "file" / "state"))


@provokes("journal.absent")
def test_no_journal_for_a_base_that_cascade_wrote_to_is_amber(patient: Patient) -> Examination:
    notes = '{"amount": 5.0, "reason": "r", "source": "cascade", "livemode": false}'
    patient.executed(patient.ago(hours=5, seconds=3), Notes=notes)
    return patient.examined(CASCADE_STATE_DIR=str(patient.folder / "new"))


def test_no_journal_for_a_base_that_cascade_never_wrote_to_is_green(patient: Patient) -> None:
    found = patient.examined(CASCADE_STATE_DIR=str(patient.folder / "new"))
    assert found.of("journal.new")


@provokes("journal.unwritable")
def test_a_journal_that_another_process_keeps_locked_is_red(patient: Patient) -> Examination:
    with closing(sqlite3.connect(patient.journal_file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        return patient.examined()


@provokes("journal.others_write")
def test_a_journal_that_others_may_write_is_amber(patient: Patient) -> Examination:
    patient.journal_file.chmod(0o622)
    return patient.examined()


@provokes("journal.tampered")
def test_a_journal_that_was_changed_is_red(patient: Patient) -> Examination:
    with closing(sqlite3.connect(patient.journal_file)) as connection:
        connection.execute("DROP TRIGGER cascade_entries_no_update")
        connection.execute("UPDATE cascade_entries SET body = '{}' WHERE seq = 1")
        connection.commit()
    return patient.examined()


@provokes("journal.other_head")
@pytest.mark.parametrize("entries", [1, 9999])
def test_a_journal_without_the_head_that_was_told_is_amber(
    patient: Patient, entries: int
) -> Examination:
    kept = {str(patient.journal_file): f"{'f' * 64}:{entries}"}
    patient.journal_file.with_name("journal-heads.json").write_text(json.dumps(kept))
    return patient.examined()


@provokes("journal.not_caught_up")
def test_a_restored_journal_that_has_not_caught_up_is_red(patient: Patient) -> Examination:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    with closing(SharedJournal(f"sqlite:///{patient.journal_file}")) as shared:
        shared.journal().set_mark(RESTORED, Restored(at, at).document())
    return patient.examined()
