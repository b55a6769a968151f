from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cascade_cli.domain.shop.engine_schedule import parse_schedule

ROME = parse_schedule("11:00,19:00 Europe/Rome")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "run"),
    [
        ("2026-11-20T09:59", "2026-11-20T10:00"),
        ("2026-11-20T10:00", "2026-11-20T18:00"),
        ("2026-11-20T18:00", "2026-11-21T10:00"),
        ("2026-07-01T08:00", "2026-07-01T09:00"),
    ],
)
def test_the_next_run_is_the_first_after_now_in_romes_time(now: str, run: str) -> None:
    assert ROME.next_run(utc(now)) == utc(run)


@pytest.mark.parametrize(
    ("now", "run"),
    [
        # Clocks go forward on 29 March 2026 and back on 25 October 2026, at 01:00 UTC.
        ("2026-03-28T18:00", "2026-03-29T09:00"),
        ("2026-03-28T09:00", "2026-03-28T10:00"),
        ("2026-10-24T17:00", "2026-10-25T10:00"),
        ("2026-10-25T09:30", "2026-10-25T10:00"),
    ],
)
def test_runs_keep_their_local_hour_when_clocks_change(now: str, run: str) -> None:
    assert ROME.next_run(utc(now)) == utc(run)


def test_the_next_run_is_the_earliest_even_where_the_clock_skips_an_hour() -> None:
    # 02:30 does not exist on that day and falls on 03:30, after 03:15.
    schedule = parse_schedule("02:30,03:15 Europe/Rome")
    assert schedule.next_run(utc("2026-03-29T00:30")) == utc("2026-03-29T01:15")


def test_a_daily_schedule_describes_its_next_run_in_the_engines_zone() -> None:
    assert ROME.describe(utc("2026-11-20T15:00")) == "19:00 Europe/Rome"


def test_a_periodic_engine_runs_within_its_period() -> None:
    schedule = parse_schedule("every 10m")
    assert schedule.next_run(utc("2026-11-20T14:02")) == utc("2026-11-20T14:12")
    assert schedule.describe(utc("2026-11-20T14:02")) == "by 14:12 UTC"


def test_no_daily_wait_is_longer_than_the_longest_even_when_clocks_go_back() -> None:
    schedule = parse_schedule("11:00 Europe/Rome")
    before = utc("2026-10-24T09:00")
    assert schedule.next_run(before) - before == timedelta(hours=25) == schedule.longest_wait


@pytest.mark.parametrize(
    "text",
    [
        *("", "11:00", "11:00 Mars/Olympus", "25:00 Europe/Rome", "11:00, Europe/Rome", "every"),
        *("every 10", "every 0s", "every 8d", "every 999999w", "11:00 Europe", "11:00 ../../etc"),
    ],
)
def test_anything_else_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match="is not a schedule; write it like"):
        parse_schedule(text)
