"""A journal from before there were decisions: nobody has to change it, nor the credits by hand that
it tells of.

Its text is what that version wrote, as `sqlite3 journal.sqlite3 .dump` shows it: a payment that was
credited, a credit by hand, and a night that left open the payment whose ducats lucia has.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.resolve.cases import give, resolve, run_engine, transferred
from tests.cli.resolve.test_reopened import night
from tests.harness.counter import Counter

WRITTEN = Path(__file__).with_name("journal_before_decisions.sql")
WRONG, DELIVERED = "pi_3WJe2m6JTbZ8NfG6glC1DyN0", "pi_3VX12qsu09ymimZ4oAFjeRYj"
BY_HAND = "cascade_manual_made-good"


@pytest.fixture
def older(counter: Counter) -> Counter:
    """What Stripe and Venice had when it was written, and the journal itself."""
    assert counter.paid() == WRONG
    transferred(counter, WRONG, citizen="lucia")
    assert counter.paid(hours_ago=3) == DELIVERED
    transferred(counter, DELIVERED, hours_ago=0)
    notes = '{"amount": 100.0, "reason": "gift", "source": "cascade", "reference": "made-good"}'
    counter.sandboxed.transfer(BY_HAND, counter.now(), "marco", Notes=notes)
    give(counter, "marco", 100)
    counter.state.mkdir(parents=True)
    with closing(sqlite3.connect(counter.state / "journal.sqlite3")) as journal:
        journal.executescript(WRITTEN.read_text(encoding="ascii"))
    return counter


def test_the_night_goes_on_from_it(older: Counter) -> None:
    older.pass_time(hours=24)
    data = night(older)
    assert data["since_last"]["still_open"] == [WRONG]
    assert data["since_last"]["new"] == []


def test_a_credit_by_hand_of_then_settles_its_payment(older: Counter) -> None:
    older.pass_time(hours=24)
    assert resolve(older, WRONG, "--settled-by", BY_HAND).code == 0
    assert resolve(older, WRONG, "--take-back").code == 0
    run_engine(older)
    data = night(older)
    assert (data["items"], data["since_last"]["solved"]) == ([], [WRONG])
    assert (older.ducats_of("marco"), older.ducats_of("lucia")) == (200, 0)
    assert resolve(older, WRONG, "--credit").code == 7
    verified = older.type("journal", "verify", "--json")
    assert verified.code == 0, verified


def test_what_it_delivered_is_delivered_no_more(older: Counter) -> None:
    assert older.credit("marco", "100", "--payment", DELIVERED).code == 0
    assert older.credit("marco", "100", "--reference", "made-good").code == 0
    assert resolve(older, DELIVERED, "--credit").code == 7
    run_engine(older)
    assert older.ducats_of("marco") == 200
