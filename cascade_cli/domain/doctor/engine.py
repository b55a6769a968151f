"""Whether Venice's engine runs, and often enough for transfers to live to see it.

Only ExecutedAt tells: an engine whose query is refused takes that for "nothing to do".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from cascade_cli.domain.doctor.cadence import Cadence, differences
from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.engine import Schedule
from cascade_cli.domain.stratagems import State, Stratagem
from cascade_cli.domain.times import format_moment, format_span

LATELY = timedelta(days=7)

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
    cadence = Cadence.of(transfers, lifetime)
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
    if different := differences(cadence, schedule):
        return OFF_SCHEDULE.seen("; ".join(different))
    return SCHEDULE_GOOD.seen("the runs that were seen fit CASCADE_ENGINE_SCHEDULE")
