"""One run of cascade, wired from the real services and adapters, and the commands it may be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Protocol

from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.http.transport import permitted
from cascade_cli.adapters.stripe.events import EventReader
from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.notifications import NotificationWriter
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.adapters.venice.writer import VeniceWriter
from cascade_cli.cli.reconcile.checkpoint import keep, trusted_checkpoint
from cascade_cli.cli.terminal.windows import window_since_last
from cascade_cli.domain.decisions.decision_plan import Wish as Decided
from cascade_cli.domain.delivery.arrival_notices import NEWS
from cascade_cli.domain.delivery.deliveries import Delivery, Result
from cascade_cli.domain.delivery.processor import BalanceWish
from cascade_cli.domain.discrepancies.refund_plan import RefundPlan
from cascade_cli.domain.matching.matched_charge import Terms
from cascade_cli.domain.reconcile.repair_plan import plan_repairs
from cascade_cli.domain.records.decisions import How
from cascade_cli.domain.records.journal_entries import Worker
from cascade_cli.domain.records.orders import Order, Override, order_for_charge
from cascade_cli.domain.records.rulings import RowRuling, Rulings, no_rulings
from cascade_cli.domain.records.stripe_events import PAYING_TYPES, Event, chronological
from cascade_cli.domain.refunds.refund_shares import Policy
from cascade_cli.domain.selling.price_guard import price_objection
from cascade_cli.domain.shop.times import Window
from cascade_cli.errors import CascadeError, GuardError, UsageError
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.decisions.resolve_service import ResolveService
from cascade_cli.services.delivery.credit_requests import (
    CreditLimits,
    charge_for,
    manual_order,
)
from cascade_cli.services.delivery.credit_service import PATIENCE, CreditService
from cascade_cli.services.delivery.deliver import Deliverer, DeliveryTerms
from cascade_cli.services.delivery.tell_arrivals import ArrivalService, ArrivalWatch
from cascade_cli.services.events.intake import Intake
from cascade_cli.services.events.replay_service import Replayer
from cascade_cli.services.ports import JournalPort, Surroundings, TransfersPort, VeniceWritesPort
from cascade_cli.services.processor.balance import BalanceService, ProcessorAccount
from cascade_cli.services.processor.processor_account import AvailableBalance
from cascade_cli.services.reconcile.carried_over import SinceLastSources
from cascade_cli.services.reconcile.gather import Reconciler, Run
from cascade_cli.services.reconcile.since_last import SinceLast
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from cascade_cli.services.refunds.automatic_refunds import OTHERS_NEXT, PAUSE, AutomaticRefunds
from cascade_cli.services.refunds.refund_service import (
    RefundService,
    RefundWish,
    decided_by,
)
from tests.simulation.abroad import PRICES
from tests.simulation.endpoint import Endpoint
from tests.simulation.kit import Kit
from tests.simulation.mailbox import Mailbox
from tests.simulation.plan import ManualCredit
from tests.simulation.process import Process

GRACE = timedelta(minutes=15)
HORIZON = timedelta(days=30)
PER_CREDIT_DUCATS = Decimal(10_000)
_FINAL = frozenset({Result.CREDITED, Result.ALREADY, Result.RETIRED, Result.BLOCKED})


class Book(JournalPort, Protocol):
    """The journal, with what the commands need beside its port."""

    def lock(self) -> AbstractContextManager[None]:
        """The run lock."""

    def keys_in_progress(self, keys: Collection[str], since: datetime) -> set[str]:
        """Those of `keys` that somebody holds, or for which a write was sent since then."""


@dataclass(frozen=True)
class Parts:
    """What a Deliverer is made of; a mutant puts something else in a place."""

    transfers: TransfersPort
    writer: VeniceWritesPort
    journal: Book


Alter = Callable[[Parts], Parts]


def as_it_is(parts: Parts) -> Parts:
    """Nothing altered."""
    return parts


class Shop:
    """The commands, for one process. Each answers whether its work is done for good."""

    def __init__(
        self,
        process: Process,
        kit: Kit,
        parts: Parts,
        *,
        mailbox: Mailbox,
        endpoint: Endpoint,
        schema: Schema,
        terms: DeliveryTerms,
        threads: int,
        clock: ServiceClock,
        refunds_auto: bool,
        disputes_hold: bool,
        lives: Callable[[str], bool],
        arrivals: bool,
        earlier: PastDeliveries,
        rulings: Callable[[], Rulings] = no_rulings,
    ) -> None:
        self._earlier, self._rulings = earlier, rulings
        self._lives = lives
        self._clock = clock
        self._auto, self._hold = refunds_auto, disputes_hold
        self._process, self._schedule, self._lifetime = process, terms.schedule, terms.lifetime
        self._parts, self._kit, self._mailbox, self._schema = parts, kit, mailbox, schema
        self._endpoint = endpoint
        self._now = process.host.scheduler.now
        self._stripe, self._events = StripeReader(kit.stripe), EventReader(kit.stripe)
        self._transfers = TransferReader(kit.api, BASE_ID, PROCESSOR, rulings=rulings)
        self._citizens = CitizenReader(kit.api, BASE_ID)
        turn = kit.airtable_transport.wait_turn
        notifier = NotificationWriter(kit.api, BASE_ID, schema)
        self._around = around = Surroundings(
            self._now, process.sleep, turn, permitted, process.tell, threads
        )
        self._deliverer = Deliverer(
            transfers=parts.transfers,
            writer=parts.writer,
            notifier=notifier,
            journal=parts.journal,
            terms=terms,
            around=around,
        )
        service = ArrivalService(parts.journal, self._transfers, notifier, around)
        self._arrivals = service if arrivals else None
        self._limits = CreditLimits(PER_CREDIT_DUCATS, terms.day_limit_ducats, PROCESSOR)
        self._available_balance = AvailableBalance(
            self._citizens,
            TransferReader(kit.api, BASE_ID, PROCESSOR),
            parts.journal,
            PROCESSOR,
            self._lifetime,
            self._now,
        )
        self._service = CreditService(
            payments=self._stripe,
            transfers=self._transfers,
            citizens=self._citizens,
            deliverer=self._deliverer,
            promises=parts.journal,
            available_balance=self._available_balance,
            limits=self._limits,
            prices=PRICES,
            now=self._now,
            past=PastDeliveries(parts.journal, BASE_ID),
        )
        self._refunds = RefundService(
            payments=self._stripe,
            transfers=self._transfers,
            citizens=self._citizens,
            deliverer=self._deliverer,
            decisions=parts.journal,
            limits=self._limits,
            terms=lambda: Terms(self._now(), GRACE, self._schedule, PRICES),
        )
        self._automatic_refunds = AutomaticRefunds(
            self._refunds,
            parts.journal.keys_in_progress,
            RefundWish(Policy.AVAILABLE, {}),
            lambda: None,
            self.lock,
            refunds=self._auto,
            hold=self._hold,
            now=self._now,
            # Guilds are small here, and their refunds take several turns all the same.
            at_once=1,
        )

    def lock(self) -> AbstractContextManager[None]:
        """The run lock, as every writing command but the webhook's holds it."""
        return self._parts.journal.lock()

    def receive(self, body: bytes) -> bool:
        """What `cascade serve` does about one event: keep it, then work on all that are due."""
        self._endpoint.post(body)
        intake = Intake(
            self._mailbox,
            self._replayer(),
            livemode=False,
            facts={},
            guard=lambda: None,
            now=self._now,
            refunds=self._automatic_refunds.settle if self._auto or self._hold else None,
        )
        while settled := intake.work():
            if any(one.note.endswith(OTHERS_NEXT) for one in settled):
                self._process.sleep(PAUSE.total_seconds())
        return self._mailbox.is_empty()

    def credit_event(self, payment_id: str, event: str) -> bool:
        """What CASCADE's backend does, which calls `credit_ducats` when it hears of a payment."""
        orders = []
        for charge in self._stripe.portions(payment_id):
            if not self._lives(charge.citizen or "") or price_objection(charge, PRICES):
                self._process.tell(f"left to people: {charge.payment_id}")
                continue
            try:
                orders.append(order_for_charge(charge, "Ducat purchase", {"event": event}))
            except ValueError as error:
                self._process.tell(f"left to people: {error}")
        if not orders:
            return True
        return self._told(self._deliverer.deliver(orders, patience=timedelta(0)))

    def credit_by_hand(self, credits: Sequence[ManualCredit]) -> bool:
        """`cascade credit … --reference`, or `--file` with several rows."""
        with self.lock():
            plan = self._service.plan([_order(credit) for credit in credits])
            return self._told(self._service.carry_out(plan))

    def credit_payment(self, payment_id: str, citizen: str, ducats: Decimal) -> bool:
        """`cascade credit --payment … --although-underpaid`."""
        with self.lock():
            order = self._service.order_for_payment(
                charge_for(self._stripe, payment_id, citizen),
                citizen,
                ducats,
                reason="decided",
                facts={},
                overrides={Override.UNDERPAID},
            )
            return self._told(self._service.carry_out(self._service.plan([order])))

    def refund(self, payment_id: str) -> bool:
        """`cascade refund`."""
        with self.lock():
            service, wish = self._refunds, RefundWish(Policy.AVAILABLE, {})
            pictures = service.look(payment_id)
            residents = service.residents(pictures)
            plans: list[RefundPlan] = []
            for picture in pictures:
                # What cannot be done for one of many citizens holds up no other.
                with self._told_of_guards():
                    plans.append(service.plan(picture, wish, residents))
            found = service.carry_out(plans, wish)
            for error in (one.refused for one in found if one.refused):
                self._process.tell(f"ends: {error.kind}: {error.message[:90]}")
            told = self._told([delivery for one in found for delivery in one.deliveries])
            is_done = len(plans) == len(pictures) and not any(plan.waits for plan in plans)
            return told and is_done and not any(one.refused for one in found)

    @contextmanager
    def _told_of_guards(self) -> Iterator[None]:
        try:
            yield
        except GuardError as error:
            self._process.tell(f"ends: {error.kind}: {error.message[:90]}")

    def replenish(self, by: Decimal) -> bool:
        """`cascade citizen replenish --by N`."""
        with self.lock():
            service, wish = self._balance_service(), BalanceWish(by=by)
            report = service.carry_out(wish, service.plan(wish))
        self._process.tell(
            f"=> the balance: {report.plan.trace}, as written {report.is_as_written}"
        )
        return True

    def decisions(self) -> dict[str, dict[str, Any]]:
        """What is recorded about refunds."""
        return self._parts.journal.refunds()

    def needs_person(self, payment_id: str) -> bool:
        """Whether an event of the payment waits for somebody."""
        return self._mailbox.needs_person(payment_id)

    def _balance_service(self) -> BalanceService:
        api, name = self._kit.api, self._process.name
        return BalanceService(
            rows_named_like=self._citizens.rows_named_like,
            writer=VeniceWriter(api, BASE_ID, PROCESSOR, self._schema),
            transfers=TransferReader(api, BASE_ID, PROCESSOR),
            journal=self._parts.journal,
            account=ProcessorAccount(BASE_ID, PROCESSOR, "Innovatore", self._schedule),
            around=self._around,
            run=f"{name}-{self._process.pid}",
        )

    def replay(self, random: Random) -> bool:
        """`cascade events replay`, of events that came in any order and some of them twice."""
        with self.lock():
            events = self._events.events(self._window(), sorted(PAYING_TYPES))
            shuffled = random.sample([*events, *events[:3]], len(events) + len(events[:3]))
            replayer = self._replayer()
            plan = replayer.plan(chronological(shuffled), {})
            return self._told(replayer.carry_out(plan))

    def all_events(self) -> list[Event]:
        """`cascade events list`."""
        return self._events.events(self._window())

    def _replayer(self) -> Replayer:
        return Replayer(
            payments=self._stripe,
            knows=self._events.knows,
            sold_elsewhere=self._events.sold_elsewhere,
            transfers=self._transfers,
            citizens=self._citizens,
            available_balance=self._available_balance,
            deliverer=self._deliverer,
            limits=self._limits,
            prices=PRICES,
            now=self._now,
            past=PastDeliveries(self._parts.journal, BASE_ID),
        )

    def _reconciler(self, past: PastDeliveries | None = None) -> Reconciler:
        return Reconciler(self._stripe, self._transfers, self._citizens, PROCESSOR, past)

    def reconcile(self) -> Run:
        """`cascade reconcile`."""
        return self._reconciler(self._earlier).run(self._window(), self._terms())

    def _terms(self) -> Terms:
        """With what people decided about cases."""
        terms = Terms(self._now(), GRACE, self._schedule, PRICES)
        if self._rulings is no_rulings:
            return terms
        journal = self._parts.journal
        known = decided_by({}, journal.decisions(), journal.rulings())
        return replace(terms, decided=known)

    def decide(self, payment: str, how: How, has_moved: Callable[[str], bool]) -> bool:
        """`cascade resolve`; of a doubtful transfer, whichever of the payment's it is, people say
        what is true: by its StratagemId, whether it moved its ducats."""
        with self.lock():
            service = self._resolve_service()
            try:
                seen = service.look(payment)
                if how in {How.MOVED, How.NOT_MOVED} and (rows := seen.subject.doubtful):
                    how = How.MOVED if has_moved(rows[0].stratagem_id) else How.NOT_MOVED
                wish = Decided(how, f"decided to {how}")
                if how is How.SNOOZE:
                    wish = replace(wish, until=self._now() + timedelta(hours=5))
                if how is How.SETTLED_BY:
                    wish = replace(
                        wish, settles=service.settling(f"cascade_manual_for-{payment}", seen)
                    )
                worker = Worker("", "simulated", 0, self._process.name, "resolve")
                planned = service.plan(seen, wish, {}, Policy.AVAILABLE, worker)
                return self._told(service.carry_out(planned))
            except (GuardError, UsageError) as error:
                self._process.tell(f"refused: {error.message[:90]}")
                return True

    def credit_for(self, payment: str, citizen: str, ducats: Decimal, reference: str) -> bool:
        """`cascade credit` with a reason that speaks of a payment."""
        with self.lock():
            order = manual_order(
                citizen, ducats, reason=f"makes good {payment}", reference=reference, facts={}
            )
            try:
                return self._told(self._service.carry_out(self._service.plan([order])))
            except GuardError as error:
                self._process.tell(f"refused: {error.message[:90]}")
                return True

    def _resolve_service(self) -> ResolveService:
        return ResolveService(
            payments=self._stripe,
            transfers=TransferReader(self._kit.api, BASE_ID, PROCESSOR, rulings=self._rulings),
            answering=self._reconciler(),
            citizens=self._citizens,
            service=self._service,
            refunds=self._refunds,
            deliverer=self._deliverer,
            decisions=self._parts.journal,
            limits=self._limits,
            terms=self._terms,
            forget=lambda: None,
        )

    def night(self, ahead: timedelta) -> Run:
        """`cascade reconcile --since last` on a machine whose clock is ahead by that much."""
        self._clock.own = lambda: self._now() + ahead
        return self._clock.with_corrected_time(self._since_last)

    def remember(self, run: Run) -> None:
        """What follows on a night."""
        keep(self._parts.journal, BASE_ID, run, self._clock)

    def _since_last(self, now: datetime, check: Callable[[], None]) -> Run:
        memory = trusted_checkpoint(self._parts.journal, BASE_ID, now)
        window = window_since_last(memory, None, now)
        terms = replace(self._terms(), now=now)
        reconciler = self._reconciler(self._earlier)
        if memory is None:
            return reconciler.run(window, terms)
        sources = SinceLastSources(self._stripe, self._transfers, self._events.events)
        return SinceLast(reconciler, sources).run(memory, window.until, terms, lambda _: check())

    def repair(self) -> bool:
        """`cascade reconcile --repair`."""
        with self.lock():
            return self.repair_found(self.reconcile())

    def repair_found(self, run: Run) -> bool:
        """What follows on the reading."""
        self._process.tell(f"found { {k.value: n for k, n in run.result.counts.items()} }")
        plan = plan_repairs(run.snapshot, run.result, per_credit_ducats=PER_CREDIT_DUCATS, facts={})
        if not plan.repairs:
            self._tell_of_arrivals_in(run)
            return True
        counted = {repair.order.key for repair in plan.repairs if repair.outgoing_ducats}
        self._available_balance.check(plan.total_ducats, counted)
        orders = [repair.order for repair in plan.repairs]
        done = self._told(self._deliverer.deliver(orders, patience=PATIENCE))
        self._tell_of_arrivals_in(run)
        return done

    def tell_arrivals(self) -> bool:
        """What `cascade serve` does once the engine had its turn."""
        if self._arrivals is not None:
            told = self._process.tell
            watch = ArrivalWatch(self._arrivals, self._schedule, {}, now=self._now, tell=told)
            while watch.work():
                pass
        return True

    def _tell_of_arrivals_in(self, run: Run) -> None:
        """What `cascade reconcile --repair` does last."""
        if self._arrivals is None:
            return
        keys = list(self._arrivals.unannounced_transfers(self._now() - NEWS - self._lifetime))
        told = self._arrivals.tell(self._arrivals.arrived(keys, run.snapshot.stratagems))
        self._process.tell(f"=> told of arrivals: {told}")

    def _window(self) -> Window:
        return Window(self._now() - HORIZON, self._now() + timedelta(seconds=1))

    def _told(self, deliveries: Sequence[Delivery]) -> bool:
        for delivery in deliveries:
            self._process.tell(f"=> {delivery.order.key}: {delivery.result} ({delivery.why})")
        return all(delivery.result in _FINAL for delivery in deliveries)


def _order(credit: ManualCredit) -> Order:
    return manual_order(
        credit.citizen,
        Decimal(credit.ducats),
        reason="simulated",
        reference=credit.reference,
        facts={},
    )


def rulings_of(journal: Book) -> Rulings:
    """What people decided about rows."""
    found = map(RowRuling.of, journal.rulings().values())
    return {ruling.record_id: ruling for ruling in found if ruling}


def attempted(process: Process, work: Callable[[], bool]) -> bool:
    """Run one command to its end; whether it is done for good."""
    try:
        return work()
    except CascadeError as error:
        process.tell(f"ends: {error.kind}: {error.message[:90]}")
        return False
