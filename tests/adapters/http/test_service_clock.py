"""What is taken for the present, by what the services' answers say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from cascade_cli.adapters.http.service_clock import ServiceClock, measured_ahead

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


class Watch:
    """Our clock, and one that is wrong by as much as a test says."""

    def __init__(self) -> None:
        self.moment = NOON
        self.told: list[str] = []
        self.clock = ServiceClock(lambda: self.moment, self.told.append)

    def hear(self, service: str, service_ahead: timedelta, took: timedelta = SECOND) -> None:
        """An answer that came after so long; its Date is of the time half-way."""
        sent_at, self.moment = self.moment, self.moment + took
        date = format_datetime(sent_at + took / 2 + service_ahead, usegmt=True)
        self.clock.heard(service, date, sent_at)

    @property
    def off(self) -> timedelta:
        """How far our clock is ahead, to the second."""
        return timedelta(seconds=round(self.clock.ahead / SECOND))


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_before_any_answer_it_is_our_own_time(watch: Watch) -> None:
    assert watch.clock.now() == NOON
    assert not watch.clock.is_known


@pytest.mark.parametrize("seconds", [0, 9, -9])
def test_a_difference_within_the_tolerance_changes_nothing(watch: Watch, seconds: int) -> None:
    watch.hear("Stripe", timedelta(seconds=seconds))
    assert watch.clock.now() == watch.moment
    assert (watch.clock.is_known, watch.clock.remark, watch.told) == (True, "", [])


@pytest.mark.parametrize(("hours", "way"), [(3, "3h behind"), (-3, "3h ahead of")])
def test_a_wrong_clock_is_corrected_and_told_once(watch: Watch, hours: int, way: str) -> None:
    for service in ("Stripe", "Stripe", "Airtable"):
        watch.hear(service, hours * HOUR)
    assert watch.off == -hours * HOUR
    assert f"this machine's clock is {way} Airtable's and Stripe's" in watch.clock.remark
    assert len(watch.told) == 2


@pytest.mark.parametrize("order", [("Stripe", "Airtable"), ("Airtable", "Stripe")])
def test_where_the_services_differ_the_earlier_present_counts(
    watch: Watch, order: tuple[str, str]
) -> None:
    by = {"Stripe": -2 * HOUR, "Airtable": 5 * HOUR}
    for service in order:
        watch.hear(service, by[service])
    assert watch.off == 2 * HOUR
    assert "They differ by 7h" in watch.clock.remark


def test_a_service_that_is_ahead_alone_is_not_believed(watch: Watch) -> None:
    watch.hear("Stripe", timedelta(0))
    watch.hear("Airtable", 24 * HOUR)
    assert watch.clock.now() == watch.moment
    assert "24h" in watch.clock.remark or "1d" in watch.clock.remark


def test_a_clock_that_is_set_right_meanwhile_is_believed_again(watch: Watch) -> None:
    watch.hear("Stripe", HOUR)
    watch.moment += HOUR
    watch.hear("Stripe", timedelta(0))
    assert watch.clock.now() == watch.moment


def test_time_does_not_jump_by_the_error_of_each_measurement(watch: Watch) -> None:
    watch.hear("Stripe", HOUR)
    first = watch.clock.ahead
    watch.hear("Stripe", HOUR + 4 * SECOND)
    assert watch.clock.ahead == first


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 20 Nov 2026 12:00:00"])
def test_a_header_that_tells_no_time_measures_nothing(date: str) -> None:
    assert measured_ahead(date, NOON, NOON) is None


def test_an_answer_that_took_long_measures_nothing(watch: Watch) -> None:
    watch.hear("Stripe", HOUR, took=timedelta(seconds=30))
    assert not watch.clock.is_known


def test_an_answer_during_which_our_clock_was_set_back_measures_nothing() -> None:
    date = format_datetime(NOON, usegmt=True)
    assert measured_ahead(date, NOON, NOON - HOUR) is None


def test_a_look_begins_again_at_the_time_that_its_answers_tell(watch: Watch) -> None:
    looks: list[datetime] = []

    def look(now: datetime, _check: object) -> datetime:
        looks.append(now)
        watch.hear("Stripe", -HOUR)
        return now

    assert watch.clock.with_corrected_time(look) == looks[-1]
    assert len(looks) == 2
    assert abs(looks[-1] - (NOON - HOUR)) < 3 * SECOND


def test_a_look_ends_where_it_asks_whether_its_time_was_right(watch: Watch) -> None:
    passed: list[datetime] = []

    def look(now: datetime, check: object) -> None:
        watch.hear("Stripe", -HOUR)
        assert callable(check)
        check()
        passed.append(now)

    watch.clock.with_corrected_time(look)
    assert len(passed) == 1


def test_with_a_right_clock_there_is_one_look(watch: Watch) -> None:
    looks: list[datetime] = []

    def look(now: datetime, _check: object) -> None:
        looks.append(now)
        watch.hear("Stripe", timedelta(0))
        watch.hear("Airtable", timedelta(0))

    watch.clock.with_corrected_time(look)
    assert len(looks) == 1
