"""Area `engine`: whether it runs, and often enough that transfers do not expire first.

Only ExecutedAt shows that it ran: an engine whose query is refused finds nothing to do and says so.
A run that executed nothing cannot be seen. So a missing run proves something only if a transfer was
waiting when it should have come.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.records.stratagems import State, Stratagem
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.engine_schedule import RUN_LASTS, DailyRuns, PeriodicRuns, Schedule
from cascade_cli.domain.shop.times import format_moment, format_span

LATELY = timedelta(days=7)

ALIVE = green("engine.alive", "last run")
PASSED_OVER = red(
    "engine.passed_over",
    "last run",
    "A run should have taken them: either the engine is down, or its query is refused.",
    "Look at the engine's log, and at the schema above.",
)
UNPROVEN = amber(
    "engine.unproven",
    "last run",
    "Only ExecutedAt shows that the engine works. No transfer waits for it either.",
    "After the next sale: cascade stratagem watch ID",
)
CADENCE_GOOD = green("engine.cadence_good", "cadence")
CADENCE_UNKNOWN = green("engine.cadence_unknown", "cadence")
TOO_SLOW = red(
    "engine.too_slow",
    "cadence",
    "Most transfers expire before the next run. They are paid for and never executed.",
    "Raise CASCADE_STRATAGEM_LIFETIME to several times the cadence.",
)
GAPS = amber(
    "engine.gaps",
    "cadence",
    "A transfer made at the start of such a gap expires before the next run.",
    "Raise CASCADE_STRATAGEM_LIFETIME above the longest gap.",
)
SCHEDULE_GOOD = green("engine.schedule_good", "schedule")
OFF_SCHEDULE = amber(
    "engine.off_schedule",
    "schedule",
    "cascade relies on this setting to know what is in flight and when the next run comes, and to "
    "keep its balance writes away from runs.",
    "Set CASCADE_ENGINE_SCHEDULE to when the engine really runs.",
)


def judge_life(
    open_transfers: Iterable[Stratagem],
    last_executed_at: datetime | None,
    schedule: Schedule,
    now: datetime,
) -> Check:
    """An engine that skips live transfers is down, whatever else it reports."""
    bound = now - schedule.longest_wait
    waiting = [s for s in open_transfers if s.state(now) is State.LIVE]
    overdue = [s for s in waiting if s.created_at < bound]
    last = _last_run_text(last_executed_at, now)
    wait = format_count(len(waiting), "transfer waits", "transfers wait")
    if overdue and (last_executed_at is None or last_executed_at < bound):
        oldest = min(s.created_at for s in overdue)
        age = format_span(now - oldest)
        late = format_count(len(overdue), "live transfer waits", "live transfers wait")
        return PASSED_OVER.seen(f"{late}, the oldest for {age}; {last}")
    if last_executed_at is None or now - last_executed_at > LATELY:
        return UNPROVEN.seen(f"{last}; {wait}, none for too long")
    return ALIVE.seen(f"{last}; {wait}")


def _last_run_text(last: datetime | None, now: datetime) -> str:
    if last is None:
        return "it has never executed a transfer of ours"
    return f"it executed one {format_span(now - last)} ago ({format_moment(last)})"


def judge_cadence(
    transfers: Sequence[Stratagem], lifetime: timedelta, schedule: Schedule | None
) -> Iterator[Check]:
    """Compare the runs with our transfers' lifetime, and with the schedule if known."""
    cadence = Cadence.of(transfers, lifetime)
    runs = format_count(len(cadence.runs), "run")
    if not cadence.gaps:
        yield CADENCE_UNKNOWN.seen(f"{runs} seen lately: too few to measure")
        return
    typical, longest = cadence.typical, max(cadence.gaps)
    found = (
        f"{runs} seen; a transfer waits {format_span(typical)} for one, "
        f"{format_span(longest)} at most; ours live {format_span(lifetime)}"
    )
    if typical >= lifetime:
        yield TOO_SLOW.seen(found)
    elif longest >= lifetime:
        yield GAPS.seen(found)
    else:
        yield CADENCE_GOOD.seen(found)
    if schedule is not None:
        yield _judge_schedule(cadence, schedule)


def _judge_schedule(cadence: Cadence, schedule: Schedule) -> Check:
    if different := differences(cadence, schedule):
        return OFF_SCHEDULE.seen("; ".join(different))
    return SCHEDULE_GOOD.seen("the runs that were seen fit CASCADE_ENGINE_SCHEDULE")


# A scheduled run begins within seconds and works through what waits.
ON_TIME = timedelta(minutes=15)
EARLY = timedelta(minutes=1)
# Balance writes resume five minutes after the set time and would meet a late run.
LATE_START = timedelta(minutes=3)
# On a single day it may have been an outage, or a run that somebody started by hand.
DAYS_OF_PROOF = 2
# This many waits, none longer than a quarter of the set period, are no coincidence.
WAITS_OF_PROOF, QUICK_SHARE = 6, 4
# A slow run can make a wait longer than the period.
SLACK = 1.25


@dataclass(frozen=True)
class WaitingTransfer:
    """A transfer that the engine could take from `since`, until it was executed or expired."""

    since: datetime
    until: datetime | None


@dataclass(frozen=True)
class Cadence:
    """The runs that executed something, as clusters of ExecutedAt, and the gaps between them.

    A gap begins when the first of our transfers waits in it, even if that one expires. Earlier
    runs may have found nothing to do; counting from them would measure sales instead of runs.
    """

    runs: tuple[datetime, ...]
    gaps: tuple[timedelta, ...]
    waits: tuple[WaitingTransfer, ...]

    @classmethod
    def of(cls, transfers: Sequence[Stratagem], lifetime: timedelta) -> Cadence:
        """Executions within RUN_LASTS of each other count as one run. Transfers live for
        `lifetime`."""
        transfers = [row for row in transfers if not _was_run_by_hand(row)]
        runs: list[datetime] = []
        last: datetime | None = None
        for moment in sorted(row.executed_at for row in transfers if row.executed_at):
            if last is None or moment - last > RUN_LASTS:
                runs.append(moment)
            last = moment
        # A transfer made during a run may be too late for it, and waits for the next.
        gaps = [
            later - max(earlier, min(waited))
            for earlier, later in pairwise(runs)
            if (waited := [row.created_at for row in transfers if _waits(row, earlier, later)])
        ]
        waits = tuple(_wait(row, lifetime) for row in transfers if row.status != "planned")
        return cls(tuple(runs), tuple(gaps), waits)

    @property
    def typical(self) -> timedelta:
        """The median gap. Raises ValueError if there is none."""
        return timedelta(seconds=median(gap.total_seconds() for gap in self.gaps))


def differences(cadence: Cadence, schedule: Schedule) -> list[str]:
    """How the measured runs differ from the schedule, in words. Empty if they fit."""
    if isinstance(schedule, DailyRuns):
        return list(_daily_differences(cadence, schedule))
    return list(_periodic_differences(cadence, schedule))


def _daily_differences(cadence: Cadence, schedule: DailyRuns) -> Iterator[str]:
    off = [run for run in cadence.runs if _set_time(run, schedule) is None]
    if len(off) * 2 > len(cadence.runs):
        yield (
            f"{len(off)} of {len(cadence.runs)} runs were at none of the set times, such as "
            f"{_clock(off[-1], schedule)}"
        )
    elif recurring := _recurring(off, schedule):
        yield (
            f"runs came at about {_clock(recurring[0], schedule)} on {len(recurring)} days, which "
            "is none of the set times"
        )
    yield from _late_starts(cadence, schedule)
    yield from _missed(cadence, schedule)


def _recurring(off: Sequence[datetime], schedule: DailyRuns) -> list[datetime]:
    """Runs on several days at one time of day that is not in the schedule, or none."""
    best: list[datetime] = []
    for run in off:
        near = [other for other in off if _apart_by_day(run, other, schedule) <= ON_TIME]
        days = {other.astimezone(schedule.zone).date(): other for other in near}
        best = max(best, list(days.values()), key=len)
    return best if len(best) >= DAYS_OF_PROOF else []


def _apart_by_day(one: datetime, other: datetime, schedule: DailyRuns) -> timedelta:
    """The time between two times of day, whatever the dates."""
    first, second = (_since_midnight(moment, schedule) for moment in (one, other))
    apart = abs(first - second)
    return min(apart, timedelta(days=1) - apart)


def _since_midnight(moment: datetime, schedule: DailyRuns) -> timedelta:
    local = moment.astimezone(schedule.zone)
    return timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)


def _late_starts(cadence: Cadence, schedule: DailyRuns) -> Iterator[str]:
    delays = [run - at for run in cadence.runs if (at := _set_time(run, schedule))]
    if len(delays) >= DAYS_OF_PROOF and min(delays) >= LATE_START:
        yield f"runs come {format_span(min(delays))} after the set times at the earliest"


def _missed(cadence: Cadence, schedule: DailyRuns) -> Iterator[str]:
    """Set times at which no run was ever seen, although transfers waited."""
    seen = [_set_time(run, schedule) for run in cadence.runs]
    for clock in schedule.times:
        expected = _expected(cadence, DailyRuns((clock,), schedule.zone))
        in_vain = [at for at in expected if any(_waited_through(w, at) for w in cadence.waits)]
        if len(in_vain) >= DAYS_OF_PROOF and not any(at in seen for at in expected):
            yield (
                f"no run came at {_clock(in_vain[-1], schedule)}, though transfers waited then on "
                f"{len(in_vain)} days"
            )


def _expected(cadence: Cadence, once_a_day: DailyRuns) -> list[datetime]:
    """The set times between the first and the last run."""
    moments: list[datetime] = []
    if not cadence.runs:
        return moments
    at = once_a_day.next_run(cadence.runs[0] - ON_TIME)
    while at <= cadence.runs[-1]:
        moments.append(at)
        at = once_a_day.next_run(at)
    return moments


def _waited_through(wait: WaitingTransfer, at: datetime) -> bool:
    # A transfer made during the run may be too late for it.
    return wait.since <= at - EARLY and (wait.until is None or wait.until > at + ON_TIME)


def _periodic_differences(cadence: Cadence, schedule: PeriodicRuns) -> Iterator[str]:
    if not cadence.gaps:
        return
    typical, longest = cadence.typical, max(cadence.gaps)
    said = f"and the setting says every {format_span(schedule.period)}"
    if typical > SLACK * schedule.period:
        yield f"transfers wait {format_span(typical)} for it, {said}"
    elif len(cadence.gaps) >= WAITS_OF_PROOF and longest < schedule.period / QUICK_SHARE:
        yield f"no transfer waited longer than {format_span(longest)} for it, {said}"


def _set_time(run: datetime, schedule: DailyRuns) -> datetime | None:
    """The set time to which this run belongs, if any. A run is known by the ExecutedAt of its
    transfers."""
    at = schedule.next_run(run - ON_TIME)
    return at if at <= run + EARLY else None


def _clock(moment: datetime, schedule: DailyRuns) -> str:
    return f"{moment.astimezone(schedule.zone):%H:%M} {schedule.zone.key}"


def _was_run_by_hand(row: Stratagem) -> bool:
    """The engine takes an expired row only if somebody names that row."""
    executed, expires = row.executed_at, row.expires_at
    return executed is not None and expires is not None and executed > expires + RUN_LASTS


def _waits(row: Stratagem, earlier: datetime, later: datetime) -> bool:
    """It was made between these two runs, and no run before `later` executed it."""
    was_executed_before = row.executed_at is not None and row.executed_at < later
    return earlier <= row.created_at < later and not was_executed_before


def _wait(row: Stratagem, lifetime: timedelta) -> WaitingTransfer:
    """A revived row has waited since its revival, which follows from its new ExpiresAt."""
    revived = row.expires_at - lifetime if row.expires_at else row.created_at
    return WaitingTransfer(max(row.created_at, revived), row.executed_at or row.expires_at)
