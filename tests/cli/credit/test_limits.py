"""What may leave in one day."""

from __future__ import annotations

from pathlib import Path

from tests.harness.counter import Counter, write_credits

DAY = {"CASCADE_MAX_DUCATS_PER_DAY": "100"}


def test_beyond_the_days_limit_nothing_is_written_and_what_is_left_is_told(
    counter: Counter,
) -> None:
    assert counter.credit("marco", "60", **DAY).code == 0
    answer = counter.credit("lucia", "40.5", **DAY)
    assert answer.code == 7
    assert "leaves 40 ducats today (UTC), and 40.5 are asked for" in answer.err
    assert len(counter.rows()) == 1
    assert counter.credit("lucia", "40", **DAY).code == 0


def test_the_day_begins_anew_at_midnight_utc(counter: Counter) -> None:
    counter.credit("marco", "60", **DAY)
    counter.pass_time(hours=8, minutes=50)
    assert counter.credit("lucia", "60", **DAY).code == 7
    counter.pass_time(minutes=15)
    assert counter.credit("lucia", "60", **DAY).code == 0


def test_an_earlier_promise_counts_on_its_own_day_only(counter: Counter) -> None:
    counter.credit("marco", "60", "--reference", "r1", **DAY)
    counter.pass_time(hours=73)
    assert counter.credit("marco", "60", "--reference", "r1", **DAY).code == 0
    assert counter.credit("lucia", "100", **DAY).code == 0


def test_of_a_file_beyond_the_days_limit_no_row_is_credited(
    counter: Counter, tmp_path: Path
) -> None:
    rows = [("marco", "40", "gift", f"r{number}") for number in range(3)]
    file = write_credits(tmp_path / "credits.csv", rows)
    answer = counter.type("credit", "--file", str(file), "--yes", **DAY)
    assert answer.code == 7
    assert "leaves 100 ducats today (UTC), and 120 are asked for" in answer.err
    assert not counter.writes


def test_a_file_taken_up_again_counts_against_the_limit_only_what_is_new(
    counter: Counter, tmp_path: Path
) -> None:
    rows = [("marco", "40", "gift", f"r{number}") for number in range(2)]
    file = write_credits(tmp_path / "credits.csv", rows)
    assert counter.type("credit", "--file", str(file), "--yes", **DAY).code == 0
    file = write_credits(tmp_path / "credits.csv", [*rows, ("marco", "20", "gift", "r2")])
    assert counter.type("credit", "--file", str(file), "--yes", **DAY).code == 0
    assert len(counter.rows()) == 3


def test_a_dry_run_tells_of_the_days_limit_and_makes_no_journal(counter: Counter) -> None:
    answer = counter.credit("marco", "101", "--dry-run", **DAY)
    assert answer.code == 7
    assert "leaves 100 ducats today" in answer.err
    assert not list(counter.state.glob("*journal*"))


def test_a_repair_stops_at_the_days_limit(counter: Counter) -> None:
    for hours_ago in (5, 6):
        counter.paid(hours_ago)
    answer = counter.type("reconcile", "--repair", "--yes", "--json", **DAY)
    assert answer.code == 7
    assert [r["result"] for r in answer.data["repairs"]] == ["credited", "refused"]
    assert len(counter.rows()) == 1


def test_a_repair_leaves_what_is_beyond_the_limit_for_one_credit_to_people(
    counter: Counter,
) -> None:
    counter.paid(ducats="100")
    answer = counter.type("reconcile", "--repair", "--yes", CASCADE_MAX_DUCATS_PER_CREDIT="99.9")
    assert answer.code == 3
    assert "it exceeds CASCADE_MAX_DUCATS_PER_CREDIT" in answer.out
    assert not counter.writes
