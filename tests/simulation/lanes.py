"""Several lanes of one process: tasks of the scheduler in the place of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from queue import SimpleQueue
from typing import TypeVar

from cascade_cli.services.delivery import lanes
from tests.simulation.process import HERE, Process

T = TypeVar("T")

_LOOKS_EVERY_SECONDS = 0.25


def in_virtual_lanes(number: int, pieces: Sequence[Callable[[], T]]) -> Generator[T]:
    """As services/delivery/lanes.py has it; a lane that nobody waits for any more ends first."""
    if number == 1 or len(pieces) == 1:
        yield from (piece() for piece in pieces)
        return
    process = HERE.get()
    pause = process.host.scheduler.pause
    stop, waiting, done = threading.Event(), iter(pieces), SimpleQueue[T | BaseException]()
    ended: list[int] = []

    def work(lane: int) -> None:
        HERE.set(process)
        lanes._work(stop, waiting, done)
        ended.append(lane)

    begun = range(min(number, len(pieces)))
    for lane in begun:
        _spawn(process, lane, work)
    try:
        for _ in pieces:
            while done.empty():
                pause(_LOOKS_EVERY_SECONDS)
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        stop.set()
        while len(ended) < len(begun):
            pause(_LOOKS_EVERY_SECONDS)


def _spawn(process: Process, lane: int, work: Callable[[int], None]) -> None:
    process.host.scheduler.spawn(f"{process.name}/{lane}", lambda: work(lane))
