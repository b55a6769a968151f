"""`POST /api/payments/webhook`: admit an event that Stripe signed, keep it, only then answer 200.

A payment's whole way, from Stripe's request to the row in Venice:

1. `LimitsMiddleware` (server/http/limits.py) bounds the body, and `receive` below reads it.
2. `EventGate.admit` (adapters/stripe/signature.py) checks the signature and the mode.
3. `BatchWriter.keep` below commits the event to the journal's inbox, together with whatever
   arrives at the same time. Stripe hears 200 only after that.
4. `EventWorker` (server/worker.py) wakes up and calls `Intake.work` (services/events/intake.py).
5. `Intake` takes a batch of due events. `Replayer.plan` (services/events/replay_service.py) asks
   Stripe what was paid and Venice which transfers exist, and makes the orders.
6. `Deliverer.deliver` (services/delivery/deliver.py) claims each order in the journal, reads its
   rows again unless step 5 read them just now and nobody ever wrote for it, and lets `next_step`
   (domain/delivery/delivery_steps.py) decide what to write.
7. `VeniceWriter` (adapters/venice/writer.py) creates the row as planned, then activates it. Each
   write is journaled before it is sent and after it is answered.
8. `Intake` settles the event: credited, waiting until it is due again, or in need of a person.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.stripe.signature import EventGate, RefusedEventError
from cascade_cli.domain.records.stripe_events import Event
from cascade_cli.errors import JournalError
from cascade_cli.server.api.bodies import Received
from cascade_cli.server.api.payments import responses
from cascade_cli.server.metrics import Metrics

MOST_AT_ONCE = 500
MOST_WAITING = 10_000
_FULL_HINT = "Nothing was kept; Stripe sends it again."
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "An event, byte for byte as Stripe signed it; at most 1 MiB.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


def router(
    gate: EventGate, batch_writer: BatchWriter, wake: Callable[[], None], metrics: Metrics
) -> APIRouter:
    """The one route that Stripe calls."""
    routes = APIRouter(prefix="/api/payments", tags=["webhook"])

    @routes.post("/webhook", responses=responses(400, 503), openapi_extra=_BODY)
    async def receive(
        request: Request, stripe_signature: Annotated[str, Header()] = ""
    ) -> Received:
        """Keep an event. 200 means that it is on disk. Anything else means that Stripe should send
        it again, or that the caller was not Stripe."""
        try:
            event = gate.admit(await request.body(), stripe_signature)
        except RefusedEventError as error:
            metrics.refused.labels(error.refusal.value).inc()
            raise
        new = await batch_writer.keep(event)
        # Only a buyer waits: anything else is taken up when the worker next looks by itself.
        if new and event.is_paying:
            wake()
        return Received(new=new)

    return routes


class BatchWriter:
    """Commits events from its own thread, as a context manager; leaving it commits the rest.

    A commit waits for the disk, and the journal's chain of entries can only grow at one end. So a
    single thread writes, and each transaction keeps all events that arrived during the last commit.

    `kept` is called for each batch: how many events, and how many of them are new.
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
        """Wait until the event is on disk. Returns whether it is new. Raises JournalError."""
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
                    # The end comes after this batch: leave it for the next round.
                    self._waiting.put(None)
                    break
                batch.append(following)
            self._commit(batch)

    def _commit(self, batch: Sequence[tuple[Event, Future[bool]]]) -> None:
        # A client that hung up has cancelled its future; its event is kept all the same.
        waiting = [(e, future) for e, future in batch if future.set_running_or_notify_cancel()]
        try:
            new = self._inbox.accept([event for event, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait must be told
            for _, future in waiting:
                future.set_exception(error)
            return
        for event, future in waiting:
            future.set_result(event.id in new)
        self._kept(len(batch), len(new))
