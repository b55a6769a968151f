"""What a complete run leaves behind for `--since last`."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cascade_cli.domain.history.alert import AlertRecord, Known, news, record_after
from cascade_cli.domain.history.checkpoint import (
    BLIND_OVERLAP,
    OVERLAP,
    Checkpoint,
    Scope,
    WithoutVerdict,
    changes,
    checkpoint_of,
    may_be_kept,
)
from cascade_cli.domain.shop.keys import Origin
from cascade_cli.domain.shop.times import Window
from tests.domain.samples import NOW, WEEK, a_charge, a_stratagem, judge, keyed

HOUR = timedelta(hours=1)
PAID = a_charge("1")
OTHER = a_charge("2")


def test_a_quiet_run_is_followed_by_one_that_overlaps_it() -> None:
    checkpoint = checkpoint_of(WEEK, judge([PAID], [keyed(PAID)]))
    assert checkpoint.open == {}
    assert checkpoint.next_window(NOW) == Window(WEEK.until - OVERLAP, NOW)


def test_a_window_too_short_to_replace_any_memory_is_kept_by_none() -> None:
    short = Window(NOW - BLIND_OVERLAP + timedelta(seconds=1), NOW)
    assert not may_be_kept(short)
    assert not checkpoint_of(short, judge([])).is_replaced_by(short.since, NOW)
    long = Window(NOW - BLIND_OVERLAP, NOW)
    assert may_be_kept(long)
    assert checkpoint_of(long, judge([])).is_replaced_by(long.since, NOW)


def test_what_is_open_is_reached_by_a_run_that_follows_nothing_up() -> None:
    old = a_charge("1", created_at=WEEK.since)
    checkpoint = checkpoint_of(WEEK, judge([old]))
    assert checkpoint.blind_since == WEEK.since
    assert checkpoint.next_window(NOW).since == WEEK.until - OVERLAP


def test_the_journal_gives_back_what_it_was_given() -> None:
    checkpoint = checkpoint_of(WEEK, judge([PAID]))
    assert Checkpoint.of(checkpoint.document()) == checkpoint


def test_changes_tell_new_solved_and_still_open() -> None:
    before = checkpoint_of(WEEK, judge([PAID, OTHER], [keyed(OTHER)]))
    now = changes(before, judge([PAID, OTHER], [keyed(PAID)]))
    assert (now.new, now.solved, now.still_open) == ((OTHER.payment_id,), (PAID.payment_id,), ())
    same = changes(before, judge([PAID, OTHER], [keyed(OTHER)]))
    assert (same.new, same.solved, same.still_open) == ((), (), (PAID.payment_id,))


def test_what_was_in_flight_is_new_when_it_becomes_a_discrepancy() -> None:
    young = a_charge("1", created_at=NOW - timedelta(minutes=1))
    checkpoint = checkpoint_of(WEEK, judge([young]))
    assert checkpoint.open == {young.payment_id: "in_flight"}
    assert changes(checkpoint, judge([PAID])).new == (PAID.payment_id,)


def test_a_memory_with_everything_comes_back_from_the_journal() -> None:
    old = a_charge("old", created_at=WEEK.since + HOUR)
    orphan = a_stratagem("orphan", stripe_ids=("pi_9",), origin=Origin.PAYMENT)
    without_verdict = WithoutVerdict(
        {"ch_authorised": PAID.created_at}, {"recdead": "ch_settled"}, 70
    )
    checkpoint = checkpoint_of(WEEK, judge([PAID, old], [keyed(PAID), orphan]), without_verdict)
    assert {open_item.charge for open_item in checkpoint.open_items} == {
        "ch_old",
        None,
        "ch_authorised",
    }
    assert checkpoint.charges_a_day == 10
    assert Checkpoint.of(json.loads(json.dumps(checkpoint.document()))) == checkpoint


def test_all_stays_covered_since_the_first_run() -> None:
    first = WEEK.since - timedelta(days=300)
    assert checkpoint_of(WEEK, judge([]), covered_since=first).covered_since == first
    assert checkpoint_of(WEEK, judge([])).covered_since == WEEK.since


def test_a_memory_of_an_older_version_cannot_be_continued() -> None:
    kept: dict[str, Any] = {"until": NOW.isoformat(), "open": {}, "open_since": None}
    assert not Checkpoint.of(kept).is_continuable(NOW)
    assert checkpoint_of(WEEK, judge([])).is_continuable(NOW)


@pytest.mark.parametrize(("days", "is_continuable"), [(29, True), (30, False)])
def test_a_memory_can_be_continued_as_long_as_stripe_keeps_events(
    days: int, *, is_continuable: bool
) -> None:
    later = NOW + timedelta(days=days)
    assert checkpoint_of(WEEK, judge([])).is_continuable(later) is is_continuable


@pytest.mark.parametrize(
    ("since", "until", "is_replaced"),
    [
        (timedelta(0), HOUR, True),
        (HOUR, HOUR, False),
        (timedelta(0), -HOUR, False),
        # Stripe's events of the time between are gone: nothing could continue there.
        (HOUR, timedelta(days=40), True),
        (timedelta(days=6), timedelta(days=40), False),
    ],
)
def test_a_run_takes_a_memory_s_place_if_it_forgets_nothing(
    since: timedelta, until: timedelta, *, is_replaced: bool
) -> None:
    checkpoint = checkpoint_of(WEEK, judge([]))
    assert checkpoint.is_replaced_by(WEEK.since + since, WEEK.until + until) is is_replaced


def test_what_was_followed_is_known_to_be_solved_however_old() -> None:
    old = a_charge("old", created_at=WEEK.since - timedelta(days=90))
    told = AlertRecord({"pi_old": Known("missing", old.created_at)})
    assert news(told, Scope(WEEK), judge([])).elsewhere == 1
    followed = Scope(WEEK, frozenset({"pi_old"}))
    found = news(told, followed, judge([]))
    assert (list(found.solved), found.elsewhere) == (["pi_old"], 0)
    assert record_after(told, followed, judge([])) == AlertRecord({})
    assert record_after(told, Scope(WEEK), judge([])) == told


def test_a_memory_that_ends_now_or_before_is_believed() -> None:
    checkpoint = checkpoint_of(WEEK, judge([PAID]))
    assert checkpoint.trusted(WEEK.until) is checkpoint
    assert checkpoint.trusted(WEEK.until - timedelta(seconds=9)) is checkpoint


def test_of_one_that_ends_later_than_now_the_last_end_by_the_services_clocks_is_believed() -> None:
    begun = checkpoint_of(WEEK, judge([PAID]))
    good = replace(begun, until=WEEK.until - timedelta(days=1)).dated(None)
    bad = replace(begun, until=WEEK.until + timedelta(days=2)).dated(good)
    believed = bad.trusted(WEEK.until)
    assert believed.until == good.until
    assert believed.ends == good.ends
    assert (believed.open, believed.covered_since) == (bad.open, bad.covered_since)
    assert "is later than now" in believed.remark
    assert not good.remark


def test_without_such_an_end_nothing_is_believed_to_be_covered() -> None:
    bad = checkpoint_of(WEEK, judge([PAID]))
    believed = bad.trusted(WEEK.until - timedelta(days=1))
    assert believed.until == bad.covered_since
    assert Checkpoint.of(believed.document()).until == bad.covered_since


def test_the_ends_of_earlier_runs_are_kept_newest_first_and_not_for_ever() -> None:
    checkpoint = checkpoint_of(WEEK, judge([PAID])).dated(None)
    for day in range(1, 30):
        checkpoint = replace(checkpoint, until=WEEK.until + timedelta(days=day)).dated(checkpoint)
    assert len(checkpoint.ends) < 20
    assert list(checkpoint.ends) == sorted(checkpoint.ends, reverse=True)
    assert checkpoint.ends[0] == checkpoint.until
