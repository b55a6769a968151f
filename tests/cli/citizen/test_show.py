from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

from tests.cli.citizen.treasury import Treasury


def _executed(treasury: Treasury, name: str, days_ago: float, amount: str = "100") -> None:
    at = treasury.counter.now() - timedelta(days=days_ago)
    notes = f'{{"amount": {amount}, "reason": "gift"}}'
    treasury.counter.sandboxed.transfer(name, at, ExecutedAt=at.isoformat(), Notes=notes)


def _open(treasury: Treasury, name: str, status: str, hours_left: float) -> None:
    now = treasury.counter.now()
    expires = (now + timedelta(hours=hours_left)).isoformat()
    treasury.counter.sandboxed.transfer(name, now, Status=status, ExpiresAt=expires)


def test_in_flight_is_what_may_still_leave(treasury: Treasury) -> None:
    _open(treasury, "live", "active", hours_left=5)
    _open(treasury, "about to be", "planned", hours_left=5)
    _open(treasury, "passed over", "active", hours_left=-5)
    in_flight = treasury.show("--json").data["in_flight"]
    assert in_flight == {
        "ducats": "200",
        "live": {"transfers": 1, "ducats": "100"},
        "planned": {"transfers": 1, "ducats": "100"},
    }


def test_the_outflow_is_the_average_of_fourteen_days(treasury: Treasury) -> None:
    _executed(treasury, "young", 1, "100.3")
    _executed(treasury, "just young enough", 13.9, "39.7")
    _executed(treasury, "too old", 14.1, "5000")
    outflow = treasury.show("--json").data["outflow"]
    assert outflow["executed"] == {"transfers": 2, "ducats": "140"}
    assert outflow["daily_ducats"] == "10"


def test_the_runway_is_what_is_left_after_what_is_in_flight(treasury: Treasury) -> None:
    _executed(treasury, "a", 1, "140")
    _open(treasury, "b", "active", hours_left=5)
    assert treasury.show("--json").data["runway_days"] == "90"
    assert "runway             90 days" in treasury.show().out


def test_without_any_outflow_there_is_no_end_in_sight(treasury: Treasury) -> None:
    answer = treasury.show("--json")
    assert answer.data["runway_days"] is None
    assert answer.data["engine"]["last_executed_at"] is None


def test_an_execution_of_long_ago_is_still_the_last(treasury: Treasury) -> None:
    _executed(treasury, "older", 40)
    _executed(treasury, "newer", 30)
    engine = treasury.show("--json").data["engine"]
    assert engine["last_executed_at"].startswith("2026-10-21T15:00:0")
    assert engine["next_run_at"] == "2026-11-20T18:00:00Z"


def test_a_processor_that_cannot_pay_is_told_how_much_is_short(treasury: Treasury) -> None:
    treasury.fund(30.5)
    _open(treasury, "live", "active", hours_left=5)
    answer = treasury.show()
    assert answer.code == 0
    assert "69.5 ducats are missing" in answer.out
    assert "$ cascade citizen replenish --by 69.5" in answer.out


def test_a_missing_citizen_is_an_error_that_names_the_cure(empty: Treasury) -> None:
    answer = empty.show("--json")
    assert answer.code == 4
    assert answer.document["error"]["hint"] == "Create it: cascade citizen setup"


def test_showing_writes_nothing_and_needs_no_schema(treasury: Treasury) -> None:
    treasury.show()
    assert treasury.writes == []
    assert not any("/meta/" in request.path for request in treasury.counter.requests)


def test_a_balance_that_is_no_number_is_an_unusable_answer(treasury: Treasury) -> None:
    treasury.tables.drop_field("CITIZENS", "Ducats")
    treasury.tables.add_field("CITIZENS", {"name": "Ducats", "type": "singleLineText"})
    (record,) = treasury.tables.select("CITIZENS", "FIND('CASCADE', {Username})")
    treasury.tables.update("CITIZENS", record["id"], {"Ducats": "lots"})
    answer = treasury.show()
    assert answer.code == 5
    assert "Ducats are 'lots', which is not a number" in answer.err


def test_a_real_process_sets_up_the_sandbox_twice(treasury: Treasury) -> None:
    environment = {**os.environ, **treasury.counter.environment()}
    environment["CASCADE_ENGINE_SCHEDULE"] = "every 10m"
    line = [sys.executable, "-m", "cascade_cli", "citizen", "setup", "--ducats", "4321"]
    first = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    again = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    assert "was raised from 1,000 to 4,321 ducats" in first.stdout
    assert "nothing was written" in again.stdout
    assert (first.returncode, again.returncode) == (0, 0)
