"""Wires settings to adapters to the services that read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

from pyairtable import Api
from stripe import StripeClient

from cascade_cli.adapters.http.pacing import Pacing
from cascade_cli.adapters.http.service_clock import ServiceClock
from cascade_cli.adapters.http.transport import MOST_THREADS, Transport, utc_now
from cascade_cli.adapters.price_list_file import read_prices
from cascade_cli.adapters.reference_rates import PublishedRates
from cascade_cli.adapters.stripe.client import stripe_client
from cascade_cli.adapters.stripe.purchases import StripeReader
from cascade_cli.adapters.venice.citizens import CitizenReader
from cascade_cli.adapters.venice.reader import airtable_api
from cascade_cli.adapters.venice.transfers import TransferReader
from cascade_cli.concurrency import Threads
from cascade_cli.domain.matching.matched_charge import NOTHING_DECIDED, Decided, Terms
from cascade_cli.domain.records.rulings import Rulings, no_rulings
from cascade_cli.domain.selling.allocation import Allocations
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.engine_schedule import meets_engine
from cascade_cli.services.reconcile.gather import Reconciler
from cascade_cli.services.reconcile.snapshots import PastDeliveries
from cascade_cli.settings import Settings
from cascade_cli.wiring import this_worker
from cascade_cli.wiring.journal import ShopJournal

if TYPE_CHECKING:
    # Few commands use these, so they are imported when needed: every command waits for this file.
    from cascade_cli.adapters.journal import Journal
    from cascade_cli.adapters.stripe.events import EventReader
    from cascade_cli.services.delivery.credit_requests import CreditLimits
    from cascade_cli.services.explain.explain_service import ExplainSources
    from cascade_cli.services.reconcile.since_last import SinceLast
    from cascade_cli.services.selling.checkout_service import Checkout
    from cascade_cli.services.selling.price_quotes import PriceQuotes

# Airtable shuts a base for 30 s after too many requests; Stripe asks for short pauses.
AIRTABLE_LOCKOUT_SECONDS = 31.0
STRIPE_LOCKOUT_SECONDS = 1.0


@dataclass(frozen=True)
class Wiring:
    """The services that read, the transports that count their requests, and their time."""

    settings: Settings
    clock: ServiceClock
    shop_journal: ShopJournal
    reconciler: Reconciler
    payments: StripeReader
    transfers: TransferReader
    citizens: CitizenReader
    prices: PriceList
    stripe: Transport
    airtable: Transport
    client: StripeClient
    api: Api
    allocations: Allocations
    past: PastDeliveries | None = None
    rulings: Callable[[], Rulings] = no_rulings

    def terms(
        self,
        now: datetime | None = None,
        known: Decided = NOTHING_DECIDED,
        grace: timedelta | None = None,
    ) -> Terms:
        """The terms by which every command and the server judge charges, as of `now` or this
        moment. `grace` replaces the setting. Nobody else makes `Terms` from settings."""
        return Terms(
            now or self.clock.now(),
            self.settings.grace if grace is None else grace,
            self.settings.engine,
            self.prices,
            known,
            self.settings.takes_back_on_refund,
        )

    def journal_of(self, command: str) -> Journal:
        """The journal with entries in the command's name, dated by the services' time."""
        return self.shop_journal.used_by(this_worker(command), self.clock.now)

    @cached_property
    def events(self) -> EventReader:
        """Stripe's events."""
        from cascade_cli.adapters.stripe.events import EventReader  # noqa: PLC0415

        return EventReader(self.client)

    @cached_property
    def since_last(self) -> SinceLast:
        """Continues from an earlier run's checkpoint."""
        from cascade_cli.services.reconcile.carried_over import SinceLastSources  # noqa: PLC0415
        from cascade_cli.services.reconcile.since_last import SinceLast  # noqa: PLC0415

        sources = SinceLastSources(self.payments, self.transfers, self.events.events)
        return SinceLast(self.reconciler, sources)

    @cached_property
    def checkout(self) -> Checkout:
        """Pages on which ducats can be paid."""
        from cascade_cli.adapters.stripe.checkout_sessions import CheckoutPages  # noqa: PLC0415
        from cascade_cli.services.selling.checkout_service import Checkout  # noqa: PLC0415

        new_page = CheckoutPages(self.client).create
        return Checkout(self.citizens, new_page, self.price_quotes, self.limits, self.allocations)

    @cached_property
    def limits(self) -> CreditLimits:
        """What may be credited, and by whom."""
        from cascade_cli.services.delivery.credit_requests import CreditLimits  # noqa: PLC0415

        settings = self.settings
        return CreditLimits(settings.max_per_credit, settings.max_per_day, settings.processor)

    @cached_property
    def price_quotes(self) -> PriceQuotes:
        """What is sold today, and at which rates."""
        from cascade_cli.services.selling.price_quotes import PriceQuotes  # noqa: PLC0415

        return PriceQuotes(self.prices, self.settings.rates_max_age, self.clock.now)

    @cached_property
    def sources(self) -> ExplainSources:
        """The sources of an explanation."""
        from cascade_cli.adapters.stripe.payment_history import HistoryReader  # noqa: PLC0415
        from cascade_cli.adapters.venice.notifications import NoticeReader  # noqa: PLC0415
        from cascade_cli.services.explain.explain_service import ExplainSources  # noqa: PLC0415

        past = HistoryReader(self.client, self.events, self.clock.now)
        return ExplainSources(
            payments=self.payments,
            object_of=past.payment_of,
            history_of=past.read,
            transfers=self.transfers,
            citizens=self.citizens,
            notices=NoticeReader(self.api, self.settings.airtable_base).notices,
            answering=self.reconciler,
            processor=self.settings.processor,
        )


def stripe_service(settings: Settings) -> str:
    """The name of the rate limit that a request to Stripe uses: the account's, in one mode."""
    return f"{settings.stripe_url} {'live' if settings.livemode else 'test'}"


def airtable_service(settings: Settings) -> str:
    """The name of the rate limit that a request to Airtable uses: the base's, whoever asks."""
    return f"{settings.airtable_url} {settings.airtable_base}"


T = TypeVar("T", bound=Transport)


@dataclass(frozen=True)
class Connections(Generic[T]):
    """Stripe and Airtable, the transports that lead to them, and the time that they tell."""

    clock: ServiceClock
    stripe: T
    airtable: T
    client: StripeClient
    api: Api


def connect(
    settings: Settings,
    tell: Callable[[str], None],
    pacing: Pacing,
    transport: type[T],
    now: Callable[[], datetime] = utc_now,
) -> Connections[T]:
    """Sends nothing yet. `tell` is called whenever a service makes us wait. `transport` carries the
    requests; doctor's cannot write. `now` is our own clock."""
    clock = ServiceClock(now)

    def tell_stripe(message: str) -> None:
        tell(f"Stripe: {message}")

    def tell_airtable(message: str) -> None:
        tell(f"Airtable: {message}")

    stripe = transport(
        pacing.of(stripe_service(settings), settings.stripe_rate, tell_stripe),
        lockout_seconds=STRIPE_LOCKOUT_SECONDS,
        tell=tell_stripe,
        clock=clock,
        service="Stripe",
    )
    airtable = transport(
        pacing.of(
            airtable_service(settings),
            settings.airtable_rate,
            tell_airtable,
            lambda: meets_engine(settings.engine, clock.now()),
        ),
        lockout_seconds=AIRTABLE_LOCKOUT_SECONDS,
        tell=tell_airtable,
        clock=clock,
        service="Airtable",
    )
    return Connections(
        clock=clock,
        stripe=stripe,
        airtable=airtable,
        client=stripe_client(settings.stripe_key.reveal(), settings.stripe_url, stripe),
        api=airtable_api(settings.airtable_key.reveal(), settings.airtable_url, airtable),
    )


def prices_of(settings: Settings) -> PriceList:
    """Raises SettingsError if the price list's file cannot be used."""
    return read_prices(settings.prices_file, PublishedRates(settings.rates_file))


def wire_reading(
    settings: Settings,
    shop_journal: ShopJournal,
    tell: Callable[[str], None],
    allocations: Allocations | None = None,
    *,
    past: PastDeliveries | None = None,
    pacing: Pacing | None = None,
    rulings: Callable[[], Rulings] = no_rulings,
    now: Callable[[], datetime] = utc_now,
) -> Wiring:
    """Sends nothing yet. `tell` is called whenever a service makes us wait. Services that are wired
    with the same `pacing` share a pace.

    Without `allocations`, the citizens of a payment for many are known only if Stripe's metadata
    names them. Without `past`, it is not known which stratagems have vanished; without `rulings`,
    what people decided about single rows.

    Raises SettingsError if the price list's file cannot be used.
    """
    prices = prices_of(settings)
    connections = connect(settings, tell, pacing or Pacing(), Transport, now)
    clock, stripe, airtable = connections.clock, connections.stripe, connections.airtable
    client, api = connections.client, connections.api
    venice_threads = Threads(MOST_THREADS, airtable.threads_wanted)
    base, processor = settings.airtable_base, settings.processor
    transfers = TransferReader(api, base, processor, venice_threads, clock.now, rulings=rulings)
    citizens = CitizenReader(api, base, venice_threads)
    allocations = allocations or Allocations()
    # There are about as many transfers as charges, and Airtable allows far fewer pages a second.
    # Reading Stripe at twice Airtable's pace is enough to finish first. Each further thread costs a
    # partly empty page.
    beside_venice = partial(stripe.threads_wanted, 2 * settings.airtable_rate or inf)
    payments = StripeReader(
        client,
        Threads(MOST_THREADS, stripe.threads_wanted),
        allocations.find,
        density_threads=Threads(MOST_THREADS, beside_venice),
        processor=settings.processor,
    )
    return Wiring(
        settings=settings,
        clock=clock,
        shop_journal=shop_journal,
        reconciler=Reconciler(payments, transfers, citizens, settings.processor, past),
        payments=payments,
        transfers=transfers,
        citizens=citizens,
        prices=prices,
        stripe=stripe,
        airtable=airtable,
        client=client,
        api=api,
        allocations=allocations,
        past=past,
        rulings=rulings,
    )
