"""From wired services to a running server: threads started in order, and stopped in order."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import uvicorn

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.stripe.checkout_sessions import CheckoutPages
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.payment_intents import PaymentIntents
from cascade_cli.adapters.stripe.signature import EventGate
from cascade_cli.domain.records.journal_entries import Worker as Identity
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import JournalError
from cascade_cli.server.app import AppState, create_app
from cascade_cli.server.http.connections import ConnectionRegister, most_connections
from cascade_cli.server.http.protocol import BoundedProtocol
from cascade_cli.server.last_failure import LastFailure
from cascade_cli.server.metrics import Metrics
from cascade_cli.server.readiness import Probe, Readiness
from cascade_cli.server.thread_pool import Offload
from cascade_cli.server.webhook import BatchWriter
from cascade_cli.server.worker import EventWorker, Leadership, kind_of
from cascade_cli.services.delivery.arrival_watch import ArrivalWatch, Looks
from cascade_cli.services.delivery.credit_guards import guard_mode
from cascade_cli.services.events.intake import Intake
from cascade_cli.services.reconcile.neighbouring_charges import SECOND
from cascade_cli.services.selling.payment_sales import PaymentSales
from cascade_cli.services.selling.payment_status import PaymentStatuses
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.writing import run_lock, wire_writing, worker_lock

BACKLOG = 2048
RECEIVE_BYTES = 32 * 1024
SHUTDOWN_SECONDS = 20
KEEP_ALIVE_SECONDS = 75
SWITCH_SECONDS = 0.0005
QUIET_SECONDS = 60.0


@dataclass(frozen=True)
class Dependencies:
    """What a server needs. `secrets` never reach the journal, `tell` writes a line for people,
    `complete` puts the global options into the commands in a text, and `keep` keeps a failure for a
    bug report."""

    wiring: Wiring
    database: Database
    identity: Identity
    secrets: Sequence[str]
    tell: Callable[[str], None]
    complete: Callable[[str], str] = str
    keep: Callable[[Exception], None] = lambda _error: None


@contextmanager
def opened(dependencies: Dependencies) -> Iterator[AppState]:
    """The app's state, with its threads running. On exit, it first stops keeping events, and then
    stops crediting."""
    wiring, settings = dependencies.wiring, dependencies.wiring.settings
    own_now = wiring.clock.own
    # Other shops may share the journal.
    dependencies = replace(
        dependencies, identity=replace(dependencies.identity, base=settings.airtable_base)
    )
    wiring.clock.tell = dependencies.tell
    inbox = Inbox(
        dependencies.database,
        dependencies.identity,
        now=own_now,
        secrets=dependencies.secrets,
        acted_on=settings.acted_on,
    )
    paused, looks = list[EventWorker](), dict[str, tuple[int, datetime]]()
    metrics = Metrics(inbox, lambda: any(w.pause for w in paused), own_now)
    leadership, last_failure = _leadership(dependencies), LastFailure(dependencies.keep)

    def pause(error: Exception) -> None:
        metrics.failures.labels(kind_of(error)).inc()
        last_failure.hear(error)

    worker = EventWorker(
        lambda: _intake(dependencies, inbox, looks, leadership, last_failure.hear),
        leadership,
        now=own_now,
        tell=dependencies.tell,
        settled=metrics.settle,
        failed=pause,
        patience_seconds=SHUTDOWN_SECONDS,
    )
    paused.append(worker)
    client = stripe_client(settings.stripe_key.reveal(), settings.stripe_url, wiring.stripe)
    intents = PaymentIntents(client, wiring.allocations.find)
    with ExitStack() as stack:
        _open_journal(inbox, dependencies.tell)
        stack.enter_context(worker)
        yield AppState(
            gate=EventGate(settings.signing_secrets, livemode=settings.livemode, now=own_now),
            batch_writer=stack.enter_context(BatchWriter(inbox, metrics.kept)),
            worker=worker,
            sales=PaymentSales(
                wiring.venice,
                wiring.checkout,
                wiring.allocations,
                new_intent=intents.create,
                new_page=CheckoutPages(client).create,
                urls=(settings.success_url, settings.cancel_url),
                processor=settings.processor,
            ),
            statuses=PaymentStatuses(
                wiring.payments,
                wiring.venice,
                intent_of=intents.get,
                events_of=inbox.of_payment,
                now=wiring.clock.now,
            ),
            price_quotes=wiring.price_quotes,
            token=settings.api_token.reveal() if settings.api_token else None,
            offload=stack.enter_context(Offload()),
            own_offload=stack.enter_context(Offload()),
            readiness=_readiness(dependencies, inbox, worker),
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


def _journal(dependencies: Dependencies, now: Callable[[], datetime]) -> Journal:
    """The worker's journal. Claims belong to a run, so crediting is a run apart from keeping
    events."""
    identity = replace(dependencies.identity, run=f"{dependencies.identity.run}-worker")
    return Journal(dependencies.database, identity, now=now, secrets=dependencies.secrets)


def _leadership(dependencies: Dependencies) -> Leadership:
    """Uses this machine's clock, like the inbox: a process may stand by before a service has
    answered."""
    journal = _journal(dependencies, dependencies.wiring.clock.own)
    return Leadership(lambda: worker_lock(journal, dependencies.wiring.settings.airtable_base))


def _intake(
    dependencies: Dependencies,
    inbox: Inbox,
    looks: Looks,
    leadership: Leadership,
    hear: Callable[[Exception], None],
) -> Intake:
    wiring, settings = dependencies.wiring, dependencies.wiring.settings
    journal = _journal(dependencies, wiring.clock.now)
    writing = wire_writing(wiring, journal, dependencies.tell, leadership.check)
    base, live = settings.airtable_base, settings.livemode
    facts = {"operator": dependencies.identity.operator, "livemode": live}

    def guard() -> None:
        leadership.check()
        guard_mode(journal, wiring.venice, base, livemode=live)

    refunds = writing.automatic_refunds(settings, facts, guard, lambda: run_lock(journal, base))
    return Intake(
        inbox,
        writing.replayer,
        livemode=live,
        facts=facts,
        guard=guard,
        can_pay=writing.available_balance.can_pay,
        now=wiring.clock.now,
        inbox_now=wiring.clock.own,
        refunds=refunds.settle if refunds else None,
        arrivals=ArrivalWatch(
            writing.arrivals, settings.engine, looks, now=wiring.clock.own, tell=dependencies.tell
        ),
        hear=hear,
    )


def _readiness(dependencies: Dependencies, inbox: Inbox, worker: EventWorker) -> Readiness:
    wiring = dependencies.wiring
    now = wiring.clock.now

    def ask_stripe() -> object:
        return wiring.payments.purchases(Window(now() - SECOND, now()))

    def ask_airtable() -> object:
        return wiring.venice.citizens([wiring.settings.processor])

    stripe = Probe(wiring.stripe, ask_stripe, now)
    airtable = Probe(wiring.airtable, ask_airtable, now)
    base = wiring.settings.airtable_base
    return Readiness(
        inbox,
        worker,
        stripe,
        airtable,
        wiring.clock.own,
        base_id=base,
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
    _hear_uvicorn(tell)
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


def _hear_uvicorn(tell: Callable[[str], None]) -> None:
    class _Ear(logging.Handler):
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
    logger.handlers[:] = [_Ear()]
    logger.propagate = False
