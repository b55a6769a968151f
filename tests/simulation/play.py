"""From a seed to a report."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from cascade_cli.adapters.journal import Journal
from cascade_cli.domain.journal import Worker
from tests.simulation.history import History, Workshop
from tests.simulation.plan import draw_plan
from tests.simulation.process import Chronicle
from tests.simulation.recording import JournalFile
from tests.simulation.shop import Alter, as_it_is
from tests.simulation.verdict import flaws

_MEMORY = Path("/dev/shm")  # noqa: S108 - a journal on a disk would be waited for at every commit
_AUDITOR = Worker("audit", "", 0, "simulation", "verify")


@dataclass(frozen=True)
class Report:
    """One history: what was wrong with it, and what happened."""

    seed: int
    flaws: list[str]
    chronicle: Chronicle


@contextmanager
def workshop() -> Iterator[Workshop]:
    """What the histories of one operating-system process share."""
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
    try:
        file = JournalFile(folder)
        yield Workshop(file)
        file.database.close()
    finally:
        shutil.rmtree(folder)


def play(
    seed: int, workshop: Workshop, alter: Alter = as_it_is
) -> Report:
    """The seed's history and its flaws; `alter` may break a part of it."""
    random = Random(seed)  # noqa: S311
    workshop.journal.begin()
    with closing(History(seed, draw_plan(random), random, workshop, alter)) as history:
        run = history.run()
        journal = Journal(workshop.journal.database, _AUDITOR, now=history.scheduler.now)
        return Report(seed, flaws(history, run, journal), history.chronicle)
