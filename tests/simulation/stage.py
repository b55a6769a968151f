"""The world of one history, and how processes of cascade begin in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from math import ceil
from random import Random

from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.journal import Journal
from cascade_cli.adapters.journal.inbox import Inbox
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.writer import VeniceWriter
from cascade_cli.domain.delivery.delivery_steps import Action
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.journal_entries import Attempt, Fate, Intent, Worker
from cascade_cli.domain.records.orders import Cause
from cascade_cli.domain.records.past_delivery import PastDelivery
from cascade_cli.domain.records.rulings import no_rulings
from cascade_cli.domain.records.stripe_events import acted_on
from cascade_cli.domain.shop.engine_schedule import parse_schedule
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.delivery.deliver import DeliveryTerms
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from tests.simulation.endpoint import Endpoint
from tests.simulation.faults import Weather
from tests.simulation.kit import Kit
from tests.simulation.mailbox import Mailbox
from tests.simulation.network import Network
from tests.simulation.plan import CITIZENS, Plan
from tests.simulation.process import Chronicle, Host, Misfortune, Process
from tests.simulation.rated import PatientPacer, RateWatch, shared_paces
from tests.simulation.recording import Recording
from tests.simulation.running import Gate
from tests.simulation.scheduler import Scheduler
from tests.simulation.shared_parts import SharedParts
from tests.simulation.shop import Alter, Parts, Shop, attempted, rulings_of
from tests.simulation.venice import City, EngineRunner
from tests.simulation.write_watch import WriteWatch

_EARLIER = Worker("earlier", "", 0, "simulation", "serve")
_LEASE = timedelta(minutes=10)
RETRIES_SECONDS = (20.0, 400.0, 3000.0)
STRIPE_RATE, AIRTABLE_RATE = 24.5, 4.9

_RUN_WHILE_UNKNOWN = 0.4

Command = Callable[[Shop], bool]


class EarlierWrites(PastDeliveries):
    """What earlier processes of cascade wrote last, by key, for reconciliation to know: what those
    of this history write it does not look up, so that histories stay what they were."""

    def __init__(self) -> None:
        self.by_key: dict[str, Attempt] = {}

    def past_of(self, charges: Sequence[Charge], now: datetime) -> dict[str, PastDelivery]:  # noqa: ARG002 - of any time
        """By charge."""
        return {charge.id: self.written_for(charge.stratagem_id) for charge in charges}

    def written_for(self, key: str) -> PastDelivery:
        """Under that key."""
        return PastDelivery(self.by_key.get(key))


class Stage:
    """Sandbox, city, network and host; `flaws` are what was seen to go wrong in its writes."""

    def __init__(self, plan: Plan, random: Random, shared_parts: SharedParts, alter: Alter) -> None:
        self.plan, self.random = plan, random
        self._shared_parts, self._alter = shared_parts, alter
        self.flaws: list[str] = []
        self.earlier = EarlierWrites()
        self.chronicle = Chronicle()
        self.scheduler = Scheduler(plan.begins, random)
        now = self.scheduler.now
        self.app = SandboxApp(":memory:", now=now, random=random, airtable_rate=plan.airtable_rate)
        self.city = City(self.app)
        self.engine = EngineRunner(self.app, self.city, self.scheduler, random, self.chronicle)
        self.writes = WriteWatch(self.app, self.city, self._blame, plan.lag, random)
        self.weather = Weather(plan.fault)
        self._misfortune = Misfortune(plan.kill, plan.standstill, plan.oversleep)
        self._journal_failing = plan.journal_failing
        self._watch = RateWatch(self.scheduler, self._blame) if plan.airtable_rate else None
        self._network = Network(self.app, self.writes, self.weather, self._watch)
        self._paces = shared_paces(plan.airtable_rate, self.scheduler.seconds)
        self._network.hears = self._perhaps_run_the_engine
        self._host = Host(self.scheduler, random, self._misfortune, self.chronicle)
        self._gate = Gate(self._blame)
        self._engine_schedule = parse_schedule(plan.schedule)

    def populate(self) -> None:
        """Before anything happens."""
        if self.plan.legacy_notifications:
            self.app.airtable.tables.use_legacy_notifications()
        self.city.move_in(PROCESSOR, self.plan.processor_ducats)
        for name in CITIZENS:
            self.city.move_in(name, 10)

    def make_peace(self) -> None:
        """From now on nothing fails, and nobody is killed."""
        self._misfortune.end()
        self.weather.clear_up()
        self._shared_parts.journal.pooled.drops.end()
        self._journal_failing = 0.0
        self.tell("peace")

    def tell(self, what: str) -> None:
        """Note what happens in the world."""
        self.chronicle.tell(self.scheduler.now(), "world", what)

    def promised_before(
        self, key: str, citizen: str, ducats: Decimal, wrote: Action | None = None
    ) -> None:
        """An earlier process of cascade has promised it; its last write, if any, was applied."""
        database = self._shared_parts.journal.database
        journal = Journal(database, _EARLIER, now=self.scheduler.now)
        intent = Intent(key, citizen, ducats, Cause.PAYMENT)
        journal.claim([intent], lease=_LEASE, day_limit_ducats=None)
        if wrote:
            at = journal.attempt([key], wrote, lease=_LEASE)
            journal.outcome([key], wrote, Fate.APPLIED)
            self.earlier.by_key[key] = Attempt(wrote, at, Fate.APPLIED)
        journal.release([key])

    def start(self, name: str, command: Command, retries: int = len(RETRIES_SECONDS)) -> None:
        """A process for the command; whoever gave it tries again some times if it fails or dies."""
        done: list[bool] = []

        def ended() -> None:
            if retries and not any(done):
                wait = RETRIES_SECONDS[-retries]
                self.scheduler.at(wait, lambda: self.start(name, command, retries - 1))

        self._host.start(name, lambda process: self._live(process, command, done), ended)

    def overrun_the_rate(self) -> None:
        """Somebody else's tool asks the base too often: everybody is locked out."""
        self.tell("somebody overruns the base's rate")
        if self._watch:
            self._watch.overrun(self.app, ceil(self.plan.airtable_rate or 0) + 1)

    def _perhaps_run_the_engine(self) -> None:
        """While nobody knows what became of a write, the engine takes the row that it lets go."""
        if self.random.random() < _RUN_WHILE_UNKNOWN:
            run = partial(self.engine.run, step_seconds=1.0)
            self.scheduler.at(self.random.uniform(1, 100), run)

    def _blame(self, what: str) -> None:
        self.flaws.append(what)
        self.chronicle.tell(self.scheduler.now(), "WITNESS", what)

    def _live(self, process: Process, command: Command, done: list[bool]) -> None:
        process.tell("starts")
        with self._shared_parts.kit() as kit:
            database = self._shared_parts.journal.pooled
            recording = Recording(process, database, self._journal_failing, self._gate)
            clock = ServiceClock(self.scheduler.now)
            stripe, airtable = (
                PatientPacer(process, rate, pace, self._blame)
                for rate, pace in zip((STRIPE_RATE, AIRTABLE_RATE), self._paces, strict=True)
            )
            kit.stripe_transport.board(process, self._network, recording, stripe, clock)
            kit.airtable_transport.board(process, self._network, recording, airtable, clock)
            shop = self._shop(process, kit, recording, clock)
            done.append(attempted(process, lambda: command(shop)))

    def _shop(self, process: Process, kit: Kit, recording: Recording, clock: ServiceClock) -> Shop:
        schema = self._schema()
        rulings = partial(rulings_of, recording) if self.plan.mistakes else no_rulings
        transfers = TransferReader(kit.api, BASE_ID, PROCESSOR, rulings=rulings)
        writer = VeniceWriter(kit.api, BASE_ID, PROCESSOR, schema)
        limit = Decimal(self.plan.day_limit_ducats)
        terms = DeliveryTerms(self.plan.lifetime, limit, self._engine_schedule)
        parts = self._alter(Parts(transfers, writer, recording))
        auto, hold = self.plan.refunds_auto, self.plan.disputes_hold
        inbox = Inbox(
            self._shared_parts.journal.pooled,
            recording.worker,
            now=self.scheduler.now,
            acted_on=acted_on(refunds=auto, disputes=hold),
        )
        mailbox = Mailbox(recording, inbox)
        return Shop(
            process,
            kit,
            parts,
            mailbox=mailbox,
            endpoint=Endpoint(mailbox, self.scheduler.now, self._blame),
            schema=schema,
            terms=terms,
            threads=self.plan.threads,
            clock=clock,
            refunds_auto=auto,
            disputes_hold=hold,
            lives=self.city.has,
            arrivals=bool(self.plan.arrival_looks),
            rulings=rulings,
            earlier=self.earlier,
        )

    def _schema(self) -> Schema:
        if not self.plan.schema_known:
            return Schema(None)
        return self._shared_parts.schema(older=self.plan.legacy_notifications)
