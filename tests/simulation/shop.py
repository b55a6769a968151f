"""One run of cascade, wired from the real services and adapters, and the commands it may be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.adapters.venice.base import VeniceReader
from cascade_cli.adapters.venice.notifications import Notifier
from cascade_cli.adapters.venice.schema import Schema
from cascade_cli.domain.case import Terms
from cascade_cli.domain.delivery import FATE_BOUND
from cascade_cli.domain.kinds import Kind
from cascade_cli.domain.orders import Cause, Order, manual_key, order_for_charge
from cascade_cli.domain.pricing import PriceList
from cascade_cli.domain.reconciliation import Item
from cascade_cli.domain.times import Window
from cascade_cli.errors import CascadeError
from cascade_cli.sandbox.airtable import BASE_ID
from cascade_cli.sandbox.seed.citizens import PROCESSOR
from cascade_cli.services.deliver import Deliverer
from cascade_cli.services.delivery_ports import (
    Delivery,
    DeliveryTerms,
    Ledger,
    Reader,
    Result,
    Surroundings,
    Writer,
)
from cascade_cli.services.reconcile import Reconciler, Run
from tests.simulation.kit import Kit
from tests.simulation.process import Process

GRACE = timedelta(minutes=15)
HORIZON = timedelta(days=30)
_FINAL = frozenset({Result.CREDITED, Result.ALREADY, Result.BLOCKED})
_REPAIRABLE = frozenset({Kind.MISSING, Kind.STALLED, Kind.FAILED})


@dataclass(frozen=True)
class Parts:
    """What a Deliverer is made of; a mutant puts something else in a place."""

    reader: Reader
    writer: Writer
    journal: Ledger


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
        schema: Schema,
        terms: DeliveryTerms,
    ) -> None:
        self._process, self._schedule = process, terms.schedule
        self._now = process.host.scheduler.now
        self._stripe = StripeReader(kit.stripe)
        venice = VeniceReader(kit.api, BASE_ID, PROCESSOR)
        self._reconciler = Reconciler(self._stripe, venice, PROCESSOR)
        self._deliverer = Deliverer(
            reader=parts.reader,
            writer=parts.writer,
            notifier=Notifier(kit.api, BASE_ID, schema),
            journal=parts.journal,
            terms=terms,
            around=Surroundings(
                now=self._now,
                sleep=process.sleep,
                turn=kit.airtable_transport.wait_turn,
                tell=process.tell,
            ),
        )

    def credit_event(self, payment_id: str, event: str) -> bool:
        """What the webhook does about one event."""
        charge = self._stripe.payment(payment_id)
        if charge is None:
            return True
        try:
            order = order_for_charge(charge, "Ducat purchase", {"event": event})
        except ValueError as error:
            self._process.tell(f"left to people: {error}")
            return True
        return self._deliver([order], timedelta(0))

    def credit_by_hand(self, citizen: str, ducats: str, reference: str) -> bool:
        """`cascade credit … --reference`."""
        order = Order(
            manual_key(reference),
            citizen,
            Decimal(ducats),
            Cause.MANUAL,
            "simulated",
            facts={"reference": reference},
        )
        return self._deliver([order], 2 * FATE_BOUND)

    def reconcile(self) -> Run:
        """`cascade reconcile`."""
        now = self._now()
        terms = Terms(now, GRACE, self._schedule, PriceList())
        return self._reconciler.run(Window(now - HORIZON, now + timedelta(seconds=1)), terms)

    def repair(self) -> bool:
        """`cascade reconcile --repair`."""
        return self.repair_found(self.reconcile())

    def repair_found(self, run: Run) -> bool:
        """What follows on the reading."""
        result = run.result
        self._process.tell(f"found { ({k.value: n for k, n in result.counts.items()}) }")
        orders = [_order(item, result.items) for item in result.items if is_repairable(item)]
        return self._deliver(orders, 2 * FATE_BOUND)

    def _deliver(self, orders: Sequence[Order], patience: timedelta) -> bool:
        deliveries = self._deliverer.deliver(orders, patience=patience, done=self._tell)
        return all(delivery.result in _FINAL for delivery in deliveries)

    def _tell(self, delivery: Delivery) -> None:
        self._process.tell(f"=> {delivery.order.key}: {delivery.result} ({delivery.why})")


def is_repairable(item: Item) -> bool:
    """Whether `reconcile --repair` delivers it without asking anybody."""
    automatic = item.repair is not None and item.repair.automatic
    return automatic and item.kind in _REPAIRABLE


def _order(item: Item, items: Sequence[Item]) -> Order:
    assert item.charge is not None
    order = order_for_charge(item.charge, "paid but not delivered", {})
    own = frozenset(s.record_id for s in item.stratagems)
    others = frozenset(s.record_id for i in items for s in i.stratagems)
    return Order(**{**vars(order), "own_records": own, "foreign_records": others - own})


def attempted(process: Process, work: Callable[[], bool]) -> bool:
    """Run one command to its end; whether it is done for good."""
    try:
        return work()
    except CascadeError as error:
        process.tell(f"ends: {error.kind}: {error.message[:90]}")
        return False
