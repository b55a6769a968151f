from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cascade_cli.adapters.http.transport import utc_now
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.cli.status.text import ASCII_BARS
from cascade_cli.domain.records.stripe_events import EventState
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.seed import SeedReport
from cascade_cli.wiring.writing import worker_lock
from tests.docs.documents import TOPICS, fences
from tests.harness.inbox_events import SERVER, event, keep
from tests.harness.shop_day import ShopDay
from tests.screens.snapshots import kept


def _data(day: ShopDay, *words: str, **settings: str) -> dict[str, Any]:
    return day.cascade("status", "--json", *words, **settings).data


def test_it_judges_a_week_exactly_as_reconcile_does(day: ShopDay, week: SeedReport) -> None:
    status, judged = _data(day), day.cascade("reconcile", "--json").data
    counts = {kind: n for kind, n in judged["counts"].items() if kind in week.kinds}
    found = status["discrepancies"]
    assert found["counts"] == {k: n for k, n in counts.items() if k not in {"settled", "in_flight"}}
    assert found["total"] == len(judged["items"])
    assert found["undelivered_ducats"] == judged["ducats"]["undelivered"]
    assert status["in_flight"]["payments"] == judged["counts"]["in_flight"]
    assert status["in_flight"]["ducats"] == judged["ducats"]["in_flight"]


def test_it_sends_two_requests_more_than_reconcile(day: ShopDay, week: SeedReport) -> None:
    assert week.kinds
    coverage = day.cascade("reconcile", "--json").data["coverage"]
    requests = _data(day, "--since", "7d")["requests"]
    assert requests["stripe"] == coverage["stripe_requests"]
    assert requests["airtable"] == coverage["airtable_requests"] + 2


@pytest.mark.parametrize("since", ["7d", "2d"])
def test_it_knows_the_processor_as_citizen_show_does(
    day: ShopDay, week: SeedReport, since: str
) -> None:
    assert week.payments == 200
    processor, shown = (
        _data(day, "--since", since)["processor"],
        day.cascade("citizen", "show", "--json").data,
    )
    same = ("citizen", "ducats", "outflow", "runway_days")
    assert {key: processor[key] for key in same} == {key: shown[key] for key in same}
    assert processor["owed"] == shown["in_flight"]
    assert processor["owed"]["live"]["transfers"] > 0
    assert len(processor["delivered"]) == 14


def test_rows_older_than_the_window_count_whichever_of_their_times_are_empty(day: ShopDay) -> None:
    day.open("marco")
    made, later = day.ago(days=3), (day.clock() + timedelta(hours=9)).isoformat()
    day.sandboxed.transfer("live", made, Status="active", ExpiresAt=later)
    day.sandboxed.transfer("planned", made, Status="planned", ExpiresAt=None)
    executed: dict[str, Any] = {"ExecutedAt": made.isoformat(), "ExpiresAt": None}
    day.sandboxed.transfer("executed", made, **executed)
    day.sandboxed.transfer("expired", made, Status="active", ExpiresAt=made.isoformat())
    found = _data(day, "--since", "1d")["processor"]
    assert found["owed"]["live"] == {"transfers": 1, "ducats": "100"}
    assert found["owed"]["planned"] == {"transfers": 1, "ducats": "100"}
    assert found["outflow"]["executed"] == {"transfers": 1, "ducats": "100"}


@pytest.mark.parametrize(("scenario", "code"), [("week", 3), ("quiet", 0)])
def test_the_exit_code_is_reconcile_s(
    day: ShopDay, scenario: str, code: int, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(scenario)
    assert day.cascade("status").code == code
    assert day.cascade("reconcile").code == code


@pytest.mark.parametrize("scenario", ["week", "quiet"])
def test_it_fits_one_screen_of_80_columns_and_24_lines(
    day: ShopDay, scenario: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(scenario)
    day.cascade("reconcile")
    lines = day.cascade("status").out.splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    # Only the table's own columns, and no line that was folded, begin with a space.
    assert [line for line in lines if line.startswith("   ") and "ducats at risk" not in line] == []


def test_it_neither_writes_to_venice_nor_makes_a_journal(day: ShopDay, quiet: SeedReport) -> None:
    assert quiet.kinds
    assert day.cascade("status").code == 0
    assert day.writes() == []
    assert not day.journal.exists()


def test_it_changes_nothing_in_a_journal_that_is_there(day: ShopDay, quiet: SeedReport) -> None:
    assert quiet.kinds
    day.cascade("reconcile")
    before = day.journal.read_bytes()
    day.cascade("status")
    assert day.journal.read_bytes() == before


def test_without_a_complete_run_it_looks_back_7_days_and_says_so(day: ShopDay) -> None:
    day.open()
    ended = day.cascade("status")
    assert "since 2026-11-13 15:00 UTC (7d)" in ended.out
    assert "no complete reconciliation is recorded: cascade reconcile" in ended.out


def test_it_begins_where_since_last_would_and_tells_what_is_new(day: ShopDay) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(hours=5))
    day.cascade("reconcile", "--since", "30d")
    day.clock.advance(hours=1)
    day.sandboxed.pay(day.ago(minutes=30))
    data = _data(day)
    assert data["covered_since"].startswith("2026-10-21T15:00:")
    # An hour before the last run, and on to what it left open: listing that is one request.
    assert data["window"]["since"].startswith("2026-11-20T10:00:")
    assert len(data["discrepancies"]["since_last"]["new"]) == 1
    assert data["runs"]["last_complete"]["until"].startswith("2026-11-20T15:00:")
    assert data["runs"]["last_complete"]["discrepancies"] == 1
    out = day.cascade("status").out
    assert re.search(
        r"2 open: .*\nRead since 2026-10-21 15:00 UTC \(.*\): 1 new, 0 solved since the last run\.",
        out,
    )


def test_a_look_does_not_count_as_a_run(day: ShopDay) -> None:
    day.open()
    day.cascade("reconcile")
    day.clock.advance(hours=1)
    day.cascade("status")
    assert _data(day)["runs"]["last_complete"]["until"].startswith("2026-11-20T15:00:")


def test_today_is_what_was_credited_against_the_limit(day: ShopDay) -> None:
    day.open("marco")
    words = ("credit", "marco", "120.5", "--reason", "gift", "--reference", "a", "--yes")
    assert day.cascade(*words).code == 0
    found = _data(day, CASCADE_MAX_DUCATS_PER_DAY="1000")
    assert found["today"] == {
        "promised_ducats": "120.5",
        "limit_ducats": "1000",
        "left_ducats": "879.5",
        "resets_at": "2026-11-21T00:00:00Z",
    }
    assert [write["command"] for write in found["runs"]["last_writes"]] == ["credit"]


def test_the_oldest_payment_in_flight_has_its_age_on_the_screen(day: ShopDay) -> None:
    day.open("marco")
    for minutes in (3, 11):
        day.sandboxed.pay(day.ago(minutes=minutes))
    out = day.cascade("status").out
    assert re.search(r"2 payments, 200 ducats; the oldest paid 11m( \d+s)? ago", out)


def test_it_tells_when_the_engine_runs_next_and_ran_last(day: ShopDay) -> None:
    day.open("marco")
    at = day.ago(hours=4)
    notes = '{"amount": 100.0, "reason": "gift"}'
    day.sandboxed.transfer("cascade_manual_1", at, ExecutedAt=at.isoformat(), Notes=notes)
    # Half a minute later, so that it does not matter how long the command takes.
    day.clock.advance(seconds=30)
    assert "next run 19:00 Europe/Rome, in 2h 59m; executed 4h ago" in day.cascade("status").out


def test_an_engine_that_stands_still_is_told(day: ShopDay) -> None:
    day.open("marco")
    expires = (day.clock() + timedelta(hours=20)).isoformat()
    day.sandboxed.transfer(
        "cascade_manual_1", day.ago(hours=30), Status="active", ExpiresAt=expires
    )
    assert "it seems to be stuck: 1 transfer should have been executed" in (
        day.cascade("status").out
    )


def test_a_processor_that_cannot_pay_is_told_how_much_is_short(day: ShopDay) -> None:
    day.open("marco")
    notes = '{"amount": 2000000, "reason": "gift"}'
    expires = (day.clock() + timedelta(hours=20)).isoformat()
    day.sandboxed.transfer(
        "cascade_manual_1", day.ago(hours=1), Status="active", ExpiresAt=expires, Notes=notes
    )
    assert "too few for what is in flight" in day.cascade("status").out


def test_the_webhook_s_inbox_is_shown(day: ShopDay) -> None:
    day.open("marco")
    at = day.ago(hours=2)
    for number, state in enumerate(EventState):
        note = "the citizen does not exist" if state is EventState.ATTENTION else ""
        name = f"evt_{number}"
        keep(day, [event(name, "charge.succeeded", f"pi_{number}", at)], state, note)
    found = _data(day)["webhook"]
    assert (found["waiting"], found["credited"], found["recorded"]) == (1, 1, 1)
    assert found["oldest_waiting_at"] == "2026-11-20T14:00:00Z"
    assert [(a["event"], a["why"]) for a in found["attention"]] == [
        ("evt_3", "the citizen does not exist")
    ]
    out = day.cascade("status").out
    assert "1 event credited, 1 waiting (the oldest 1h), 1 payment needs you" in out
    assert "The webhook left this to you: the citizen does not exist" in out
    assert "$ cascade explain pi_3" in out


def test_which_server_credits_is_shown(day: ShopDay) -> None:
    day.open("marco")
    with closing(Database(f"sqlite:///{day.journal}")) as database:
        journal = Journal(database, SERVER, now=utc_now)
        with worker_lock(journal, BASE_ID):
            found = _data(day)["webhook"]["worker"]
            out = day.cascade("status").out
    assert (found["host"], found["pid"]) == (SERVER.host, SERVER.pid)
    assert (found["operator"], found["since"][-1]) == (SERVER.operator, "Z")
    assert f"pid {SERVER.pid} on {SERVER.host} has been crediting for" in out
    assert _data(day)["webhook"]["worker"] is None


def test_that_no_server_credits_is_told_where_events_wait(day: ShopDay) -> None:
    day.open("marco")
    told = "none: no cascade serve is running to credit them"
    assert told not in day.cascade("status").out
    keep(day, [event("evt_1", "charge.succeeded", "pi_1", day.ago(hours=2))], EventState.WAITING)
    assert told in day.cascade("status").out


def test_what_was_settled_since_needs_nobody_any_more(day: ShopDay) -> None:
    day.open("marco")
    intent = day.sandboxed.pay(day.ago(hours=5))["payment_intent"]
    told = event("evt_1", "charge.succeeded", intent, day.ago(hours=5))
    keep(day, [told], EventState.ATTENTION, "refused")
    assert len(_data(day)["webhook"]["attention"]) == 1
    day.sandboxed.transfer(f"cascade_payment_{intent}", day.ago(hours=1))
    assert _data(day)["webhook"]["attention"] == []


def test_what_is_older_than_the_window_is_not_asked_about(day: ShopDay) -> None:
    day.open()
    told = event("evt_1", "charge.succeeded", "pi_1", day.ago(days=9))
    keep(day, [told], EventState.ATTENTION, "refused", days=8)
    assert _data(day)["webhook"]["attention"] == []
    assert len(_data(day, "--since", "9d")["webhook"]["attention"]) == 1


def test_a_stream_without_blocks_gets_plain_signs(day: ShopDay) -> None:
    day.clock.moment = datetime.now(UTC)
    day.open("marco")
    at = day.ago(hours=1)
    notes = '{"amount": 100.0, "reason": "gift"}'
    day.sandboxed.transfer("cascade_manual_1", at, ExecutedAt=at.isoformat(), Notes=notes)
    settings = day.sandboxed.environment(
        CASCADE_STATE_DIR=str(day.folder), PYTHONIOENCODING="ascii", PYTHONUTF8="0"
    )
    done = subprocess.run(
        [sys.executable, "-m", "cascade_cli", "status"],
        env={**os.environ, **settings},
        capture_output=True,
        check=False,
    )
    # An hour ago may have been yesterday.
    line = f"{re.escape(ASCII_BARS[-1])}_?  a day, for 14 days; at most 100 ducats"
    assert re.search(line, done.stdout.decode("ascii"))
    assert b"\\u" not in done.stdout


@pytest.mark.parametrize("since", ["soon", "2027-01-01", "-3d"])
def test_an_unreadable_since_is_refused_before_any_request(day: ShopDay, since: str) -> None:
    assert day.cascade("status", f"--since={since}").code == 2
    assert day.sandboxed.recorder.requests == []


def test_the_manual_shows_the_screen_that_is_kept() -> None:
    pasted = next(block for block in fences("text", TOPICS["status"]) if "cascade status" in block)
    assert pasted.strip() == kept("status", 80).read_text(encoding="utf-8").strip()


def test_of_a_window_that_leaves_out_what_was_open_nothing_is_said_to_be_solved(
    day: ShopDay,
) -> None:
    day.open("marco")
    day.sandboxed.pay(day.ago(days=5))
    day.cascade("reconcile", "--since", "30d")
    short = json.loads(day.cascade("status", "--since", "2d", "--json").out)["data"]
    assert short["discrepancies"]["since_last"] is None


def test_its_verdict_has_the_words_and_the_numbers_of_reconcile(
    day: ShopDay, week: SeedReport
) -> None:
    assert week.kinds
    told = day.cascade("reconcile", "--since", "7d", "--all").out.splitlines()[0]
    assert " are safe to repair, " in told
    assert told in day.cascade("status", "--since", "7d").out.splitlines()
    found = day.cascade("status", "--since", "7d", "--json").data["discrepancies"]
    numbers = (found["total"], found["automatic"], found["for_people"], found["waiting"])
    assert tuple(map(int, re.findall(r"\d+", told))) == numbers


@pytest.mark.parametrize(
    "words", [("--kind", "orphan", "--kind", "wrong-citizen", "--limit", "4"), ("--citizen",)]
)
def test_kind_citizen_and_limit_list_cases_as_reconcile_does(
    day: ShopDay, week: SeedReport, words: tuple[str, ...]
) -> None:
    assert week.kinds
    since = ("--since", "7d")
    if words == ("--citizen",):
        everything = day.cascade("reconcile", *since, "--json").data["items"]
        words = ("--citizen", str(everything[0]["citizen"]))
    wanted = day.cascade("reconcile", *since, *words, "--json").data["items"]
    found = day.cascade("status", *since, *words, "--json").data["discrepancies"]
    assert found["items"] == wanted != []
    assert len(wanted) < found["total"]
    told = day.cascade("status", *since, *words).out
    commands = [line[4:] for line in told.splitlines() if line.startswith("  $ ")]
    assert commands == [item["repair"]["command"] for item in wanted]
    assert "at risk" not in told


def test_without_a_selection_no_case_is_listed(day: ShopDay, week: SeedReport) -> None:
    assert week.kinds
    found = day.cascade("status", "--since", "7d", "--json").data["discrepancies"]
    assert found["items"] is None
    nobody = day.cascade("status", "--since", "7d", "--citizen", "Nobody").out
    assert "No case matches what you asked for." in nobody
