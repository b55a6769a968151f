"""A person corrects whom a payment's key was promised to; nothing is paid twice by it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import ClaimState, Intent, Worker
from tests.harness.counter import Counter

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LEASE = timedelta(minutes=10)
KEY = "cascade_payment_pi_1"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    worker = Worker("run", "host", 1, "tester", "test")
    return Journal(f"sqlite:///{tmp_path / 'journal'}", worker, now=lambda: NOW)


def _claim(journal: Journal, citizen: str, *, amends: bool) -> ClaimState:
    intent = Intent(KEY, citizen, Decimal(525), "payment", amends=amends)
    return journal.claim([intent], lease=LEASE, day_limit_ducats=None)[KEY].state


def _tamper(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "journal")) as connection, connection:
        connection.execute(statement)


def test_another_citizen_is_a_conflict_unless_a_person_amends(journal: Journal) -> None:
    assert _claim(journal, "marko", amends=False) is ClaimState.HELD
    assert _claim(journal, "marco", amends=False) is ClaimState.CONFLICT
    assert _claim(journal, "marco", amends=True) is ClaimState.HELD
    assert _claim(journal, "marco", amends=False) is ClaimState.HELD
    assert _claim(journal, "marko", amends=False) is ClaimState.CONFLICT


def test_who_only_ended_a_transfer_promised_nobody_its_ducats(journal: Journal) -> None:
    ended = Intent(KEY, "marko", Decimal(90), "payment", detail={"ends": True})
    assert journal.claim([ended], lease=LEASE, day_limit_ducats=None)[KEY].state is ClaimState.HELD
    assert _claim(journal, "marco", amends=False) is ClaimState.HELD
    assert _claim(journal, "marko", amends=False) is ClaimState.CONFLICT


def test_both_promises_stay_on_record_and_the_chain_is_whole(journal: Journal) -> None:
    _claim(journal, "marko", amends=False)
    _claim(journal, "marco", amends=True)
    _claim(journal, "Marco", amends=True)
    entries = list(journal.entries(key=KEY))
    assert [(e.kind.value, e.body["citizen"]) for e in entries] == [
        ("intent", "marko"),
        ("amendment", "marco"),
        ("amendment", "Marco"),
    ]
    assert entries[2].body["amends"] == {"citizen": "marco", "ducats": "525"}
    assert journal.verify().is_intact


def test_an_amended_claim_that_was_changed_back_is_found(journal: Journal, tmp_path: Path) -> None:
    _claim(journal, "marko", amends=False)
    _claim(journal, "marco", amends=True)
    journal.close()
    _tamper(tmp_path, "UPDATE cascade_claims SET citizen = 'marko'")
    assert "was changed or removed" in journal.verify().flaw


def test_an_amended_claim_that_was_removed_is_found(journal: Journal, tmp_path: Path) -> None:
    _claim(journal, "marko", amends=False)
    _claim(journal, "marco", amends=True)
    journal.close()
    _tamper(tmp_path, "DELETE FROM cascade_claims")
    assert "was changed or removed" in journal.verify().flaw


def test_the_notes_tell_in_whose_place_a_person_credited(counter: Counter) -> None:
    intent = counter.paid(citizen="marko")
    credit = ("credit", "marco", "100", "--payment", intent, "--reason", "misspelt")
    answer = counter.type(*credit, "--yes")
    assert answer.code == 0, answer.err
    (row,) = counter.rows()
    assert row["TargetCitizen"] == "marco"
    assert '"instead_of": "marko"' in row["Notes"]
