"""The one table of states, over every combination that a row can show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from cascade_cli.domain.records.stratagems import STATE_TABLE, Failure, State, Stratagem, Trace
from tests.domain.samples import NOW, a_stratagem

STATUSES = ("executed", "active", "failed", "planned", "expired", "cancelled", "", "error", "odd")
EXPIRIES = (None, NOW, NOW + timedelta(hours=1))
# What the engine noted, as the row carries it.
NOTED: dict[Trace, dict[str, Any]] = {
    Trace.NOTHING: {},
    Trace.REFUSED: {"failure": Failure.NO_FUNDS},
    Trace.UNKNOWN_LINE: {"unknown_line": "half done"},
    Trace.DONE: {"success_logged": True},
    Trace.UNCERTAIN: {"failure": Failure.UNCERTAIN},
}


def every_row() -> Iterator[Stratagem]:
    executions, readable = (None, NOW), (True, False)
    for status, noted, executed_at, expires_at, parsable, amount in product(
        STATUSES, NOTED.values(), executions, EXPIRIES, readable, readable
    ):
        row = a_stratagem(status=status, expires_at=expires_at, executed_at=executed_at, **noted)
        yield replace(row, is_parsable=parsable, ducats=row.ducats if amount else None)


ROWS = tuple(every_row())


def rows_in(*states: State) -> list[Stratagem]:
    return [row for row in ROWS if row.state(NOW) in states]


def test_every_combination_has_a_state_and_every_state_a_combination() -> None:
    assert len(ROWS) == 9 * 5 * 2 * 3 * 2 * 2
    assert {row.state(NOW) for row in ROWS} == set(State)


def test_every_line_of_the_table_decides_something() -> None:
    lines = [list(line) for line in STATE_TABLE]
    for index in range(len(lines)):
        shortened = [line for number, line in enumerate(lines) if number != index]
        assert any(_decides(lines, row) != _decides(shortened, row) for row in ROWS), lines[index]


def _decides(lines: list[list[object]], row: Stratagem) -> object:
    seen = (
        row.status,
        row.trace,
        row.executed_at is not None,
        row.expires_at is not None and row.expires_at <= NOW,
        row.ducats is not None and (row.status == "executed" or row.is_parsable),
    )
    for *wanted, state in lines:
        pairs = zip(wanted, seen, strict=True)
        if all(w is None or w == s or (isinstance(w, tuple) and s in w) for w, s in pairs):
            return state
    return None


def test_a_run_that_broke_off_is_doubtful_whatever_came_after() -> None:
    uncertain = [row for row in ROWS if row.trace is Trace.UNCERTAIN]
    assert {row.state(NOW) for row in uncertain} == {State.DOUBTFUL}


def test_what_a_machine_may_try_again_never_carries_a_sign_that_ducats_moved() -> None:
    for row in rows_in(State.LIVE, State.STALLED, State.FAILED):
        assert row.trace in {Trace.NOTHING, Trace.REFUSED}
        assert row.executed_at is None
        assert row.status not in {"executed", "error", "odd"}


def test_a_failure_without_a_known_reason_is_doubtful() -> None:
    silent = [row for row in ROWS if (row.status, row.trace) == ("failed", Trace.NOTHING)]
    assert {row.state(NOW) for row in silent} == {State.DOUBTFUL}


def test_an_executed_row_that_once_lacked_funds_is_simply_executed() -> None:
    row = a_stratagem(failure=Failure.NO_FUNDS, success_logged=True)
    assert row.state(NOW) is State.EXECUTED


@pytest.mark.parametrize("expires_at", [None, NOW + timedelta(seconds=1)])
def test_active_is_live_until_it_expires_and_for_ever_without_an_expiry(
    expires_at: datetime | None,
) -> None:
    row = replace(a_stratagem(status="active"), expires_at=expires_at)
    assert row.state(NOW) is State.LIVE
    assert replace(row, is_parsable=False).state(NOW) is State.FAILED


def test_a_doubtful_row_always_says_why() -> None:
    assert all(row.doubt for row in rows_in(State.DOUBTFUL) if row.ducats is not None)
