"""Whether Venice's engine runs, and often enough for transfers to live to see it.

Only ExecutedAt tells: an engine whose query is refused takes that for "nothing to do".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from cascade_cli.domain.checkup.result import Check, amber, green, red
from cascade_cli.domain.engine import DailyRuns, Schedule
from cascade_cli.domain.processor import RUN_LASTS
from cascade_cli.domain.stratagems import State, Stratagem
from cascade_cli.domain.times import format_moment, format_span

LATELY = timedelta(days=7)
# A scheduled run begins within seconds and works through what waits.
ON_TIME = timedelta(minutes=15)

ALIVE = green("engine.alive", "last run")
PASSED_OVER = red(
    "engine.passed_over",
    "last run",
    "A run should have come and taken them: the engine is down, or its query is refused.",
    "Look at the engine's log, and at the schema above.",
)
UNPROVEN = amber(
    "engine.unproven",
    "last run",
    "Only ExecutedAt tells that the engine works; nothing waits for it either.",
    "After the next sale: cascade stratagem watch ID",
)
CADENCE_GOOD = green("engine.cadence_good", "cadence")
CADENCE_UNKNOWN = green("engine.cadence_unknown", "cadence")
TOO_SLOW = red(
    "engine.too_slow",
    "cadence",
    "Most transfers expire before a run comes by: paid, and never executed.",
    "Raise CASCADE_STRATAGEM_LIFETIME to several times the cadence.",
)
GAPS = amber(
    "engine.gaps",
    "cadence",
    "A transfer made at the beginning of such a gap expires within it.",
    "Raise CASCADE_STRATAGEM_LIFETIME above the longest gap.",
)
SCHEDULE_GOOD = green("engine.schedule_good", "schedule")
OFF_SCHEDULE = amber(
    "engine.off_schedule",
    "schedule",
    "`in flight`, the next run, and the guard that keeps balance writes away from runs all rely "
    "on the setting.",
    "Set CASCADE_ENGINE_SCHEDULE to when the engine really runs.",
)
FINDINGS = (
    ALIVE, PASSED_OVER, UNPROVEN, CADENCE_GOOD, CADENCE_UNKNOWN, TOO_SLOW, GAPS, SCHEDULE_GOOD,
    OFF_SCHEDULE,
)  # fmt: skip


@dataclass(frozen=True)
class Cadence:
    """The runs that executed something, as clusters of ExecutedAt, and the gaps between them.

    A gap counts from when the first of our transfers waited in it, whether or not it lived to be
    executed. Before that, runs may have come and found nothing: then one would measure sales.
    """

    runs: tuple[datetime, ...]
    gaps: tuple[timedelta, ...]

    @classmethod
    def of(cls, transfers: Sequence[Stratagem]) -> Cadence:
        """What follows within RUN_LASTS belongs to the same run."""
        runs: list[datetime] = []
        last: datetime | None = None
        for moment in sorted(row.executed_at for row in transfers if row.executed_at):
            if last is None or moment - last > RUN_LASTS:
                runs.append(moment)
            last = moment
        # One made while a run was at work may have come too late for it, and waits for the next.
        waits = [
            later - max(earlier, min(waited))
            for earlier, later in pairwise(runs)
            if (waited := [row.created_at for row in transfers if _waits(row, earlier, later)])
        ]
        return cls(tuple(runs), tuple(waits))

    @property
    def typical(self) -> timedelta:
        """The median gap. Raises ValueError where there is none."""
        return timedelta(seconds=median(gap.total_seconds() for gap in self.gaps))


def _waits(row: Stratagem, earlier: datetime, later: datetime) -> bool:
    """It was there between these two runs, and no run before `later` had executed it."""
    was_executed_before = row.executed_at is not None and row.executed_at < later
    return earlier <= row.created_at < later and not was_executed_before


def judge_life(
    open_transfers: Iterable[Stratagem],
    last_executed_at: datetime | None,
    schedule: Schedule,
    now: datetime,
) -> Check:
    """An engine that passes over what it should take is down, whatever else it says."""
    bound = now - schedule.longest_wait
    waiting = [s for s in open_transfers if s.state(now) is State.LIVE]
    overdue = [s for s in waiting if s.created_at < bound]
    last = _told(last_executed_at, now)
    if overdue and (last_executed_at is None or last_executed_at < bound):
        oldest = min(s.created_at for s in overdue)
        age = format_span(now - oldest)
        return PASSED_OVER.seen(f"{len(overdue)} live transfers wait, the oldest for {age}; {last}")
    if last_executed_at is None or now - last_executed_at > LATELY:
        return UNPROVEN.seen(f"{last}; {len(waiting)} transfers wait, none for too long")
    return ALIVE.seen(f"{last}; {len(waiting)} transfers wait")


def _told(last: datetime | None, now: datetime) -> str:
    if last is None:
        return "it has never executed one of ours"
    return f"it executed one {format_span(now - last)} ago ({format_moment(last)})"


def judge_cadence(
    transfers: Sequence[Stratagem], lifetime: timedelta, schedule: Schedule | None
) -> Iterator[Check]:
    """Measured runs against how long our transfers live, and against the schedule if known."""
    cadence = Cadence.of(transfers)
    if not cadence.gaps:
        yield CADENCE_UNKNOWN.seen(f"{len(cadence.runs)} runs seen lately: too few to measure")
        return
    typical, longest = cadence.typical, max(cadence.gaps)
    found = (
        f"{len(cadence.runs)} runs seen; a transfer waits {format_span(typical)} for one, "
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
    if isinstance(schedule, DailyRuns):
        late = [run for run in cadence.runs if not _is_on_time(run, schedule)]
        if len(late) * 2 > len(cadence.runs):
            runs = len(cadence.runs)
            return OFF_SCHEDULE.seen(
                f"{len(late)} of {runs} runs were at none of the set times, such as "
                f"{late[-1].astimezone(schedule.zone):%H:%M} {schedule.zone.key}"
            )
        return SCHEDULE_GOOD.seen("runs come at the times that CASCADE_ENGINE_SCHEDULE names")
    if cadence.typical > schedule.longest_wait:
        return OFF_SCHEDULE.seen(
            f"transfers wait {format_span(cadence.typical)} for it, and the setting says every "
            f"{format_span(schedule.period)}"
        )
    return SCHEDULE_GOOD.seen("runs come as often as CASCADE_ENGINE_SCHEDULE says")


def _is_on_time(run: datetime, schedule: DailyRuns) -> bool:
    """A set time lies within ON_TIME before it; ExecutedAt is when one transfer was done."""
    return schedule.next_run(run - ON_TIME) <= run + timedelta(seconds=60)
