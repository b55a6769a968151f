"""A transfer that is not to arrive any more, and transfers whose payer is a citizen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.domain.delivery.delivery_steps import (
    FATE_BOUND,
    Action,
    End,
    OrderVerdict,
    Wait,
    Write,
    next_step,
)
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from tests.domain.delivery.orders import DEAD, DOUBTFUL, EVERY, a_row, an_order
from tests.domain.samples import NOW


def step(*rows: Any, last: Attempt | None = None) -> Any:
    return next_step(an_order(ends=True), rows, NOW, last, due=NOW + timedelta(hours=4))


def test_a_live_transfer_is_ended_by_its_expiry() -> None:
    row = a_row("active")
    assert step(row) == Write(Action.EXPIRE, row)


@pytest.mark.parametrize("state", DEAD)
def test_a_dead_one_is_left_dead(state: str) -> None:
    assert step(a_row(state)).verdict is OrderVerdict.ENDED


def test_without_a_row_there_is_nothing_to_end() -> None:
    assert step() == End(OrderVerdict.ENDED, None)


def test_one_that_was_executed_all_the_same_is_told() -> None:
    row = a_row("executed")
    assert step(a_row("active", "2"), row) == End(OrderVerdict.EXECUTED, row)


@pytest.mark.parametrize("state", DOUBTFUL)
def test_a_doubtful_one_is_for_people(state: str) -> None:
    assert step(a_row(state)).verdict is OrderVerdict.BLOCKED


@pytest.mark.parametrize("action", [Action.CREATE, Action.ACTIVATE, Action.EXTEND, Action.REWRITE])
def test_a_write_that_may_still_come_is_waited_for(action: Action) -> None:
    last = Attempt(action, NOW - timedelta(seconds=1), Fate.UNKNOWN)
    assert step(last=last) == Wait(last.at + FATE_BOUND)


@pytest.mark.parametrize("action", [Action.ACTIVATE, Action.EXTEND, Action.REWRITE, Action.NOTIFY])
@pytest.mark.parametrize("state", DEAD)
def test_a_row_that_may_be_shown_as_it_was_before_the_last_write_has_not_ended(
    action: Action, state: str
) -> None:
    last = Attempt(action, NOW - timedelta(seconds=1), Fate.APPLIED)
    assert step(a_row(state), last=last) == Wait(last.at + FATE_BOUND)
    assert step(last=last) == Wait(last.at + FATE_BOUND)


@pytest.mark.parametrize(
    ("action", "fate"), [(Action.EXPIRE, Fate.APPLIED), (Action.REWRITE, Fate.REFUSED)]
)
def test_one_that_the_last_write_left_dead_has_ended(action: Action, fate: Fate) -> None:
    last = Attempt(action, NOW - timedelta(seconds=1), fate)
    assert step(a_row("expired"), last=last).verdict is OrderVerdict.ENDED


@pytest.mark.parametrize("state", EVERY)
def test_nothing_but_an_expiry_is_ever_written_to_end_it(state: str) -> None:
    found = step(a_row(state))
    assert not isinstance(found, Write) or found.action is Action.EXPIRE


def test_a_row_that_another_pays_is_not_the_one_that_was_ordered() -> None:
    order = an_order(payer="marco", citizen="PROCESSOR")
    ours = a_row("active", payer="marco", citizen="PROCESSOR")
    assert next_step(order, [ours], NOW) == End(OrderVerdict.UNDER_WAY, ours)
    theirs = a_row("active", payer="polo", citizen="PROCESSOR")
    assert next_step(order, [theirs], NOW).verdict is OrderVerdict.BLOCKED  # type: ignore[union-attr]
