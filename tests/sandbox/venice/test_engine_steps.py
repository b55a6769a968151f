"""The engine step by step: its order, failures at each step, kills and rivals in between."""

from __future__ import annotations

import pytest

from cascade_cli.sandbox.venice import FAIL_POINTS
from tests.sandbox.venice.conftest import PAYEE, PAYER, Venice, replenish

BEFORE = (1000.25, 492485.8103135929)
DEBITED = (900.25, 492485.8103135929)
MOVED = (900.25, 492585.8103135929)


def test_a_transfer_takes_its_steps_in_the_live_engines_order(venice: Venice) -> None:
    venice.order()
    assert [step.name for step in venice.engine.steps()] == [
        "list", "read_payer", "read_payee", "write_payer", "write_payee", "write_transaction",
        "mark_executed", "notify_payer", "notify_payee", "read_back",
    ]  # fmt: skip


def test_each_step_names_its_stratagem(venice: Venice) -> None:
    venice.order("first")
    assert {step.stratagem_id for step in venice.engine.steps()} == {"", "first"}


DOUBTFUL = [
    ("read_payer", BEFORE),
    ("read_payee", BEFORE),
    ("write_payer", BEFORE),
    ("after_write_payer", DEBITED),
    ("write_payee", DEBITED),
    ("after_write_payee", MOVED),
    ("mark_executed", MOVED),
    ("after_mark_executed", MOVED),
]


@pytest.mark.parametrize(("point", "balances"), DOUBTFUL)
def test_a_failure_around_the_balances_reads_the_same_whatever_moved(
    venice: Venice, point: str, balances: tuple[float, float]
) -> None:
    row = venice.order()
    assert venice.engine.run(fail_at=point).failed == ["one"]
    after = venice.row(row)
    assert after["Status"] == "failed"
    assert "\n[ERROR] Processing error: HTTPSConnectionPool" in after["Notes"]
    assert venice.balances == balances


@pytest.mark.parametrize(
    "point", ["write_transaction", "notify_payer", "notify_payee", "after_notify_payer"]
)
def test_failing_to_leave_traces_does_not_undo_a_transfer(venice: Venice, point: str) -> None:
    row = venice.order()
    assert venice.engine.run(fail_at=point).executed == ["one"]
    assert venice.row(row)["Status"] == "executed"
    assert venice.balances == MOVED


def test_a_failure_while_parsing_becomes_status_error(venice: Venice) -> None:
    row = venice.order()
    venice.engine.run(fail_at="parse")
    assert venice.row(row)["Status"] == "error"
    assert venice.balances == BEFORE


def test_a_failure_to_mark_a_failure_becomes_status_error(venice: Venice) -> None:
    row = venice.order(TargetCitizen="Nobody")
    venice.engine.run(fail_at="mark_failed")
    assert venice.row(row)["Status"] == "error"


def test_a_failure_while_listing_is_nothing_to_do(venice: Venice) -> None:
    row = venice.order()
    venice.engine.run(fail_at="list")
    assert venice.row(row)["Status"] == "active"


def test_an_unknown_step_is_refused_before_anything_happens(venice: Venice) -> None:
    row = venice.order()
    with pytest.raises(ValueError, match="no step 'nonsense'"):
        venice.engine.run(fail_at="nonsense")
    assert venice.row(row)["Status"] == "active"


def test_every_fail_point_can_be_asked_for(venice: Venice) -> None:
    for point in set(FAIL_POINTS) - {"read_back"}:
        venice.order(point)
        venice.engine.run(fail_at=point)


KILLED = [
    ("write_payer", BEFORE),
    ("write_payee", DEBITED),
    ("write_transaction", MOVED),
    ("mark_executed", MOVED),
]


@pytest.mark.parametrize(("step", "balances"), KILLED)
def test_killed_before_a_step_the_row_is_active_and_the_balances_are_where_they_were(
    venice: Venice, step: str, balances: tuple[float, float]
) -> None:
    row = venice.order()
    steps = venice.engine.steps()
    while next(steps).name != step:
        pass
    steps.close()
    assert venice.row(row)["Status"] == "active"
    assert venice.balances == balances


@pytest.mark.parametrize(
    ("point", "balances"), [("payer", DEBITED), ("balances", MOVED), ("status", MOVED)]
)
def test_a_run_can_be_killed_after_the_payers_balance_both_or_the_status(
    venice: Venice, point: str, balances: tuple[float, float]
) -> None:
    venice.order()
    run = venice.engine.run(kill_after=point)
    assert (run.killed_at, run.executed, run.failed) == ("one", [], [])
    assert venice.balances == balances


def test_killed_between_balances_and_status_the_next_run_pays_again(venice: Venice) -> None:
    row = venice.order()
    venice.engine.run(kill_after="balances")
    assert venice.row(row)["Status"] == "active"
    assert "ExecutedAt" not in venice.row(row)
    assert venice.engine.run().executed == ["one"]
    assert venice.balances == (BEFORE[0] - 200, BEFORE[1] + 200)


def test_killed_after_the_status_nobody_is_told(venice: Venice) -> None:
    venice.tables.use_legacy_notifications()
    row = venice.order()
    venice.engine.run(kill_after="status")
    assert venice.row(row)["Status"] == "executed"
    assert venice.notices() == []


def test_a_killed_run_takes_no_other_stratagem(venice: Venice) -> None:
    rows = [venice.order("first"), venice.order("second")]
    venice.engine.run(kill_after="status")
    assert sorted(venice.row(row)["Status"] for row in rows) == ["active", "executed"]


def test_a_run_that_never_gets_so_far_ends_by_itself(venice: Venice) -> None:
    venice.order(TargetCitizen="Nobody")
    run = venice.engine.run(kill_after="payer")
    assert (run.killed_at, run.failed) == ("", ["one"])


def test_an_unknown_kill_is_refused_before_anything_happens(venice: Venice) -> None:
    venice.order()
    with pytest.raises(ValueError, match="there are: payer, balances, status"):
        venice.engine.run(kill_after="nonsense")
    assert venice.balances == BEFORE


def test_whoever_writes_a_balance_in_between_loses_the_update(venice: Venice) -> None:
    venice.order()
    for step in venice.engine.steps():
        if step.name == "write_payer":
            replenish(venice, 5000.0)
    assert venice.balances == MOVED


def test_whoever_writes_a_balance_they_read_before_erases_the_debit(venice: Venice) -> None:
    venice.order()
    for step in venice.engine.steps():
        if step.name == "mark_executed":
            replenish(venice, 5000.0)
    assert venice.ducats(PAYER) == 5000.0
    assert venice.ducats(PAYEE) == MOVED[1]
