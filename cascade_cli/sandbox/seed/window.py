"""The window of a scenario: its bounds, the engine's runs, and when people buy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from cascade_cli.sandbox.venice.transfer import VENICE_TIME

RUN_TIMES = (time(3), time(11), time(19))
# Without the run at three: hardly anybody buys just before it.
_DAYTIME_RUNS = RUN_TIMES[1:]
_ROOM_AFTER_RUN = timedelta(minutes=4)
_QUIET_START = timedelta(hours=3)

# How likely a person is to buy in each hour of their local day, relative to the busiest.
_APPETITE = (
    *(0.35, 0.2, 0.12, 0.08, 0.06, 0.06, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45),
    *(0.6, 0.55, 0.45, 0.45, 0.5, 0.6, 0.75, 0.9, 1.0, 1.0, 0.85, 0.6),
)


def run_after(moment: datetime, times: Sequence[time] = RUN_TIMES) -> datetime:
    """The first run after `moment`, in UTC: the engine's, or that of a job with other `times`."""
    return next(run for run in _runs_around(moment, times) if run > moment)


def run_before(moment: datetime) -> datetime:
    """The engine's last run before `moment`, in UTC."""
    return [run for run in _runs_around(moment) if run < moment][-1]


def _runs_around(moment: datetime, times: Sequence[time] = RUN_TIMES) -> list[datetime]:
    today = moment.astimezone(VENICE_TIME).date()
    days = (today + timedelta(days=offset) for offset in (-1, 0, 1))
    return [datetime.combine(day, at, VENICE_TIME).astimezone(UTC) for day in days for at in times]


@dataclass(frozen=True)
class Window:
    """The window [since, until), and the engine's last run in it.

    The engine has not seen rows created from `fresh_since` on. Ordinary purchases end at
    `ordinary_until`. If `until` follows a scheduled run by less than four minutes, there is no room
    for fresh rows after that run. It then counts as still to come.
    """

    since: datetime
    until: datetime
    last_run: datetime
    fresh_since: datetime
    ordinary_until: datetime

    @classmethod
    def ending(cls, until: datetime, days: int) -> Window:
        """The window of the `days` days before `until`."""
        since = until - timedelta(days=days)
        run = run_before(until)
        if until - run >= _ROOM_AFTER_RUN:
            fresh_since = run + timedelta(seconds=2)
            return cls(since, until, run, fresh_since, until - timedelta(minutes=2))
        earlier = run_before(run)
        return cls(since, until, earlier, until - 2 * _ROOM_AFTER_RUN, earlier)

    @property
    def opening(self) -> datetime:
        """When purchases begin: late enough that a reconciliation hours later finds them all."""
        return self.since + _QUIET_START

    def purchase(self, random: Random, zone: ZoneInfo, before: datetime) -> datetime:
        """A moment in [opening, before) when somebody living in `zone` buys."""
        span = (before - self.opening).total_seconds()
        while True:
            moment = self.opening + timedelta(seconds=random.random() * span)
            if random.random() < _APPETITE[moment.astimezone(zone).hour]:
                return moment.replace(microsecond=0)

    def fresh(self, random: Random) -> datetime:
        """A random time after the last run, with a minute left for the credit to follow."""
        start = max(self.fresh_since, self.until - timedelta(hours=6))
        span = (self.until - timedelta(seconds=70) - start).total_seconds()
        return start + timedelta(seconds=int(random.random() * span))

    def daytime_runs(self) -> list[datetime]:
        """The runs at 11:00 and 19:00 from `opening` to the last run."""
        runs: list[datetime] = []
        moment = self.opening
        while moment < self.last_run:
            moment = min(r for r in _runs_around(moment, _DAYTIME_RUNS) if r > moment)
            runs.append(moment)
        return [run for run in runs if run <= self.last_run]
