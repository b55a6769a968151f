"""From a seed to a report."""

from __future__ import annotations

import gc
import os
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from random import Random

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.records.journal_entries import Worker
from tests.simulation.attached import with_attached
from tests.simulation.history import History
from tests.simulation.mistakes import with_mistakes
from tests.simulation.other_shop import with_other_shop
from tests.simulation.plan import draw_plan, with_arrivals
from tests.simulation.pooler import draw_drops
from tests.simulation.process import Chronicle
from tests.simulation.rated import with_crowds
from tests.simulation.shared_parts import SharedParts, shared_parts
from tests.simulation.shop import Alter, as_it_is
from tests.simulation.short import with_short_captures, with_short_payments
from tests.simulation.strange import with_strange_events
from tests.simulation.turning import with_turning_money
from tests.simulation.verdict import flaws

_AUDITOR = Worker("audit", "", 0, "simulation", "verify")


@dataclass(frozen=True)
class Report:
    """One history: what was wrong with it, and what happened."""

    seed: int
    flaws: list[str]
    chronicle: Chronicle


def play(seed: int, shared_parts: SharedParts, alter: Alter = as_it_is) -> Report:
    """The seed's history and its flaws; `alter` may break a part of it."""
    random = Random(seed)  # noqa: S311
    shared_parts.journal.begin(draw_drops(Random(f"{seed}:pooler")))  # noqa: S311
    plan = with_short_payments(draw_plan(random), Random(f"{seed}:underpaid"))  # noqa: S311
    plan = with_turning_money(plan, Random(f"{seed}:turning money"))  # noqa: S311
    plan = with_attached(plan, Random(f"{seed}:attached"))  # noqa: S311
    plan = with_short_captures(plan, Random(f"{seed}:short captures"))  # noqa: S311
    plan = with_other_shop(plan, Random(f"{seed}:other shop"))  # noqa: S311
    plan = with_strange_events(plan, Random(f"{seed}:strange events"))  # noqa: S311
    plan = with_arrivals(plan, Random(f"{seed}:arrivals"))  # noqa: S311
    plan = with_mistakes(plan, Random(f"{seed}:decisions"))  # noqa: S311
    plan = with_crowds(plan, Random(f"{seed}:pace"))  # noqa: S311
    with closing(History(seed, plan, random, shared_parts, alter)) as history:
        run = history.run()
        journal = Journal(shared_parts.journal.database, _AUDITOR, now=history.stage.scheduler.now)
        return Report(seed, flaws(history, run, journal), history.stage.chronicle)


def play_batch(seeds: range) -> list[Report]:
    """Several, with shared parts of their own; only those with a flaw keep their lines."""
    _keep_what_is_loaded()
    with shared_parts() as shared:
        reports = [play(seed, shared) for seed in seeds]
    for report in reports:
        if not report.flaws:
            report.chronicle.lines.clear()
    return reports


def stay_on_one_core(started: Synchronized[int]) -> None:
    """Of a history's threads one runs at a time: handed from core to core it takes half as long
    again."""
    if hasattr(os, "sched_setaffinity"):
        with started.get_lock():
            number, started.value = started.value, started.value + 1
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def _keep_what_is_loaded() -> None:
    """Let the garbage collector leave out what was imported: it walks it for nothing."""
    if not gc.get_freeze_count():
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
