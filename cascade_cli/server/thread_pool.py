"""Blocking work outside the event loop, limited in threads, in waiting work and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cascade_cli.errors import UnreachableError

T = TypeVar("T")

REQUEST_THREADS = 8
MOST_IN_HAND = 64


class OverloadedError(UnreachableError):
    """Too many requests are in hand, or one took too long."""

    kind = "overloaded"


class ThreadPool:
    """A bounded pool, as a context manager. Work that takes too long goes on, but its result is
    dropped."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(REQUEST_THREADS, thread_name_prefix="request")
        self._in_hand = 0

    def __enter__(self) -> ThreadPool:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[[], T], seconds: float) -> T:
        """What `work` returns or raises. Raises OverloadedError if that takes too long."""
        if self._in_hand >= MOST_IN_HAND:
            raise OverloadedError("Too many requests are in hand.", "Try again in a few seconds.")
        self._in_hand += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        future.add_done_callback(self._done)
        try:
            return await asyncio.wait_for(asyncio.shield(future), seconds)
        except TimeoutError:
            raise OverloadedError(
                f"There was no answer within {seconds:.0f} s.", "Try again with the same key."
            ) from None

    def _done(self, future: asyncio.Future[T]) -> None:
        self._in_hand -= 1
        if not future.cancelled():
            future.exception()  # otherwise asyncio logs an error that nobody read
