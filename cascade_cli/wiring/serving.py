"""The services behind `cascade serve`. The server itself adds threads, routes and metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.database import Database
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.journal.locks import RunLock
from cascade_cli.adapters.stripe.checkout_sessions import CheckoutPages
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.payment_intents import PaymentIntents
from cascade_cli.adapters.stripe.signature import EventGate
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.shop.times import Window
from cascade_cli.services.delivery.credit_guards import guard_mode
from cascade_cli.services.delivery.tell_arrivals import ArrivalWatch, Looks
from cascade_cli.services.events.intake import Intake
from cascade_cli.services.reconcile.snapshots import SECOND
from cascade_cli.services.selling.payment_sales import PaymentSales
from cascade_cli.services.selling.payment_status import PaymentStatuses
from cascade_cli.wiring.reading import Wiring
from cascade_cli.wiring.writing import run_lock, wire_writing, worker_lock


@dataclass(frozen=True)
class Dependencies:
    """What a server needs. `secrets` never reach the journal, `tell` writes a line for people,
    `complete` puts the global options into the commands in a text, and `keep` keeps a failure for a
    bug report."""

    wiring: Wiring
    database: Database
    identity: Worker
    secrets: Sequence[str]
    tell: Callable[[str], None]
    complete: Callable[[str], str] = str
    keep: Callable[[Exception], None] = lambda _error: None


@dataclass(frozen=True)
class ServerWiring:
    """Everything that the server calls.

    `intake` makes the intake of due events: anew after a failure, since the base's schema may have
    changed. `lock` is what the leading worker holds. `ask_stripe` and `ask_airtable` are the
    smallest readings that show whether a service answers.
    """

    inbox: Inbox
    gate: EventGate
    sales: PaymentSales
    statuses: PaymentStatuses
    intake: Callable[[Looks, Callable[[], None], Callable[[Exception], None]], Intake]
    lock: Callable[[], RunLock]
    ask_stripe: Callable[[], object]
    ask_airtable: Callable[[], object]


def wire_server(given: Dependencies) -> ServerWiring:
    """Reads nothing and writes nothing yet."""
    wiring, settings = given.wiring, given.wiring.settings
    # Other shops may share the journal.
    given = replace(given, identity=replace(given.identity, base=settings.airtable_base))
    inbox = Inbox(
        given.database,
        given.identity,
        now=wiring.clock.own,
        secrets=given.secrets,
        acted_on=settings.acted_on,
    )
    client = stripe_client(settings.stripe_key.reveal(), settings.stripe_url, wiring.stripe)
    intents = PaymentIntents(client, wiring.allocations.find)
    # By this machine's clock, like the inbox: a process may stand by before a service has answered.
    journal = _worker_journal(given, wiring.clock.own)
    now = wiring.clock.now
    return ServerWiring(
        inbox=inbox,
        gate=EventGate(settings.signing_secrets, livemode=settings.livemode, now=wiring.clock.own),
        sales=PaymentSales(
            wiring.citizens,
            wiring.checkout,
            wiring.allocations,
            new_intent=intents.create,
            new_page=CheckoutPages(client).create,
            urls=(settings.success_url, settings.cancel_url),
            processor=settings.processor,
        ),
        statuses=PaymentStatuses(
            wiring.payments,
            wiring.transfers,
            intent_of=intents.get,
            events_of=inbox.of_payment,
            now=now,
        ),
        intake=partial(_wire_intake, given, inbox),
        lock=lambda: worker_lock(journal, settings.airtable_base),
        ask_stripe=lambda: wiring.payments.purchases(Window(now() - SECOND, now())),
        ask_airtable=lambda: wiring.citizens.balances([settings.processor]),
    )


def _worker_journal(given: Dependencies, now: Callable[[], datetime]) -> Journal:
    """The worker's journal. Claims belong to a run, so crediting is a run apart from keeping
    events."""
    identity = replace(given.identity, run=f"{given.identity.run}-worker")
    return Journal(given.database, identity, now=now, secrets=given.secrets)


def _wire_intake(
    given: Dependencies,
    inbox: Inbox,
    looks: Looks,
    check_leads: Callable[[], None],
    hear: Callable[[Exception], None],
) -> Intake:
    """`check_leads` is called before every write, and raises if another process leads by now.
    `hear` gets what holds up a single payment."""
    wiring, settings = given.wiring, given.wiring.settings
    journal = _worker_journal(given, wiring.clock.now)
    writing = wire_writing(wiring, journal, given.tell, check_leads)
    base, live = settings.airtable_base, settings.livemode
    facts = {"operator": given.identity.operator, "livemode": live}

    def guard() -> None:
        check_leads()
        guard_mode(journal, wiring.transfers, base, livemode=live)

    refunds = writing.automatic_refunds(settings, facts, guard, lambda: run_lock(journal, base))
    return Intake(
        inbox,
        writing.replayer,
        livemode=live,
        facts=facts,
        guard=guard,
        now=wiring.clock.now,
        inbox_now=wiring.clock.own,
        refunds=refunds.settle if refunds else None,
        tell_arrivals=ArrivalWatch(
            writing.arrivals, settings.engine, looks, now=wiring.clock.own, tell=given.tell
        ).work,
        hear=hear,
    )
