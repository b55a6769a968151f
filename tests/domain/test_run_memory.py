"""What a complete run leaves behind for `--since last`."""

from __future__ import annotations

from datetime import timedelta

from cascade_cli.domain.run_memory import (
    BLIND_OVERLAP,
    OVERLAP,
    Memory,
    changes,
    may_be_kept,
    memory_of,
)
from cascade_cli.domain.times import Window
from tests.domain.samples import NOW, WEEK, a_charge, judge, keyed

PAID = a_charge("1")
OTHER = a_charge("2")


def test_a_quiet_run_is_followed_by_one_that_overlaps_it() -> None:
    memory = memory_of(WEEK, judge([PAID], [keyed(PAID)]))
    assert memory.open == {}
    assert memory.next_window(NOW) == Window(WEEK.until - OVERLAP, NOW)


def test_a_window_too_short_to_replace_any_memory_is_kept_by_none() -> None:
    short = Window(NOW - BLIND_OVERLAP + timedelta(seconds=1), NOW)
    assert not may_be_kept(short)
    assert not memory_of(short, judge([])).is_replaced_by(short.since, NOW)
    long = Window(NOW - BLIND_OVERLAP, NOW)
    assert may_be_kept(long)
    assert memory_of(long, judge([])).is_replaced_by(long.since, NOW)


def test_what_is_open_is_reached_by_a_run_that_follows_nothing_up() -> None:
    old = a_charge("1", created_at=WEEK.since)
    memory = memory_of(WEEK, judge([old]))
    assert memory.blind_since == WEEK.since
    assert memory.next_window(NOW).since == WEEK.until - OVERLAP


def test_the_journal_gives_back_what_it_was_given() -> None:
    memory = memory_of(WEEK, judge([PAID]))
    assert Memory.of(memory.document()) == memory


def test_changes_tell_new_solved_and_still_open() -> None:
    before = memory_of(WEEK, judge([PAID, OTHER], [keyed(OTHER)]))
    now = changes(before, judge([PAID, OTHER], [keyed(PAID)]))
    assert (now.new, now.solved, now.still_open) == ((OTHER.payment_id,), (PAID.payment_id,), ())
    same = changes(before, judge([PAID, OTHER], [keyed(OTHER)]))
    assert (same.new, same.solved, same.still_open) == ((), (), (PAID.payment_id,))


def test_what_was_in_flight_is_new_when_it_becomes_a_discrepancy() -> None:
    young = a_charge("1", created_at=NOW - timedelta(minutes=1))
    memory = memory_of(WEEK, judge([young]))
    assert memory.open == {young.payment_id: "in_flight"}
    assert changes(memory, judge([PAID])).new == (PAID.payment_id,)
