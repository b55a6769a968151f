"""Group commit: webhook events that arrive together are kept by one transaction.

A commit waits for the disk, and a chain of journal entries has one end: so a single thread
writes, and takes along whatever has arrived while the last commit was under way.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.errors import JournalError

MOST_AT_ONCE = 500
MOST_WAITING = 10_000
_FULL_HINT = "Nothing was kept; Stripe sends it again."


class BatchWriter:
    """Keeps events from a thread of its own, as a context manager; leaving it keeps the rest.

    `kept` hears of each batch: how many events, and how many of them are new.
    """

    def __init__(self, inbox: Inbox, kept: Callable[[int, int], None]) -> None:
        self._inbox, self._kept = inbox, kept
        self._waiting: queue.Queue[tuple[Event, Future[bool]] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)

    def __enter__(self) -> BatchWriter:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.put(None)
        self._thread.join()

    async def keep(self, event: Event) -> bool:
        """Return when the event is on disk: whether it is new. Raises JournalError."""
        kept: Future[bool] = Future()
        try:
            self._waiting.put_nowait((event, kept))
        except queue.Full:
            raise JournalError("Too many events wait to be kept.", _FULL_HINT) from None
        return await asyncio.wrap_future(kept)

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < MOST_AT_ONCE:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    self._waiting.put(None)
                    break
                batch.append(following)
            self._commit(batch)

    def _commit(self, batch: Sequence[tuple[Event, Future[bool]]]) -> None:
        try:
            new = self._inbox.accept([event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must be told
            for _, future in batch:
                _resolve(future, error)
            return
        for event, future in batch:
            _resolve(future, event.id in new)
        self._kept(len(batch), len(new))


def _resolve(future: Future[bool], answer: bool | Exception) -> None:
    """A client that hung up has cancelled its future; its event is kept all the same."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
