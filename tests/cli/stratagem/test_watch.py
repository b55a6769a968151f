from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from cascade_cli.cli.stratagem.run import pause
from cascade_cli.domain.delivery.transfer_status import Moment
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.sandbox.wire import json_response
from tests.cli.stratagem.rows import make
from tests.harness.commands import Answer
from tests.harness.counter import Counter


def _watch(counter: Counter, identity: str, *words: str) -> Answer:
    return counter.type("stratagem", "watch", identity, *words)


def _at_look(counter: Counter, number: int, happen: Callable[[], object]) -> None:
    """Before the watch looks for the so-manieth time."""

    def event() -> None:
        happen()

    counter.sandboxed.recorder.before(number, event)


def _update(counter: Counter, record: str, **fields: object) -> None:
    counter.sandboxed.app.airtable.tables.update("STRATAGEMS", record, fields)


def test_it_ends_when_the_engine_has_executed_it(counter: Counter) -> None:
    make(counter, "one")
    _at_look(counter, 3, counter.sandboxed.app.engine.run)
    answer = _watch(counter, "one")
    assert answer.code == 0
    assert "The engine executed it" in answer.out
    assert len(counter.requests) == 3


def test_a_pipe_gets_one_line_for_each_change(counter: Counter) -> None:
    record = make(counter, "one", Status="planned", hours_ago=0)
    _at_look(counter, 2, lambda: _update(counter, record, Status="active"))
    _at_look(counter, 6, counter.sandboxed.app.engine.run)
    lines = _watch(counter, "one").err.splitlines()
    assert [line.split(".")[0] for line in lines] == ["one: stalled", "one: live"]


def test_quiet_says_nothing_meanwhile(counter: Counter) -> None:
    make(counter, "one")
    _at_look(counter, 3, counter.sandboxed.app.engine.run)
    assert counter.type("-q", "stratagem", "watch", "one").err == ""


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"Status": "failed", "Notes": '{"amount": 1}\n[ERROR] Sender X not found.'}, "failed"),
        ({"Status": "error"}, "doubtful"),
        ({"Status": "cancelled"}, "stalled"),
    ],
)
def test_it_ends_with_3_when_nothing_is_left_to_hope_for(
    counter: Counter, fields: dict[str, object], state: str
) -> None:
    record = make(counter, "one")
    _at_look(counter, 2, lambda: _update(counter, record, **fields))
    answer = _watch(counter, "one", "--json")
    assert answer.code == 3
    assert answer.data["stratagems"][0]["state"] == state


def test_it_ends_with_3_when_it_expires_unnoticed(counter: Counter) -> None:
    make(counter, "one", hours_left=0.1)
    answer = _watch(counter, "one", "--timeout", "1h")
    assert answer.code == 3
    assert "it is active, but expired" in answer.out


def test_a_planned_row_is_given_the_time_of_a_lost_write(counter: Counter) -> None:
    make(counter, "one", Status="planned", hours_ago=0)
    began = counter.now()
    assert _watch(counter, "one").code == 3
    assert timedelta(seconds=119) < counter.now() - began < timedelta(minutes=6)


def test_it_times_out_with_5(counter: Counter) -> None:
    make(counter, "one")
    began = counter.now()
    answer = _watch(counter, "one", "--timeout", "90s", "--json")
    assert answer.code == 5
    assert timedelta(seconds=89) < counter.now() - began < timedelta(seconds=95)
    assert "the wait timed out" in answer.document["error"]["message"]
    assert answer.data["stratagems"][0]["state"] == "live"


def test_left_alone_it_waits_until_the_next_run_is_over(counter: Counter) -> None:
    make(counter, "one")
    assert _watch(counter, "one").code == 5
    assert "2026-11-20T18:15" in counter.now().isoformat()


def test_a_service_that_is_away_for_a_while_does_not_end_it(counter: Counter) -> None:
    make(counter, "one")
    busy = json_response(429, {"errors": [{"error": "RATE_LIMIT_REACHED"}]}, {"Retry-After": "0"})
    requests = counter.sandboxed.recorder.requests
    counter.network.break_(lambda _request: len(requests) > 1, busy, times=5)
    _at_look(counter, 8, counter.sandboxed.app.engine.run)
    answer = _watch(counter, "one")
    assert answer.code == 0
    assert "trying again" in answer.err


def test_a_row_that_is_deleted_meanwhile_ends_it(counter: Counter) -> None:
    record = make(counter, "one")
    tables = counter.sandboxed.app.airtable.tables
    _at_look(counter, 2, lambda: tables.delete("STRATAGEMS", record))
    answer = _watch(counter, "one")
    assert answer.code == 3
    assert "somebody deleted its record" in answer.err


def test_what_does_not_exist_is_not_waited_for(counter: Counter) -> None:
    began = counter.now()
    assert _watch(counter, "nothing").code == 3
    assert counter.now() - began < timedelta(seconds=5)


@pytest.mark.parametrize("timeout", ["soon", "15", "-5m"])
def test_an_unreadable_timeout_is_refused_before_any_request(
    counter: Counter, timeout: str
) -> None:
    assert _watch(counter, "one", f"--timeout={timeout}").code == 2
    assert counter.requests == []


def _moment(schedule: str, clock: str) -> Moment:
    return Moment(parse_schedule(schedule), datetime.fromisoformat(f"2026-11-20T{clock}+00:00"))


@pytest.mark.parametrize(
    ("clock", "seconds"),
    [("11:00:00", 300), ("17:50:00", 60), ("17:58:00", 15), ("17:59:59", 15)],
)
def test_it_looks_more_often_as_the_run_comes_near(clock: str, seconds: float) -> None:
    moment = _moment("11:00,19:00 Europe/Rome", clock)
    assert pause(moment, 15) == timedelta(seconds=seconds)


def test_an_engine_that_may_run_at_any_time_is_looked_for_every_15_seconds() -> None:
    assert pause(_moment("every 10m", "12:00:00"), 15) == timedelta(seconds=15)


def _line(counter: Counter) -> tuple[list[str], dict[str, str]]:
    environment = {**os.environ, **counter.environment(), "TERM": "xterm", "COLUMNS": "200"}
    return [sys.executable, "-m", "cascade_cli", "stratagem", "watch", "one"], environment


def test_ctrl_c_ends_it_with_130(counter: Counter) -> None:
    make(counter, "one", hours_left=24 * 3650)
    line, environment = _line(counter)
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert "one: live" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130


def test_a_terminal_gets_a_line_that_moves(counter: Counter) -> None:
    make(counter, "one", hours_left=24 * 3650)
    line, environment = _line(counter)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        while b"Waiting for up to" not in shown:
            shown += os.read(ours, 4096)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    os.close(ours)
    assert b"one: live" in shown
    assert b"\x1b[?25l" in shown  # the cursor is hidden while the line moves
