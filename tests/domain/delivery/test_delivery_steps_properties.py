"""What holds of the next step whatever rows and attempts there are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cascade_cli.domain.delivery.delivery_steps import FATE_BOUND, Action, Wait, Write, next_step
from cascade_cli.domain.matching.ownership import rows_of
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import MAY_STILL_MOVE, State, Stratagem
from tests.domain.delivery.orders import DEAD, EVERY, KEY, a_row, an_order
from tests.domain.samples import NOW, PAID

orders = st.builds(an_order, retire_surplus=st.booleans())


def rows_in(states: Sequence[str]) -> st.SearchStrategy[list[Stratagem]]:
    """Up to four rows under the order's key, of any amount, citizen and age."""
    row = st.builds(
        a_row,
        st.sampled_from(sorted(states)),
        ducats=st.sampled_from([Decimal(100), Decimal(100), Decimal(7)]),
        citizen=st.sampled_from(["marco", "marco", "lucia"]),
        created_at=st.integers(0, 3).map(lambda minutes: PAID + timedelta(minutes=minutes)),
    )
    return st.lists(row, max_size=4).map(_numbered)


def _numbered(rows: list[Stratagem]) -> list[Stratagem]:
    return [a_row_with(row, number) for number, row in enumerate(rows)]


def a_row_with(row: Stratagem, number: int) -> Stratagem:
    """The same row as another record."""
    return replace(row, record_id=f"rec{number}")


attempts = st.none() | st.builds(
    Attempt,
    action=st.sampled_from(list(Action)),
    fate=st.sampled_from(list(Fate)),
    at=st.integers(0, 300).map(lambda seconds: NOW - timedelta(seconds=seconds)),
)


@given(orders, rows_in([*EVERY]), attempts)
def test_where_ducats_moved_or_may_move_nothing_but_a_surplus_is_ended(
    order: Order, rows: list[Stratagem], last: Attempt | None
) -> None:
    step = next_step(order, rows_of(order, rows), NOW, last)
    if any(row.state(NOW) in MAY_STILL_MOVE for row in rows) and isinstance(step, Write):
        assert step.action is Action.RETIRE
        assert order.retire_surplus


@given(orders, rows_in([*EVERY]), attempts)
def test_what_is_ended_leaves_another_that_moved_or_will(
    order: Order, rows: list[Stratagem], last: Attempt | None
) -> None:
    step = next_step(order, rows_of(order, rows), NOW, last)
    if isinstance(step, Write) and step.action in {Action.EXPIRE, Action.RETIRE}:
        assert step.row is not None
        assert step.row.state(NOW) is State.LIVE
        others = [row for row in rows if row.record_id != step.row.record_id]
        assert any(row.state(NOW) in {State.EXECUTED, State.LIVE} for row in others)


@given(orders, rows_in([*EVERY]), attempts)
def test_nothing_is_created_where_a_row_exists_or_the_journal_knows_of_one(
    order: Order, rows: list[Stratagem], last: Attempt | None
) -> None:
    if next_step(order, rows_of(order, rows), NOW, last) == Write(Action.CREATE):
        assert not rows
        assert last is None or (last.action == Action.CREATE and last.fate is not Fate.APPLIED)


@given(orders, rows_in([*EVERY]), attempts)
def test_nothing_is_written_while_an_earlier_write_may_still_come(
    order: Order, rows: list[Stratagem], last: Attempt | None
) -> None:
    step = next_step(order, rows_of(order, rows), NOW, last)
    unknown = last is not None and last.fate is Fate.UNKNOWN and last.action != Action.NOTIFY
    if unknown and isinstance(step, Write):
        assert last is not None
        arrived = last.action == Action.CREATE and any(r.stratagem_id == KEY for r in rows)
        assert arrived or last.at + FATE_BOUND <= NOW


@given(orders, rows_in([*EVERY]), attempts)
def test_a_wait_ends_when_the_last_attempt_can_no_longer_come(
    order: Order, rows: list[Stratagem], last: Attempt | None
) -> None:
    step = next_step(order, rows_of(order, rows), NOW, last)
    if isinstance(step, Wait):
        assert last is not None
        assert step.until == last.at + FATE_BOUND > NOW


@given(orders, rows_in([*DEAD]), st.randoms())
def test_among_dead_rows_it_is_always_the_same_one_in_whatever_order_they_are_read(
    order: Order, rows: list[Stratagem], chance: random.Random
) -> None:
    shuffled = chance.sample(rows, len(rows))
    first = next_step(order, rows_of(order, rows), NOW)
    assert next_step(order, rows_of(order, shuffled), NOW) == first


@given(rows_in([*DEAD]))
def test_once_a_dead_row_lives_no_other_is_chosen(rows: list[Stratagem]) -> None:
    order = an_order()
    step = next_step(order, rows_of(order, rows), NOW)
    if isinstance(step, Write) and step.row is not None:
        revived = a_row("active", record_id=step.row.record_id, created_at=step.row.created_at)
        others = [row for row in rows if row.record_id != step.row.record_id]
        assert not isinstance(next_step(order, rows_of(order, [*others, revived]), NOW), Write)
