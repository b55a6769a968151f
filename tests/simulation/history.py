"""One whole history: the plan's events, everybody at work at once, and then the peace after it."""

from __future__ import annotations

import random as random_module
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from random import Random
from unittest.mock import patch

from cascade_cli.adapters.pacing import Pacer
from cascade_cli.adapters.transport import Transport
from cascade_cli.adapters.venice.base import VeniceReader, airtable_api
from cascade_cli.adapters.venice.schema import Schema, read_schema
from cascade_cli.adapters.venice.writer import VeniceWriter
from cascade_cli.domain.engine import parse_schedule
from cascade_cli.domain.kinds import Kind
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.app import SandboxApp
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services import reconcile
from cascade_cli.services.delivery_ports import DeliveryTerms
from cascade_cli.services.reconcile import Run
from tests.sandboxed import served
from tests.simulation.faults import Weather
from tests.simulation.kit import Kit
from tests.simulation.network import Network
from tests.simulation.plan import CITIZENS, LATECOMER, Payment, Plan
from tests.simulation.process import Chronicle, Host, Misfortune, Process
from tests.simulation.recording import JournalFile, Recording
from tests.simulation.scheduler import Scheduler
from tests.simulation.shop import Alter, Parts, Shop, attempted, is_repairable
from tests.simulation.venice import City, EngineRunner
from tests.simulation.witness import BaseWitness

ROUNDS = 12
DAY_SECONDS = 25 * 3600.0
RETRIES_SECONDS = (20.0, 400.0, 3000.0)
ENOUGH_DUCATS = 1_000_000

Command = Callable[[Shop], bool]


@dataclass
class Workshop:
    """What histories share to be quick: the SDKs, the journal's file, the schemas read once."""

    journal: JournalFile
    kits: list[Kit] = field(default_factory=list)
    schemas: dict[bool, Schema] = field(default_factory=dict)

    def schema(self, *, older: bool) -> Schema:
        """What the base tells of its fields, asked over HTTP once."""
        if older not in self.schemas:
            with closing(SandboxApp(":memory:")) as app, served(app) as sandboxed:
                if older:
                    app.airtable.tables.use_older_notifications()
                transport = Transport(Pacer(0), lockout_seconds=0)
                api = airtable_api("patSandbox", f"{sandboxed.url}/airtable", transport)
                self.schemas[older] = read_schema(api, BASE_ID)
        return self.schemas[older]

    @contextmanager
    def kit(self) -> Iterator[Kit]:
        """Both SDKs for one process; those of a killed one serve again, with nothing of it left."""
        kit = self.kits.pop() if self.kits else Kit()
        try:
            yield kit
        finally:
            self.kits.append(kit)


class History:
    """The world of one seed. `run` plays the plan and returns with everything at rest."""

    def __init__(
        self, seed: int, plan: Plan, random: Random, workshop: Workshop, alter: Alter
    ) -> None:
        # tenacity's jitter comes from the module's own generator.
        random_module.seed(seed)
        self.plan, self._workshop, self._alter = plan, workshop, alter
        self.random = random
        self.flaws: list[str] = []
        self.payments: list[str] = []
        self.chronicle = Chronicle()
        self.scheduler = Scheduler(plan.begins, random)
        self.app = SandboxApp(
            ":memory:",
            now=self.scheduler.now,
            random=random,
            airtable_rate=plan.airtable_rate,
        )
        self.city = City(self.app)
        self.engine = EngineRunner(self.app, self.city, self.scheduler, random, self.chronicle)
        self.witness = BaseWitness(self.app, self._blame, plan.lag)
        self._misfortune = Misfortune(plan.kill, plan.standstill)
        self._weather = Weather(plan.fault)
        self._network = Network(self.app, self.witness, self._weather)
        self._host = Host(self.scheduler, random, self._misfortune, self.chronicle)
        self._journal_failing = plan.journal_failing
        self._schedule = parse_schedule(plan.schedule)
        self._runs: list[Run] = []

    def run(self) -> Run:
        """Play everything; returns what `cascade reconcile` says in the end."""
        self._settle()
        with patch.object(reconcile, "side_by_side", self._one_after_the_other):
            self._schedule_plan()
            self.scheduler.run()
            self._come_to_rest()
            return self._runs[-1]

    def close(self) -> None:
        """Let go of the sandbox."""
        self.app.close()

    def _blame(self, what: str) -> None:
        self.flaws.append(what)
        self.chronicle.tell(self.scheduler.now(), "WITNESS", what)

    def _one_after_the_other(self, first: Callable[[], object], second: Callable[[], object]) -> object:
        """Threads of its own would run beside the baton; either order is possible in life too."""
        if self.random.random() < 0.5:
            one = first()
            return one, second()
        other = second()
        return first(), other

    def _settle(self) -> None:
        if self.plan.older_notifications:
            self.app.airtable.tables.use_older_notifications()
        self.city.move_in(PROCESSOR, self.plan.processor_ducats)
        for name in CITIZENS:
            self.city.move_in(name, 10)

    def _schedule_plan(self) -> None:
        plan, at = self.plan, self.scheduler.at
        for payment in plan.payments:
            at(payment.after_seconds, lambda p=payment: self._pay(p))
        for number, credit in enumerate(plan.credits):
            for moment in (0.0, *credit.again):
                at(
                    credit.after_seconds + moment,
                    lambda c=credit, n=number: self._start(
                        f"credit{n}", lambda s: s.credit_by_hand(c.citizen, c.ducats, c.reference)
                    ),
                )
        for number, moment in enumerate(plan.repairs):
            at(moment, lambda n=number: self._start(f"repair{n}", Shop.repair, retries=1))
        for run in plan.engine_runs:
            at(
                run.after_seconds,
                lambda r=run: self.engine.run(
                    fail_at=r.fail_at, step_seconds=r.step_seconds, kill=r.kill
                ),
            )
        for moment in plan.hand_runs:
            at(moment, self._run_by_hand)
        at(plan.replenished_after, lambda: self._grant(ENOUGH_DUCATS))
        at(plan.latecomer_after, lambda: self.city.move_in(LATECOMER, 0))
        if plan.quota_gone:
            at(plan.quota_gone[0], lambda: self._set_quota(gone=True))
            at(plan.quota_gone[1], lambda: self._set_quota(gone=False))

    def _set_quota(self, *, gone: bool) -> None:
        self._weather.quota_gone = gone
        self._tell(f"Airtable's monthly quota is {'gone' if gone else 'there again'}")

    def _tell(self, what: str) -> None:
        self.chronicle.tell(self.scheduler.now(), "world", what)

    def _pay(self, payment: Payment) -> None:
        now = self.scheduler.now()
        ducats = Decimal(payment.ducats)
        charge = self.app.stripe.books.pay(
            amount=max(50, int(ducats * 10)),
            currency="usd",
            at=now,
            metadata={
                "citizen_id": payment.citizen,
                "ducat_amount": str(float(ducats)),
                "exchange_rate": "0.1",
                "platform": "cascade",
                "type": "ducat_purchase",
            },
        )
        self.payments.append(charge["id"])
        intent = str(charge["payment_intent"])
        self._tell(f"{payment.citizen} pays for {payment.ducats} ducats: {intent}")
        for number, moment in enumerate(payment.deliveries):
            self.scheduler.at(
                moment,
                lambda n=number: self._start(
                    f"webhook{n}", lambda shop: shop.credit_event(intent, f"evt_{n}")
                ),
            )
        if payment.older_connector:
            self.scheduler.at(5, lambda: self._credit_as_before(payment))
        if payment.undone:
            self.scheduler.at(
                payment.undone_after_seconds, lambda: self._undo(payment, charge["id"])
            )

    def _credit_as_before(self, payment: Payment) -> None:
        now = self.scheduler.now()
        notes = (
            f'{{"source": "cascade_payment_processor", "payment_type": "stripe_purchase", '
            f'"amount": {float(payment.ducats)}, "reason": "Ducat purchase via CASCADE"}}'
        )
        self.app.airtable.tables.create(
            "STRATAGEMS",
            {
                "StratagemId": f"cascade_payment_{payment.citizen}_{int(now.timestamp())}",
                "Type": "transfer_ducats",
                "ExecutedBy": PROCESSOR,
                "TargetCitizen": payment.citizen,
                "Status": "active",
                "ExpiresAt": (now + timedelta(minutes=5)).isoformat(),
                "Notes": notes,
            },
        )
        self._tell(f"the older connector writes its row for {payment.citizen}")

    def _undo(self, payment: Payment, charge: str) -> None:
        now, books = self.scheduler.now(), self.app.stripe.books
        self._tell(f"{payment.undone} of {charge}")
        if payment.undone == "dispute":
            books.dispute(charge, at=now)
        else:
            books.refund(charge, at=now, amount=50 if payment.undone == "part" else None)

    def _grant(self, ducats: int) -> None:
        """By somebody who waits until the engine is idle."""
        if self.engine.is_running:
            self.scheduler.at(30, lambda: self._grant(ducats))
            return
        self.city.grant(ducats)
        self._tell(f"the processor gets {ducats} ducats")

    def _run_by_hand(self, patience: int = 6) -> None:
        """Somebody at Venice runs a row that the engine passes over, by its id; and somebody
        at the shop may repair it in that very minute."""
        if expired := self._expired():
            self.engine.run(only=expired[0], step_seconds=3.0)
            self.scheduler.at(
                self.random.uniform(0, 12), lambda: self._start("repairH", Shop.repair, 0)
            )
        elif patience:
            wait = self.plan.horizon_seconds / 10
            self.scheduler.at(wait, lambda: self._run_by_hand(patience - 1))

    def _expired(self) -> list[str]:
        """Active rows that the engine passes over, without a spare under the same id."""
        now = self.scheduler.now().isoformat()
        rows = [row["fields"] for row in self.city.rows()]
        names = [row["StratagemId"] for row in rows]
        return [
            row["StratagemId"]
            for row in rows
            if row["Status"] == "active"
            and row["ExpiresAt"] < now
            and names.count(row["StratagemId"]) == 1
        ]

    def _start(self, name: str, command: Command, retries: int = len(RETRIES_SECONDS)) -> None:
        """A process for the command; whoever gave it tries again some times if it fails or dies."""
        done: list[bool] = []

        def ended(_was_killed: bool) -> None:
            if retries and not any(done):
                wait = RETRIES_SECONDS[-retries]
                self.scheduler.at(wait, lambda: self._start(name, command, retries - 1))

        self._host.start(name, lambda process: self._live(process, command, done), ended)

    def _live(self, process: Process, command: Command, done: list[bool]) -> None:
        process.tell("starts")
        with self._workshop.kit() as kit:
            recording = Recording(process, self._workshop.journal.database, self._journal_failing)
            for transport, rate in ((kit.stripe_transport, 23.75), (kit.airtable_transport, 4.75)):
                transport.board(process, self._network, recording, rate)
            shop = self._shop(process, kit, recording)
            done.append(attempted(process, lambda: command(shop)))

    def _shop(self, process: Process, kit: Kit, recording: Recording) -> Shop:
        schema = self._schema()
        reader = VeniceReader(kit.api, BASE_ID, PROCESSOR)
        writer = VeniceWriter(kit.api, BASE_ID, PROCESSOR, schema)
        terms = DeliveryTerms(
            self.plan.lifetime, Decimal(self.plan.day_limit_ducats), self._schedule
        )
        parts = self._alter(Parts(reader, writer, recording))
        return Shop(process, kit, parts, schema, self._schedule, terms)

    def _schema(self) -> Schema:
        if not self.plan.schema_known:
            return Schema(None)
        return self._workshop.schema(older=self.plan.older_notifications)

    def _come_to_rest(self) -> None:
        """No more faults; the nightly repair and the engine go on until nothing changes."""
        self._misfortune.end()
        self._weather.clear_up()
        self._journal_failing = 0.0
        self.city.grant(ENOUGH_DUCATS)
        self._tell("peace")
        unfinished = list(range(len(self.plan.credits)))
        for _ in range(ROUNDS):
            self.scheduler.at(DAY_SECONDS, lambda: self._start("rest", self._last_repair, 0))
            for number in list(unfinished):
                self.scheduler.at(
                    DAY_SECONDS - 600, lambda n=number: self._finish_credit(n, unfinished)
                )
            self.scheduler.run()
            self.engine.run(step_seconds=0.1)
            self.scheduler.run()
            if self._runs and not unfinished and _is_at_rest(self._runs[-1]):
                return

    def _finish_credit(self, number: int, unfinished: list[int]) -> None:
        credit = self.plan.credits[number]

        def command(shop: Shop) -> bool:
            if shop.credit_by_hand(credit.citizen, credit.ducats, credit.reference):
                unfinished.remove(number)
            return True

        self._start(f"credit{number}", command, 0)

    def _last_repair(self, shop: Shop) -> bool:
        self._runs.append(shop.reconcile())
        return shop.repair_found(self._runs[-1])


def _is_at_rest(run: Run) -> bool:
    return not any(item.kind is Kind.IN_FLIGHT or is_repairable(item) for item in run.result.items)
