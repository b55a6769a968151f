"""From wired services to a running server: threads started in order, and stopped in order."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime

import uvicorn

from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.errors import JournalError
from cascade_cli.server.app import AppState, create_app
from cascade_cli.server.health import Probe, Readiness
from cascade_cli.server.http.protocol import BoundedProtocol, ConnectionRegister, most_connections
from cascade_cli.server.metrics import LastFailure, Metrics
from cascade_cli.server.thread_pool import ThreadPool
from cascade_cli.server.webhook import BatchWriter
from cascade_cli.server.worker import EventWorker, kind_of
from cascade_cli.wiring.serving import Dependencies, ServerWiring, wire_server

BACKLOG = 2048
RECEIVE_BYTES = 32 * 1024
SHUTDOWN_SECONDS = 20
KEEP_ALIVE_SECONDS = 75
SWITCH_SECONDS = 0.0005
QUIET_SECONDS = 60.0


@contextmanager
def opened(dependencies: Dependencies) -> Iterator[AppState]:
    """The app's state, with its threads running. On exit, it first stops keeping events, and then
    stops crediting."""
    wiring, settings = dependencies.wiring, dependencies.wiring.settings
    own_now = wiring.clock.own
    wiring.clock.tell = dependencies.tell
    wired = wire_server(dependencies)
    looks = dict[str, tuple[int, datetime]]()
    metrics = Metrics(wired.inbox, lambda: worker.pause is not None, own_now)
    last_failure = LastFailure(dependencies.keep)

    def pause(error: Exception) -> None:
        metrics.failures.labels(kind_of(error)).inc()
        last_failure.hear(error)

    worker = EventWorker(
        lambda: wired.intake(looks, worker.check_leads, last_failure.hear),
        wired.lock,
        now=own_now,
        tell=dependencies.tell,
        settled=metrics.settle,
        failed=pause,
        patience_seconds=SHUTDOWN_SECONDS,
    )
    with ExitStack() as stack:
        _open_journal(wired.inbox, dependencies.tell)
        stack.enter_context(worker)
        yield AppState(
            gate=wired.gate,
            batch_writer=stack.enter_context(BatchWriter(wired.inbox, metrics.kept)),
            worker=worker,
            sales=wired.sales,
            statuses=wired.statuses,
            price_quotes=wiring.price_quotes,
            token=settings.api_token.reveal() if settings.api_token else None,
            thread_pool=stack.enter_context(ThreadPool()),
            health_thread_pool=stack.enter_context(ThreadPool()),
            readiness=_readiness(dependencies, wired, worker),
            metrics=metrics,
            last_failure=last_failure,
            complete=dependencies.complete,
        )


def _open_journal(inbox: Inbox, tell: Callable[[str], None]) -> None:
    """Open the journal now, so that the first event need not wait. If that fails, events are
    refused until it works, and everything else goes on."""
    try:
        inbox.accept([])
    except JournalError as error:
        tell(error.message)


def _readiness(dependencies: Dependencies, wired: ServerWiring, worker: EventWorker) -> Readiness:
    wiring, now = dependencies.wiring, dependencies.wiring.clock.now
    return Readiness(
        wired.inbox,
        worker,
        Probe(wiring.stripe, wired.ask_stripe, now),
        Probe(wiring.airtable, wired.ask_airtable, now),
        wiring.clock.own,
        base_id=wiring.settings.airtable_base,
        complete=dependencies.complete,
    )


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    # Connections inherit this. It bounds what a thousand clients can send before any is counted.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    return listening


def run(app_state: AppState, listening: socket.socket, tell: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C (KeyboardInterrupt); requests in hand are answered first."""
    _pass_on_warnings(tell)
    # Threads switch sooner: a webhook's answer must not wait for the worker.
    sys.setswitchinterval(SWITCH_SECONDS)
    # Garbage collection holds up all threads, and what is loaded by now never becomes garbage.
    gc.collect()
    gc.freeze()
    # uvicorn raises the signal again when it is done. Ignore it: SIGTERM has had its effect.
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        server_of(app_state).run(sockets=[listening])
    finally:
        signal.signal(signal.SIGTERM, before)


def server_of(app_state: AppState) -> uvicorn.Server:
    """uvicorn with the application, not yet running."""

    class Protocol(BoundedProtocol):
        register = ConnectionRegister(
            most_connections(), lambda why: app_state.metrics.closed.labels(why).inc()
        )

    config = uvicorn.Config(
        create_app(app_state),
        http=Protocol,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return uvicorn.Server(config)


def _pass_on_warnings(tell: Callable[[str], None]) -> None:
    class _Handler(logging.Handler):
        def __init__(self) -> None:
            super().__init__(logging.WARNING)
            self._told_at = dict[str, float]()

        def emit(self, record: logging.LogRecord) -> None:
            # Any stranger can send invalid requests. Warnings about them must not fill the disk.
            text, now = record.getMessage(), time.monotonic()
            if now - self._told_at.get(text, -QUIET_SECONDS) >= QUIET_SECONDS:
                self._told_at[text] = now
                tell(text)

    logger = logging.getLogger("uvicorn")
    logger.handlers[:] = [_Handler()]
    logger.propagate = False
