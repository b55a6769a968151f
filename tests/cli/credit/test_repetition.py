"""The same credit twice: meant or not, it is paid once unless somebody says otherwise."""

from __future__ import annotations

import pytest

from tests.harness.counter import Counter
from tests.harness.faults import is_update, unavailable


def test_the_same_reference_is_credited_once(counter: Counter) -> None:
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    again = counter.credit("marco", "5", "--reference", "r1", "--json")
    assert again.code == 0
    assert again.data["deliveries"][0]["result"] == "already"
    assert len(counter.rows()) == len(counter.rows("NOTIFICATIONS")) == 1


@pytest.mark.parametrize(("citizen", "ducats"), [("lucia", "5"), ("marco", "6")])
def test_a_reference_promised_otherwise_is_refused(
    counter: Counter, citizen: str, ducats: str
) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    answer = counter.credit(citizen, ducats, "--reference", "r1")
    assert answer.code == 7
    assert "promised to marco: 5 ducats" in answer.err
    assert len(counter.rows()) == 1


def test_an_identical_credit_within_a_day_is_refused(counter: Counter) -> None:
    counter.credit("marco", "5")
    counter.pass_time(hours=23, minutes=50)
    answer = counter.credit("marco", "5.00")
    assert answer.code == 7
    assert "add --again or a new --reference" in answer.err
    assert len(counter.rows()) == 1


def test_after_a_day_an_identical_credit_is_another_one(counter: Counter) -> None:
    counter.credit("marco", "5")
    counter.pass_time(hours=24, minutes=1)
    assert counter.credit("marco", "5").code == 0
    assert len(counter.rows()) == 2


@pytest.mark.parametrize("words", [["--again"], ["--reference", "second"]])
def test_an_identical_credit_that_is_meant_is_made(counter: Counter, words: list[str]) -> None:
    counter.credit("marco", "5")
    assert counter.credit("marco", "5", *words).code == 0
    assert len(counter.rows()) == 2


@pytest.mark.parametrize(("citizen", "ducats"), [("lucia", "5"), ("marco", "6")])
def test_another_citizen_or_amount_is_no_repetition(
    counter: Counter, citizen: str, ducats: str
) -> None:
    counter.credit("marco", "5")
    assert counter.credit(citizen, ducats).code == 0


def test_a_reference_whose_row_somebody_deleted_is_not_paid_again(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    counter.sandboxed.app.engine.run()
    tables = counter.sandboxed.app.airtable.tables
    (record,) = tables.select("STRATAGEMS")
    tables.delete("STRATAGEMS", record["id"])
    answer = counter.credit("marco", "5", "--reference", "r1")
    assert answer.code == 7
    assert "the base no longer shows it" in answer.err
    assert not counter.rows()


def test_a_new_journal_does_not_pay_what_the_base_shows(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    counter.sandboxed.app.engine.run()
    elsewhere = counter.environment()["CASCADE_STATE_DIR"] + "-elsewhere"
    answer = counter.credit("marco", "5", "--reference", "r1", CASCADE_STATE_DIR=elsewhere)
    assert answer.code == 0
    assert "already" in answer.out
    assert len(counter.rows()) == 1


def test_a_stratagem_that_ran_out_is_extended_and_not_repeated(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    counter.pass_time(hours=73)
    counter.sandboxed.app.engine.run()
    assert counter.ducats_of("marco") == 0
    assert counter.credit("marco", "5", "--reference", "r1").code == 0
    counter.sandboxed.app.engine.run()
    assert (len(counter.rows()), counter.ducats_of("marco")) == (1, 5)


@pytest.mark.parametrize("words", [[], ["--again"]])
def test_a_credit_without_a_reference_that_was_broken_off_is_finished_by_the_one_it_names(
    counter: Counter, words: list[str]
) -> None:
    counter.network.break_(is_update, unavailable(), times=9)
    answer = counter.credit("marco", "5", *words)
    assert answer.code == 5
    reference = answer.err.partition("--reference ")[2].split()[0]
    counter.network.heal()
    counter.pass_time(minutes=2)
    assert counter.credit("marco", "5", "--reference", reference).code == 0
    counter.sandboxed.app.engine.run()
    assert (len(counter.rows()), counter.ducats_of("marco")) == (1, 5)
