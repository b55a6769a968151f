"""Several pieces of work at once, in threads that stop together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import ContextVar
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")

# How long an interrupted caller waits for the requests that are under way to come back.
FAREWELL_SECONDS = 5.0

_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


class StoppedError(Exception):
    """Work in a lane was given up, because the work as a whole is."""


def go_on() -> None:
    """To be called between two steps of a piece. Raises StoppedError when all is given up."""
    stop = _stop.get()
    if stop and stop.is_set():
        raise StoppedError


def in_lanes(number: int, pieces: Sequence[Callable[[], T]]) -> Generator[T]:
    """The result of every piece, as they come, up to `number` at once.

    A single lane, or a single piece, works in the caller's thread. If a piece raises, or the
    caller stops (by Ctrl-C too), the others are given up at their next step and no more are
    begun; what one raised is raised here.
    """
    if number == 1 or len(pieces) == 1:
        yield from (piece() for piece in pieces)
        return
    stop, waiting, done = threading.Event(), iter(pieces), SimpleQueue[T | BaseException]()
    # Daemons: one that hangs in a request must not keep an interrupted program alive.
    threads = [
        threading.Thread(target=_work, args=(stop, waiting, done), daemon=True)
        for _ in range(min(number, len(pieces)))
    ]
    for thread in threads:
        thread.start()
    try:
        for _ in pieces:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
    finally:
        stop.set()
        for thread in threads:
            thread.join(FAREWELL_SECONDS)


def _work(
    stop: threading.Event,
    waiting: Iterator[Callable[[], T]],
    done: SimpleQueue[T | BaseException],
) -> None:
    """Take piece after piece. A list's iterator hands each out once, to threads as well."""
    _stop.set(stop)
    for piece in waiting:
        if stop.is_set():
            return
        try:
            done.put(piece())
        except BaseException as error:  # noqa: BLE001 - raised again where results are awaited
            done.put(error)
            return
