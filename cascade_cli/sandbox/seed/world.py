"""The citizens, purchases and transfers that the stories of a scenario are made of."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cascade_cli.sandbox.airtable.tables import Tables
from cascade_cli.sandbox.seed import prices
from cascade_cli.sandbox.seed.citizens import Citizen, citizen_fields, newcomer, population
from cascade_cli.sandbox.seed.prices import Item, any_item, odd_item
from cascade_cli.sandbox.seed.transfers import StratagemRow, Transfers
from cascade_cli.sandbox.seed.window import Window, run_after
from cascade_cli.sandbox.stripe import StripeAccount
from cascade_cli.sandbox.stripe.objects import Query

OPERATORS = ("nightly", "francesca", "ruggero")
_TRIES_BEFORE_ODD = 30


@dataclass(frozen=True)
class Order:
    """What a citizen wants to buy."""

    citizen: Citizen
    item: Item

    @property
    def metadata(self) -> dict[str, str]:
        """What the legacy API attaches to the payment."""
        return prices.metadata(self.citizen.username, self.item.ducats)


@dataclass(frozen=True)
class Sale:
    """A paid order. `at` is the time of payment in whole seconds, `charge` is Stripe's object.

    `event` is the id of the payment's payment_intent.succeeded event.
    """

    order: Order
    charge: dict[str, Any]
    at: datetime
    event: str

    @property
    def citizen(self) -> str:
        """The buyer's username."""
        return self.order.citizen.username

    @property
    def ducats(self) -> float:
        """The ducats sold, bonus included."""
        return self.order.item.ducats

    @property
    def payment_intent(self) -> str:
        """The id of the PaymentIntent."""
        return str(self.charge["payment_intent"])


class World:
    """Writes to Stripe and Venice as of the times that a story chooses, and keeps stories apart.

    A row of the legacy connector names no payment: only the citizen and the amount connect the two.
    So an order made `alone` shares this pair with no other order, and its story is unambiguous.
    """

    def __init__(
        self, account: StripeAccount, tables: Tables, window: Window, random: Random, size: int
    ) -> None:
        self.account = account
        self.tables = tables
        self.window = window
        self.random = random
        self.kinds: Counter[str] = Counter()
        self.citizens = population(random, size)
        self._names = {citizen.username for citizen in self.citizens}
        self._shared: set[tuple[str, float]] = set()
        self._alone: set[tuple[str, float]] = set()
        self.transfers = Transfers(tables, random, window.until)

    def populate(self) -> None:
        """Write all citizens, who arrived in Venice before the window."""
        for citizen in self.citizens:
            self.move_in(
                citizen, self.window.since - timedelta(days=self.random.randrange(20, 300))
            )

    def move_in(self, citizen: Citizen, at: datetime) -> None:
        """Write one citizen, who arrives in Venice at `at`."""
        self.transfers.open_account(citizen_fields(self.random, citizen, at), at)

    def newcomer(self) -> Citizen:
        """A citizen who is not in Venice yet."""
        while True:
            citizen = newcomer(self.random)
            if citizen.username not in self._names:
                self._names.add(citizen.username)
                return citizen

    def is_known(self, username: str) -> bool:
        """Whether any citizen has this name, even one who is not in Venice yet."""
        return username in self._names

    def order(self, *, alone: bool = True, item: Item | None = None) -> Order:
        """An order by a random citizen, for `item` or for a random one.

        Raises ValueError if no unused pair of citizen and amount is found.
        """
        for attempt in range(10_000):
            # Every citizen may have bought every package by now; odd amounts never run out.
            choose = any_item if attempt < _TRIES_BEFORE_ODD else odd_item
            order = Order(self.random.choice(self.citizens), item or choose(self.random))
            key = (order.citizen.username, order.item.ducats)
            if key in self._alone or (alone and key in self._shared):
                continue
            (self._alone if alone else self._shared).add(key)
            return order
        raise ValueError(f"nobody is left to buy {item} alone; take fewer payments")

    def pay(
        self,
        order: Order,
        at: datetime,
        *,
        cents: int | None = None,
        currency: str = "usd",
        **metadata: str | None,
    ) -> Sale:
        """Pay for the order. `metadata` overrides the API's; None leaves a key out."""
        at = at.replace(microsecond=0)
        merged = {**order.metadata, **metadata}
        charge = self.account.pay(
            amount=order.item.cents if cents is None else cents,
            currency=currency,
            metadata={name: text for name, text in merged.items() if text is not None},
            at=at,
            description=f"Purchase {order.item.ducats:.2f} ducats for {order.citizen.username}",
        )
        return Sale(order, charge, at, self._last_success(at))

    def _last_success(self, at: datetime) -> str:
        query = Query("event").where("type = 'payment_intent.succeeded'")
        with self.account.writing(at) as writer:
            texts, _ = writer.flush().page(query.where("created = ?", writer.created), 1)
        return str(json.loads(texts[0])["id"])

    def sell(
        self,
        order: Order | None = None,
        *,
        cents: int | None = None,
        currency: str = "usd",
        **metadata: str | None,
    ) -> Sale:
        """Pay for `order` or a new one, early enough for the last run to see its stratagem."""
        order = order or self.order()
        before = self.window.last_run - timedelta(minutes=12)
        at = self.window.purchase(self.random, order.citizen.zone, before)
        return self.pay(order, at, cents=cents, currency=currency, **metadata)

    def sell_fresh(self, order: Order | None = None) -> Sale:
        """Pay for `order` or a new one after the last run."""
        return self.pay(order or self.order(), self.window.fresh(self.random))

    def sell_before_a_run(self, *, but_the_last: bool = False) -> Sale:
        """Pay for a new order within the five minutes before a run.

        Only then does the engine see the legacy connector's row before it expires.
        """
        runs = self.window.daytime_runs()
        run = self.random.choice(runs[:-1] if but_the_last else runs)
        return self.pay(self.order(), run - timedelta(seconds=self.random.randrange(150, 260)))

    def credit(
        self, sale: Sale, *, at: datetime | None = None, ducats: float | None = None, **fields: Any
    ) -> StratagemRow:
        """Write a sale's keyed stratagem: by the webhook, or by an operator at the time `at`."""
        by = {"operator": self.random.choice(OPERATORS)} if at else {"event": sale.event}
        ordered = sale.ducats if ducats is None else ducats
        return self.transfers.keyed(
            sale.charge, sale.citizen, ordered, at or self.soon_after(sale.at), by, **fields
        )

    def credit_as_before(self, sale: Sale, *, notified: bool = False) -> StratagemRow:
        """Write the legacy connector's stratagem for a sale."""
        at = self.soon_after(sale.at)
        return self.transfers.legacy(sale.citizen, sale.ducats, at, notified=notified)

    def soon_after(self, moment: datetime, *, within_seconds: int = 25) -> datetime:
        """A few seconds after `moment`, when a webhook may have acted."""
        return moment + timedelta(seconds=self.random.randrange(1, within_seconds))

    def later(self, moment: datetime) -> datetime:
        """A random time between `moment` and the window's end, in whole seconds."""
        left = (self.window.until - moment).total_seconds() * 0.9
        return moment + timedelta(seconds=int(self.random.random() * left))

    def by_hand_after(self, moment: datetime) -> datetime:
        """A random time between `moment` and the last run, when an operator may act by hand."""
        left = (self.window.last_run - moment).total_seconds() * 0.9
        return moment + timedelta(seconds=int(left * self.random.random()))

    def before_its_run(self, row: StratagemRow) -> datetime:
        """A random time between the row's creation and the next scheduled run."""
        wait = run_after(row.created_at) - row.created_at
        return row.created_at + timedelta(seconds=int(wait.total_seconds() * self.random.random()))

    def anybody_but(self, *usernames: str) -> str:
        """A random username other than these."""
        others = [one.username for one in self.citizens if one.username not in usernames]
        return self.random.choice(others)
