"""When Venice's engine runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cascade_cli.domain.shop.times import parse_duration

SCHEDULE_FORMS = "'03:00,11:00,19:00 Europe/Rome' or 'every 10m'"
LONGEST_PERIOD = timedelta(days=7)
# A write may be in flight for up to a minute, and meet a run that begins meanwhile.
BEFORE_RUN = timedelta(minutes=1)
# A run of several thousand transfers, at five requests a second.
RUN_LASTS = timedelta(minutes=5)


@dataclass(frozen=True)
class DailyRuns:
    """The engine runs at fixed times of the day in one time zone."""

    times: tuple[time, ...]
    zone: ZoneInfo

    def next_run(self, now: datetime) -> datetime:
        """The first run after `now`, in UTC."""
        today = now.astimezone(self.zone).date()
        # Three days: a run may be missing today, and a clock change may skip one tomorrow.
        runs = (
            datetime.combine(today + timedelta(days=day), at, self.zone).astimezone(UTC)
            for day in range(3)
            for at in self.times
        )
        return min(run for run in runs if run > now)

    def describe(self, now: datetime) -> str:
        """The next run in the engine's own time: `19:00 Europe/Rome`."""
        return f"{self.next_run(now).astimezone(self.zone):%H:%M} {self.zone.key}"

    @property
    def longest_wait(self) -> timedelta:
        """No active stratagem waits longer than this for a healthy engine."""
        return timedelta(hours=25)


@dataclass(frozen=True)
class PeriodicRuns:
    """The engine runs at least once in every `period`."""

    period: timedelta

    def next_run(self, now: datetime) -> datetime:
        """The latest moment at which the next run begins."""
        return now + self.period

    def describe(self, now: datetime) -> str:
        """The next run in UTC: `by 14:12 UTC`."""
        return f"by {self.next_run(now).astimezone(UTC):%H:%M} UTC"

    @property
    def longest_wait(self) -> timedelta:
        """No active stratagem waits longer than this for a healthy engine."""
        return 2 * self.period


Schedule = DailyRuns | PeriodicRuns


def parse_schedule(text: str) -> Schedule:
    """`03:00,11:00,19:00 Europe/Rome` or `every 10m`. Raises ValueError on anything else."""
    try:
        if text.startswith("every "):
            return _periodic(parse_duration(text.removeprefix("every ")))
        clock, _, zone = text.strip().partition(" ")
        times = tuple(time.fromisoformat(part) for part in clock.split(","))
        return DailyRuns(times, ZoneInfo(zone))
    # OSError: zoneinfo opens a region such as `Europe` as if it were a zone's file.
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise ValueError(f"{text!r} is not a schedule; write it like {SCHEDULE_FORMS}") from None


def _periodic(period: timedelta) -> PeriodicRuns:
    if not timedelta(0) < period <= LONGEST_PERIOD:
        raise ValueError("an engine runs at least once a week")
    return PeriodicRuns(period)


def meets_engine(schedule: Schedule, now: datetime) -> bool:
    """Whether a scheduled run is due within about a minute, or has just begun.

    An engine that runs every few minutes at unknown moments may be running at any time.
    """
    if not isinstance(schedule, DailyRuns):
        return False
    return schedule.next_run(now - RUN_LASTS) <= now + BEFORE_RUN
