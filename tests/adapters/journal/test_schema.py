"""The tables are made on first use, and those of a newer cascade are left alone."""

import pytest

from cascade_cli.errors import JournalError
from tests.adapters.journal.shared_journal import SharedJournal, claim, deliver


def test_a_journal_of_a_newer_version_is_refused_unread_and_unwritten(
    shared: SharedJournal,
) -> None:
    journal = shared.journal()
    deliver(journal, ["a"])
    journal.close()
    shared.sql("UPDATE cascade_version SET version = 99")
    with pytest.raises(JournalError, match="version 99, made by a newer cascade") as raised:
        claim(shared.journal())
    assert raised.value.hint == "Update cascade on this machine."
    with pytest.raises(JournalError):
        list(shared.journal().entries())


def test_a_closed_journal_opens_again_when_used(shared: SharedJournal) -> None:
    journal = shared.journal()
    journal.run_event({"phase": "one"})
    journal.close()
    journal.run_event({"phase": "two"})
    assert [entry.body["phase"] for entry in journal.entries()] == ["one", "two"]


def test_a_journal_that_lost_a_table_is_refused(shared: SharedJournal) -> None:
    journal = shared.journal()
    deliver(journal, ["a"])
    shared.sql("DROP TABLE cascade_claims")
    with pytest.raises(JournalError, match="lacks a table or a column"):
        claim(journal)
