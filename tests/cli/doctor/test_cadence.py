"""Measured runs against the set ones: whatever differs is told, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from cascade_cli.domain.doctor.engine import Cadence, differences
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.engine_schedule import Schedule, parse_schedule
from tests.domain.samples import a_stratagem

BEGIN = datetime(2026, 11, 6, 12, 0, tzinfo=UTC)
LIFE = timedelta(hours=72)
TWICE = "11:00,19:00 Europe/Rome"
THREE_TIMES = "03:00,11:00,19:00 Europe/Rome"
FIVE_PAST = "03:05,11:05,19:05 Europe/Rome"
OFTEN = "every 10m"
ALL = (TWICE, THREE_TIMES, FIVE_PAST, OFTEN)


def transfer(
    made: datetime, executed: datetime | None, life: timedelta = LIFE, status: str = ""
) -> Stratagem:
    return a_stratagem(
        f"{made:%d%H%M%S}",
        status=status or ("executed" if executed else "active"),
        created_at=made,
        expires_at=made + life,
        executed_at=executed,
    )


def sales(*, every: timedelta, days: int = 14) -> list[datetime]:
    count = int(timedelta(days=days) / every)
    return [BEGIN + number * every for number in range(count)]


def real_run(schedule: Schedule, made: datetime) -> datetime:
    """When an engine that keeps the schedule takes what was made then."""
    if schedule == parse_schedule(OFTEN):
        passed = (made - BEGIN) // timedelta(minutes=10) + 1
        return BEGIN + passed * timedelta(minutes=10) + timedelta(seconds=20)
    return schedule.next_run(made) + timedelta(seconds=20)


def measured(real: str, *, every: timedelta = timedelta(minutes=97)) -> list[Stratagem]:
    schedule = parse_schedule(real)
    return [transfer(made, real_run(schedule, made)) for made in sales(every=every)]


def told(transfers: list[Stratagem], setting: str) -> list[str]:
    return differences(Cadence.of(transfers, LIFE), parse_schedule(setting))


@pytest.mark.parametrize(("real", "setting"), list(permutations(ALL, 2)))
@pytest.mark.parametrize("hours", [0.7, 1.617, 5.3, 11])
def test_runs_at_other_times_than_set_are_told(real: str, setting: str, hours: float) -> None:
    assert told(measured(real, every=timedelta(hours=hours)), setting)


@pytest.mark.parametrize("real", ALL)
@pytest.mark.parametrize("hours", [0.1, 0.7, 1.617, 5.3, 11, 40])
def test_runs_at_the_set_times_are_not(real: str, hours: float) -> None:
    assert told(measured(real, every=timedelta(hours=hours)), real) == []


def test_two_runs_a_day_where_three_are_set_name_the_one_that_never_comes() -> None:
    (said,) = told(measured(TWICE), THREE_TIMES)
    assert said.startswith("no run came at 03:00 Europe/Rome, though transfers waited then on 1")


def test_three_runs_a_day_where_two_are_set_name_the_third() -> None:
    (said,) = told(measured(THREE_TIMES), TWICE)
    assert said.startswith("runs came at about 03:00 Europe/Rome on 1")


def test_runs_at_five_past_where_the_hour_is_set_are_told_by_how_late_they_are() -> None:
    assert "runs come 5m 20s after the set times at the earliest" in told(
        measured(FIVE_PAST), THREE_TIMES
    )


def test_an_engine_that_comes_every_few_minutes_is_told_where_hours_are_set() -> None:
    (said,) = told(measured(OFTEN), "every 8h")
    assert said.endswith("for it, and the setting says every 8h")


def test_a_run_that_nobody_waited_for_is_not_missed() -> None:
    schedule = parse_schedule(TWICE)
    by_day = [made for made in sales(every=timedelta(hours=24)) if made.hour == 12]
    transfers = [transfer(made, real_run(schedule, made)) for made in by_day]
    assert told(transfers, THREE_TIMES) == []


def test_nights_without_a_run_are_an_outage_and_no_other_schedule() -> None:
    nights = (15, 16, 17)
    transfers = [
        transfer(row.created_at, row.executed_at + timedelta(hours=8))
        if row.executed_at
        and (row.executed_at.day, row.executed_at.hour) in {(n, 2) for n in nights}
        else row
        for row in measured(THREE_TIMES)
    ]
    assert transfers != measured(THREE_TIMES)
    assert told(transfers, THREE_TIMES) == []


def test_a_row_that_somebody_had_executed_after_its_expiry_is_no_run() -> None:
    by_hand = [
        transfer(made, made + timedelta(minutes=20), timedelta(minutes=5))
        for made in sales(every=timedelta(hours=24))
    ]
    assert told(measured(THREE_TIMES) + by_hand, THREE_TIMES) == []


def test_a_row_that_was_revived_waits_since_its_revival() -> None:
    made = [BEGIN + timedelta(days=day, hours=9) for day in range(10)]
    expiry = [moment + timedelta(hours=10) + LIFE for moment in made]
    revived = [
        transfer(moment, moment + timedelta(hours=13, seconds=9), expires - moment)
        for moment, expires in zip(made, expiry, strict=True)
    ]
    assert told(measured(TWICE, every=timedelta(days=2)) + revived, THREE_TIMES) == []


def test_a_planned_row_waits_for_nothing() -> None:
    nights = [BEGIN + timedelta(days=day, hours=11) for day in range(9)]
    planned = [transfer(made, None, status="planned") for made in nights]
    by_day = measured(TWICE, every=timedelta(days=1))
    assert told(by_day + planned, THREE_TIMES) == []
