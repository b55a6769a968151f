"""Two readings at once, with Ctrl-C still answered at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")


def side_by_side(first: Callable[[], A], second: Callable[[], B]) -> tuple[A, B]:
    """Both results; the first one's exception if both fail."""
    one, other = _begin(first), _begin(second)
    return one.result(), other.result()


def _begin(work: Callable[[], T]) -> Future[T]:
    """Run in a daemon thread: an executor would make an interrupted program wait for its end."""
    future: Future[T] = Future()
    threading.Thread(target=_fulfil, args=(future, work), daemon=True).start()
    return future


def _fulfil(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - it is raised again where the result is asked
        future.set_exception(error)
