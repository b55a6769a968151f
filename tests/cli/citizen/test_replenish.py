from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cascade_cli.adapters.journal import Journal
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.wiring import this_worker
from tests.cli.citizen.treasury import Treasury, is_citizen_read, is_citizen_write
from tests.harness.faults import throttled, unavailable


def test_to_is_the_balance_afterwards(treasury: Treasury) -> None:
    answer = treasury.replenish("--to", "2500.25")
    assert (answer.code, treasury.ducats) == (0, 2500.25)
    assert "was raised from 1,000 to 2,500.25 ducats" in answer.out


def test_by_is_added_to_what_is_there(treasury: Treasury) -> None:
    treasury.fund(492485.8103135929)
    answer = treasury.replenish("--by", "0.1", "--json")
    assert answer.code == 0
    assert treasury.ducats == 492485.9103135929
    assert answer.data["after_ducats"] == "492485.9103135929"
    assert Decimal(answer.data["before_ducats"]) == Decimal("492485.8103135929")


def test_by_is_added_to_what_is_there_when_it_is_written(treasury: Treasury) -> None:
    """The guard of the mode stands between the first look and the write."""
    treasury.counter.sandboxed.recorder.before(3, lambda: treasury.fund(900))
    assert treasury.replenish("--by", "100").code == 0
    assert treasury.ducats == 1000


def test_the_same_balance_is_not_written_again(treasury: Treasury) -> None:
    assert treasury.replenish("--to", "1000").code == 0
    assert treasury.writes == []


def test_a_dry_run_writes_nothing(treasury: Treasury) -> None:
    answer = treasury.replenish("--by", "5", "--dry-run")
    assert "would be raised from 1,000 to 1,005 ducats" in answer.out
    assert treasury.writes == []


def test_a_balance_is_not_lowered(treasury: Treasury) -> None:
    answer = treasury.replenish("--to", "999.999999", "--yes")
    assert answer.code == 7
    assert "add --force" in answer.err
    assert treasury.writes == []


def test_force_lowers_it_with_a_yes(treasury: Treasury) -> None:
    assert treasury.replenish("--to", "1.5", "--force").code == 7
    assert treasury.ducats == 1000
    assert treasury.replenish("--to", "1.5", "--force", "--yes").code == 0
    assert treasury.ducats == 1.5


def test_what_was_agreed_as_raising_does_not_become_lowering(treasury: Treasury) -> None:
    treasury.counter.sandboxed.recorder.before(3, lambda: treasury.fund(9999))
    assert treasury.replenish("--to", "2000", "--force").code == 7
    assert treasury.ducats == 9999


@pytest.mark.parametrize("words", [[], ["--to", "5", "--by", "5"]])
def test_one_of_to_and_by_is_needed(treasury: Treasury, words: list[str]) -> None:
    assert treasury.replenish(*words).code == 2


@pytest.mark.parametrize(
    "amount",
    [
        "0",
        "-5",
        "NaN",
        "inf",
        "1e400",
        "1,000",
        f"0.{'1' * 31}",
        "",
        "5 ",
        "٥",
    ],
)
@pytest.mark.parametrize("option", ["--to", "--by"])
def test_what_is_no_amount_is_refused_before_any_request(
    treasury: Treasury, option: str, amount: str
) -> None:
    answer = treasury.replenish(f"{option}={amount}")
    assert answer.code == 2
    assert "such as 525 or 10.50" in answer.err
    assert treasury.counter.requests == []


def test_a_missing_citizen_is_not_created_by_the_way(empty: Treasury) -> None:
    answer = empty.replenish("--to", "5000")
    assert answer.code == 4
    assert "cascade citizen setup" in answer.err
    assert empty.writes == []


@pytest.mark.parametrize("is_applied", [True, False])
def test_ducats_of_unknown_fate_are_added_once(treasury: Treasury, is_applied: bool) -> None:
    treasury.network.break_(is_citizen_write, unavailable(), applied=is_applied)
    assert treasury.replenish("--by", "500").code == 5
    treasury.counter.pass_time(seconds=125)
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == 1500


@pytest.mark.parametrize("other", ["--by", "--to"])
def test_ducats_that_came_are_not_added_again_though_another_command_was_first_to_see_them(
    treasury: Treasury, other: str
) -> None:
    treasury.network.break_(is_citizen_write, unavailable(), applied=True)
    assert treasury.replenish("--by", "500").code == 5
    treasury.counter.pass_time(seconds=125)
    assert treasury.replenish(other, "1700").code == 0
    balance = treasury.ducats
    treasury.fund(balance - 7)
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == balance - 7
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == balance + 493


def test_a_day_later_the_same_words_are_a_new_wish(treasury: Treasury) -> None:
    treasury.network.break_(is_citizen_write, unavailable(), applied=True)
    treasury.replenish("--by", "500")
    treasury.counter.pass_time(seconds=125)
    treasury.replenish("--by", "1700")
    treasury.counter.pass_time(hours=24)
    treasury.replenish("--by", "500")
    assert treasury.ducats == 3700


def test_what_may_still_arrive_is_not_sent_again(treasury: Treasury) -> None:
    treasury.network.break_(is_citizen_write, unavailable())
    treasury.replenish("--by", "500")
    sent = len(treasury.writes)
    treasury.counter.pass_time(seconds=100)
    answer = treasury.replenish("--by", "500")
    assert answer.code == 5
    assert "Run the same command again after 2026-11-20T15:02:0" in answer.err
    assert len(treasury.writes) == sent


def test_once_a_lost_write_is_settled_the_same_words_add_again(treasury: Treasury) -> None:
    treasury.network.break_(is_citizen_write, unavailable(), applied=True)
    for _ in range(3):
        treasury.replenish("--by", "500")
    assert treasury.ducats == 2000


def test_a_person_decides_where_nobody_can_tell_any_more(treasury: Treasury) -> None:
    treasury.network.break_(is_citizen_write, unavailable(), applied=True)
    treasury.replenish("--by", "500")
    treasury.fund(1234)
    treasury.counter.pass_time(minutes=3)
    blurred = treasury.replenish("--by", "500")
    assert blurred.code == 7
    assert "it was 1000, would have become 1500, and is 1234 now" in blurred.err
    assert treasury.ducats == 1234
    assert treasury.replenish("--to", "1500").code == 0
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == 2000


def test_a_refused_write_leaves_nothing_open(treasury: Treasury) -> None:
    treasury.network.break_(is_citizen_write, throttled())
    assert treasury.replenish("--by", "500").code == 5
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == 1500


@pytest.mark.parametrize("is_refused", [True, False])
def test_one_who_was_overtaken_forgets_only_its_own_write(
    treasury: Treasury, is_refused: bool
) -> None:
    """Its lock was lost while it stood still: what is remembered by then is another's write."""
    environment = treasury.counter.environment()
    mark = f"balance {environment['AIRTABLE_BASE_ID']} {PROCESSOR}"
    other = {"key": "another", "wish": "by 7", "before": "1", "after": "8", "at": "2026-11-20"}
    url = f"sqlite:///{environment['CASCADE_STATE_DIR']}/journal.sqlite3"
    with closing(Journal(url, this_worker("replenish"), now=lambda: datetime.now(UTC))) as journal:
        if is_refused:
            treasury.network.break_(is_citizen_write, throttled(), applied=True)
        treasury.before_write(lambda: journal.set_mark(mark, other))
        assert treasury.replenish("--by", "500").code == (5 if is_refused else 0)
        assert journal.mark(mark) == other


def test_one_who_was_overtaken_before_writing_leaves_the_others_write_on_record(
    treasury: Treasury,
) -> None:
    """The database lets the other come in between the journal entry and the note of this write."""
    assert treasury.replenish("--by", "1").code == 0
    state = Path(treasury.counter.environment()["CASCADE_STATE_DIR"])
    mark = f"balance {treasury.counter.environment()['AIRTABLE_BASE_ID']} {PROCESSOR}"
    other = {"key": "another", "wish": "by 7", "before": "1", "after": "8", "at": "2026-11-20"}
    with closing(sqlite3.connect(state / "journal.sqlite3")) as journal, journal:
        journal.execute(
            "create trigger overtaken after insert on cascade_entries "
            "when new.kind = 'attempt' and new.body like '%set_balance%' begin "
            f"update cascade_marks set body = '{json.dumps(other)}' where name = '{mark}'; end"
        )
    answer = treasury.replenish("--by", "500")
    assert answer.code == 6
    assert "Another run took over the balance" in answer.err
    assert treasury.ducats == 1001
    with closing(sqlite3.connect(state / "journal.sqlite3")) as journal:
        (body,) = journal.execute(
            f"select body from cascade_marks where name = '{mark}'"
        ).fetchone()
    assert json.loads(body) == other


def test_what_was_written_but_not_read_back_is_not_added_again(treasury: Treasury) -> None:
    treasury.after_write(lambda: treasury.network.break_(is_citizen_read, unavailable(), times=99))
    answer = treasury.replenish("--by", "500")
    assert answer.code == 5
    written = "The balance was written as 1500 ducats, and could not be read back"
    assert written in " ".join(answer.err.split())
    assert "Run the same command again" in answer.err
    treasury.network.heal()
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == 1500
    assert treasury.replenish("--by", "500").code == 0
    assert treasury.ducats == 2000


def test_somebody_who_writes_in_between_is_reported_with_both_numbers(treasury: Treasury) -> None:
    treasury.after_write(lambda: treasury.fund(900))
    answer = treasury.replenish("--to", "5000", "--json")
    assert answer.code == 3
    assert (answer.data["is_as_written"], answer.data["read_back_ducats"]) == (False, ["900"])
    (_, warning) = answer.document["warnings"]
    assert "cascade wrote 5000, and now it is 900, 4100 less" in warning
    assert "cascade citizen replenish --to 5000" in warning


def test_a_debit_that_the_write_may_have_erased_is_reported(treasury: Treasury) -> None:
    now = treasury.counter.now()

    def execute() -> None:
        moment = (now + timedelta(seconds=5)).isoformat()
        treasury.counter.sandboxed.transfer("one", now, ExecutedAt=moment)

    treasury.before_write(execute)
    answer = treasury.replenish("--to", "5000", "--json")
    assert answer.code == 3
    assert answer.data["executed_meanwhile"] == ["one"]
    assert "replenish --to 4900 --force" in answer.document["warnings"][-1]


def test_everybody_is_told_that_the_engine_writes_too(treasury: Treasury) -> None:
    answer = treasury.replenish("--by", "1")
    assert "without a lock; its next run: 19:00 Europe/Rome" in answer.err


def _schedule(seconds: float) -> str:
    """A daily run so many seconds from the test's afternoon."""
    at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC) + timedelta(seconds=seconds)
    return f"{at:%H:%M:%S} UTC"


@pytest.mark.parametrize("seconds", [40, 1, -100])
def test_the_balance_is_not_written_while_the_engine_runs(
    treasury: Treasury, seconds: float
) -> None:
    answer = treasury.replenish("--by", "5", CASCADE_ENGINE_SCHEDULE=_schedule(seconds))
    assert answer.code == 7
    assert "Venice's engine is about to run" in answer.err
    assert treasury.writes == []


@pytest.mark.parametrize("schedule", [_schedule(120), _schedule(-400), "every 1m"])
def test_at_other_times_it_is(treasury: Treasury, schedule: str) -> None:
    assert treasury.replenish("--by", "5", CASCADE_ENGINE_SCHEDULE=schedule).code == 0


def test_force_writes_even_then(treasury: Treasury) -> None:
    schedule = _schedule(30)
    answer = treasury.replenish("--by", "5", "--force", CASCADE_ENGINE_SCHEDULE=schedule)
    assert (answer.code, treasury.ducats) == (0, 1005)


def test_a_second_run_at_the_same_time_is_turned_away(treasury: Treasury) -> None:
    environment = treasury.counter.environment()
    url = f"sqlite:///{environment['CASCADE_STATE_DIR']}/other.sqlite3"
    treasury.show()
    journal = Journal(url, this_worker("reconcile"), now=lambda: datetime.now(UTC))
    with journal.lock(f"base {environment['AIRTABLE_BASE_ID']}", lease=timedelta(minutes=3)):
        answer = treasury.replenish("--by", "5", CASCADE_JOURNAL_URL=url)
    journal.close()
    assert answer.code == 6
    assert treasury.writes == []


def test_a_base_of_live_payments_takes_no_test_ducats(treasury: Treasury) -> None:
    notes = '{"amount": 1, "reason": "x", "livemode": true}'
    treasury.counter.sandboxed.transfer("live", treasury.counter.now(), Notes=notes)
    assert treasury.replenish("--by", "5").code == 7
    assert treasury.writes == []


def test_without_a_journal_nothing_is_written(treasury: Treasury) -> None:
    answer = treasury.replenish("--by", "5", CASCADE_JOURNAL_URL="sqlite:////proc/no/journal")
    assert answer.code == 5
    assert treasury.writes == []


def test_the_journal_has_the_intent_before_and_the_outcome_after(treasury: Treasury) -> None:
    treasury.replenish("--by", "5")
    entries = treasury.counter.type("journal", "list", "--json").data["entries"]
    ours = [entry for entry in entries if entry["key"].startswith("cascade_balance_")]
    assert {entry["kind"] for entry in ours} == {"intent", "attempt", "outcome"}
    assert treasury.counter.type("journal", "verify").code == 0


def test_a_top_up_takes_seven_requests(treasury: Treasury) -> None:
    treasury.replenish("--by", "5")
    assert len(treasury.counter.sandboxed.recorder.to("airtable")) == 7


@pytest.mark.parametrize(
    "name",
    ['D\'Alviano "x"', "a\\b", "a{b}c", "x'), TRUE(), ('", "line\nbreak", "\u202eorelam", "é" * 99],
)
def test_a_name_is_meant_to_the_letter(treasury: Treasury, name: str) -> None:
    treasury.counter.move_in(name, name + "x", "\n" + name)
    answer = treasury.replenish("--to", "5", CASCADE_PROCESSOR=name)
    assert answer.code == 0
    assert treasury.counter.ducats_of(name) == 5
    assert treasury.counter.ducats_of(name + "x") == 0
    assert treasury.counter.ducats_of(PROCESSOR) == 1000


def test_a_name_that_differs_in_case_is_another_citizen(treasury: Treasury) -> None:
    answer = treasury.replenish("--to", "5000", CASCADE_PROCESSOR=PROCESSOR.lower())
    assert answer.code == 4
    assert "there is a 'CASCADE_PAYMENT_PROCESSOR', which differs in upper and lower" in answer.err
    assert treasury.writes == []


def test_a_name_of_ten_thousand_characters_is_found_or_refused(treasury: Treasury) -> None:
    name = "n" * 10_000
    assert treasury.setup(CASCADE_PROCESSOR=name).code == 2
    treasury.counter.move_in(name)
    assert treasury.replenish("--to", "5", CASCADE_PROCESSOR=name).code == 0
    assert treasury.counter.ducats_of(name) == 5
