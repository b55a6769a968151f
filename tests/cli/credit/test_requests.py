"""What a command costs: Airtable counts every call of the month."""

from __future__ import annotations

from pathlib import Path

from tests.harness.counter import Counter, write_credits


def airtable_requests(counter: Counter) -> int:
    return len(counter.sandboxed.recorder.to("airtable"))


def test_a_single_credit_takes_six_requests(counter: Counter) -> None:
    counter.credit("lucia", "5")
    before = airtable_requests(counter)
    assert counter.credit("marco", "5").code == 0
    assert airtable_requests(counter) - before == 6


def test_the_first_credit_of_a_journal_asks_once_more_for_the_bases_mode(
    counter: Counter,
) -> None:
    counter.credit("marco", "5")
    assert airtable_requests(counter) == 7


def test_a_credit_for_a_payment_takes_no_more(counter: Counter) -> None:
    counter.credit("lucia", "5")
    before, intent = airtable_requests(counter), counter.paid()
    counter.credit("marco", "100", "--payment", intent)
    assert airtable_requests(counter) - before == 6
    assert len(counter.sandboxed.recorder.to("stripe")) == 1


def test_a_repeated_credit_writes_nothing(counter: Counter) -> None:
    counter.credit("marco", "5", "--reference", "r1")
    before, writes = airtable_requests(counter), len(counter.writes)
    counter.credit("marco", "5", "--reference", "r1")
    assert airtable_requests(counter) - before == 4
    assert len(counter.writes) == writes


def test_a_batch_of_a_hundred_takes_thirty_six_requests(counter: Counter, tmp_path: Path) -> None:
    citizens = [f"citizen_{number}" for number in range(100)]
    counter.move_in(*citizens)
    rows = [(name, "5", "gift", f"r{number}") for number, name in enumerate(citizens)]
    file = write_credits(tmp_path / "credits.csv", rows)
    assert counter.type("credit", "--file", str(file), "--yes").code == 0
    assert len(counter.rows()) == 100
    assert airtable_requests(counter) == 36


def test_a_repair_of_a_hundred_takes_forty_one_requests(counter: Counter) -> None:
    for _ in range(100):
        counter.paid()
    assert counter.type("reconcile", "--repair", "--yes").code == 0
    assert len(counter.rows()) == 100
    assert airtable_requests(counter) == 41
