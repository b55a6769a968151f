"""Wires the services that move ducats to the journal and to the writer of Venice's base.

A command that moves ducats begins with `write_context`, which adds the run lock and the guard of
test and live.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from cascade_cli.adapters.http.transport import permitted
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.locks import RunLock, worker_lock_of
from cascade_cli.adapters.venice.notifications import NotificationWriter
from cascade_cli.adapters.venice.table_fields import Schema, read_schema
from cascade_cli.adapters.venice.writer import VeniceWriter
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.refunds.refund_shares import Disputing, Refunding
from cascade_cli.services.delivery.credit_guards import guard_mode
from cascade_cli.services.delivery.credit_service import CreditService
from cascade_cli.services.delivery.deliver import Deliverer, DeliveryTerms
from cascade_cli.services.delivery.tell_arrivals import ArrivalService
from cascade_cli.services.events.replay_service import Replayer
from cascade_cli.services.ports import Surroundings
from cascade_cli.services.processor.processor_account import AvailableBalance
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from cascade_cli.services.refunds.automatic_refunds import AutomaticRefunds
from cascade_cli.services.refunds.refund_service import RefundService, RefundWish
from cascade_cli.settings import Settings
from cascade_cli.wiring import Invocation, this_worker
from cascade_cli.wiring.connection import connected
from cascade_cli.wiring.reading import Wiring

# Airtable takes 5 requests a second and answers each in up to 0.6 s. This many threads use it up.
WRITE_THREADS = 4
LOCK_LEASE = timedelta(minutes=3)
HEARTBEAT_SECONDS = 45.0
# Another `cascade serve` takes over within a minute, even if it cannot see that this one is dead.
WORKER_LEASE = timedelta(seconds=15)
WORKER_HEARTBEAT_SECONDS = 4.0
SCHEMA_HINT = (
    "The token may not read the base's schema (scope schema.bases:read): cascade writes the "
    "documented fields without checking that the base has them."
)
# These commands read much, and let the requests of others go first.
_UNHURRIED = frozenset({"reconcile --repair", "events replay"})

Caller = TypeVar("Caller", bound=Invocation)


@dataclass(frozen=True)
class WriteWiring:
    """The services that write, over one journal."""

    journal: Journal
    schema: Schema
    writer: VeniceWriter
    deliverer: Deliverer
    available_balance: AvailableBalance
    service: CreditService
    replayer: Replayer
    refunds: RefundService
    arrivals: ArrivalService
    around: Surroundings
    now: Callable[[], datetime]

    def automatic_refunds(
        self,
        settings: Settings,
        facts: Mapping[str, Any],
        guard: Callable[[], None],
        lock: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> AutomaticRefunds | None:
        """Acts on refunds and disputes; None if the settings leave all of them to people.

        Pass a `lock` unless the run holds it: no two runs may settle refunds at the same time.
        """
        refunds = settings.refunds is Refunding.AUTO
        hold = settings.disputes is Disputing.HOLD
        if not (refunds or hold):
            return None
        wish = RefundWish(settings.refund_policy, facts)
        return AutomaticRefunds(
            self.refunds, self.journal.keys_in_progress, wish, guard, lock, refunds, hold, self.now
        )


def run_lock(journal: Journal, base_id: str) -> RunLock:
    """For `with`: one run at a time works on the base. Raises LockedError on entry."""
    return journal.lock(f"base {base_id}", lease=LOCK_LEASE, heartbeat_seconds=HEARTBEAT_SECONDS)


def worker_lock(journal: Journal, base_id: str) -> RunLock:
    """For `with`: one `cascade serve` credits the base's events. Raises LockedError on entry."""
    name = worker_lock_of(base_id)
    return journal.lock(name, lease=WORKER_LEASE, heartbeat_seconds=WORKER_HEARTBEAT_SECONDS)


def wire_writing(
    wiring: Wiring,
    journal: Journal,
    tell: Callable[[str], None],
    permit: Callable[[], None] = lambda: None,
) -> WriteWiring:
    """Sends one request, for the base's schema. `tell` is called with waits and warnings. `permit`
    is called before every write of a transfer or notice, and may raise."""
    settings, now = wiring.settings, wiring.clock.now
    schema = read_schema(wiring.api, settings.airtable_base)
    if not schema.is_known:
        tell(SCHEMA_HINT)
    writer = VeniceWriter(wiring.api, settings.airtable_base, settings.processor, schema)
    notifier = NotificationWriter(wiring.api, settings.airtable_base, schema)

    def turn() -> None:
        wiring.airtable.wait_turn()
        permit()

    around = Surroundings(now, time.sleep, turn, permitted, tell, WRITE_THREADS)
    deliverer = Deliverer(
        transfers=wiring.transfers,
        writer=writer,
        notifier=notifier,
        journal=journal,
        terms=DeliveryTerms(settings.lifetime, settings.max_per_day, settings.engine),
        around=around,
    )
    past = PastDeliveries(journal, settings.airtable_base)
    available_balance = AvailableBalance(
        wiring.citizens, wiring.transfers, journal, settings.processor, settings.lifetime, now
    )
    service = CreditService(
        payments=wiring.payments,
        transfers=wiring.transfers,
        citizens=wiring.citizens,
        deliverer=deliverer,
        promises=journal,
        available_balance=available_balance,
        limits=wiring.limits,
        prices=wiring.prices,
        now=now,
        past=past,
    )
    replayer = Replayer(
        payments=wiring.payments,
        knows=wiring.events.knows,
        sold_elsewhere=wiring.events.sold_elsewhere,
        transfers=wiring.transfers,
        citizens=wiring.citizens,
        available_balance=available_balance,
        deliverer=deliverer,
        limits=wiring.limits,
        prices=wiring.prices,
        now=now,
        past=past,
    )
    refunds = RefundService(
        payments=wiring.payments,
        transfers=wiring.transfers,
        citizens=wiring.citizens,
        deliverer=deliverer,
        decisions=journal,
        limits=wiring.limits,
        terms=wiring.terms,
        past=past,
    )
    arrivals = ArrivalService(journal, wiring.transfers, notifier, around)
    return WriteWiring(
        journal,
        schema,
        writer,
        deliverer,
        available_balance,
        service,
        replayer,
        refunds,
        arrivals,
        around,
        now,
    )


@dataclass(frozen=True)
class WriteContext(Generic[Caller]):
    """Everything that a command or call needs to move ducats."""

    session: Caller
    worker: Worker
    reading: Wiring
    writing: WriteWiring

    @property
    def settings(self) -> Settings:
        """The settings of this run."""
        return self.reading.settings

    @property
    def journal(self) -> Journal:
        """The audit trail."""
        return self.writing.journal

    def begin(self) -> None:
        """Call before the first write. Raises GuardError if the base belongs to the other mode."""
        base, live = self.settings.airtable_base, self.settings.livemode
        guard_mode(self.journal, self.reading.transfers, base, livemode=live)

    def facts(self) -> dict[str, object]:
        """What the Notes of every stratagem say about who made it."""
        return {"operator": self.worker.operator, "livemode": self.settings.livemode}


@contextmanager
def write_context(
    session: Caller,
    command: str,
    *,
    lock: bool = True,
    check: Callable[[Settings], None] = lambda _settings: None,
) -> Iterator[WriteContext[Caller]]:
    """Connected services, an open journal and, unless `lock` is false, the base's run lock.

    `check` may refuse the settings by raising, before there is any request or journal entry.
    Raises LockedError if another run is at work on the same base.
    """
    worker = this_worker(command)
    with connected(session, in_hurry=command not in _UNHURRIED) as wiring:
        check(wiring.settings)
        journal = wiring.shop_journal.used_by(worker, wiring.clock.now)
        with run_lock(journal, wiring.settings.airtable_base) if lock else nullcontext() as held:
            # A process that stood still for long may have lost the lock: renewed before each write.
            permit = (held.renew,) if held else ()
            writing = wire_writing(wiring, journal, session.warn, *permit)
            if held and wiring.clock.ahead:
                # The lease was taken before Airtable's first answer corrected the clock.
                held.renew()
            yield WriteContext(session, worker, wiring, writing)
