"""Runs several pieces of work at once, in threads that stop together.

Unlike an executor's threads, these are daemons: after a failure or Ctrl-C nobody waits for a
request that hangs, not even at the end of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextvars import ContextVar
from itertools import chain, islice
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

Piece = Iterator[None]
"""Reads one page at each step."""

A = TypeVar("A")
B = TypeVar("B")
K = TypeVar("K")
T = TypeVar("T")

# How long `run_all` waits for requests that are still running when it stops.
LAST_WAIT_SECONDS = 5.0

_stop_of_thread: ContextVar[Event | None] = ContextVar("stop", default=None)


class StoppedError(Exception):
    """A piece of work was given up because the whole was."""


def raise_if_stopped() -> None:
    """Raise StoppedError if the work as a whole has been given up. Call it between two steps."""
    stop = _stop_of_thread.get()
    if stop and stop.is_set():
        raise StoppedError


def run_all(threads: int, pieces: Sequence[Callable[[], T]]) -> Generator[T]:
    """Yield the result of every piece as it arrives, running up to `threads` pieces at once.

    A single piece, or a single thread, runs in the caller's thread. If a piece raises, or the
    caller stops (by Ctrl-C too), running pieces stop at their next step and no new ones start. An
    exception of a piece is raised here.
    """
    if threads == 1 or len(pieces) == 1:
        for piece in pieces:
            yield piece()
        return
    # All threads share this iterator. A list's iterator hands each piece out once.
    group, waiting = ThreadGroup[T](), iter(pieces)
    try:
        for _ in range(min(threads, len(pieces))):
            group.start(piece() for piece in waiting)
        yield from group.results()
    finally:
        group.stop(LAST_WAIT_SECONDS)


def both(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Run both at once and return both results. If both fail, the first one's exception is
    raised."""
    one, other = _in_a_thread(first), _in_a_thread(second)
    return next(one), next(other)


def _in_a_thread(work: Callable[[], T]) -> Iterator[T]:
    group = ThreadGroup[T]()
    group.start(work() for _ in range(1))
    return group.results()


class Threads:
    """Threads that share one reading: never more than `most`, and at any moment as many as `wanted`
    says.

    Without arguments, everything is read in the caller's thread, in order.
    """

    def __init__(self, most: int = 1, wanted: Callable[[], int] | None = None) -> None:
        self.most, self._wanted = most, wanted

    @property
    def wanted(self) -> int:
        """How many threads are useful now."""
        return min(self.most, self._wanted() if self._wanted else self.most)

    def read(self, first: Sequence[Piece], take: Callable[[], Piece | None]) -> None:
        """Read the first pieces, then whatever `take` hands out until it returns None.

        More threads start after a page has been read, once there is something to divide the rest
        by. The first exception in any thread is raised at once; the other threads stop after their
        current page.
        """
        if self.most > 1:
            self._read_together(first, take)
            return
        for _page in chain.from_iterable(chain(first, iter(take, None))):
            pass

    def _read_together(self, first: Sequence[Piece], take: Callable[[], Piece | None]) -> None:
        group, growing = ThreadGroup[None](), Lock()

        def pages(piece: Piece) -> Iterator[None]:
            for page in chain.from_iterable(chain([piece], iter(take, None))):
                with growing:
                    while group.running < self.wanted and (more := take()) is not None:
                        group.start(pages(more))
                yield page

        try:
            with growing:
                for piece in first:
                    group.start(pages(piece))
            for _page in group.results():
                pass
        finally:
            group.stop()

    def map(self, ask: Callable[[K], T], keys: Sequence[K]) -> list[T]:
        """The answers to all keys, in the order of the keys. A single key is asked for in the
        caller's thread."""
        if len(keys) == 1:
            return [ask(keys[0])]
        answers: dict[int, T] = {}

        def piece(number: int) -> Piece:
            answers[number] = ask(keys[number])
            yield

        waiting = map(piece, range(len(keys)))
        self.read(list(islice(waiting, self.wanted)), lambda: next(waiting, None))
        return [answers[number] for number in range(len(keys))]


class _End:
    """The last thing that a thread reports."""


class ThreadGroup(Generic[T]):
    """Daemon threads that report their results to one caller."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []
        self._reports = SimpleQueue[T | BaseException | _End]()
        self._stop = Event()

    @property
    def running(self) -> int:
        """How many threads are still running."""
        return sum(thread.is_alive() for thread in self._threads)

    def start(self, work: Iterator[T]) -> None:
        """Start a thread that reports what `work` yields, until it ends, fails or is stopped."""
        thread = Thread(target=self._report, args=(work,), daemon=True)
        # Register the thread before starting it: results() must count it even if the thread that
        # starts it ends first.
        self._threads.append(thread)
        thread.start()

    def results(self) -> Iterator[T]:
        """Yield what the threads report, as it arrives, until all have ended. Raises the first
        failure."""
        ended = 0
        while ended < len(self._threads):
            report = self._reports.get()
            if isinstance(report, BaseException):
                raise report
            if isinstance(report, _End):
                ended += 1
            else:
                yield report

    def stop(self, wait_seconds: float = 0) -> None:
        """Let no thread take another step. Wait up to `wait_seconds` for each thread that is within
        one."""
        self._stop.set()
        for thread in self._threads:
            # Ctrl-C may have come before the last thread was started, and join() refuses such a
            # thread.
            if thread.is_alive():
                thread.join(wait_seconds)

    def _report(self, work: Iterator[T]) -> None:
        _stop_of_thread.set(self._stop)
        try:
            while not self._stop.is_set():
                self._reports.put(next(work))
        except StopIteration:
            self._reports.put(_End())
        except BaseException as failure:  # noqa: BLE001 - results() raises it again
            self._reports.put(failure)
