"""What the payment API sells and tells, whatever carries it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

from cascade_cli.domain.delivery.delivery_steps import rows_of
from cascade_cli.domain.matching.matching import match
from cascade_cli.domain.matching.ownership import Ownership
from cascade_cli.domain.reconcile.event_replay import question_about
from cascade_cli.domain.records.charges import Charge
from cascade_cli.domain.records.gifts import Gift, wished_gift
from cascade_cli.domain.records.orders import exact
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.records.stripe_events import EventState, Kept
from cascade_cli.domain.selling.allocation import Allocation, Allocations, Share
from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PaymentIntent, Sale
from cascade_cli.domain.shop.citizen_names import no_citizen
from cascade_cli.domain.shop.currencies import CURRENCY
from cascade_cli.domain.shop.keys import Origin, portion_number, whole_id
from cascade_cli.domain.shop.money import format_ducats, format_money
from cascade_cli.errors import GuardError, JournalError, NotFoundError, ServiceError, UsageError
from cascade_cli.services.delivery.citizen_lookup import refuse_processor
from cascade_cli.services.ports import PaymentsPort, VenicePort
from cascade_cli.services.reconcile.neighbouring_charges import NeighbouringCharges
from cascade_cli.services.selling.checkout_service import Checkout

T = TypeVar("T")

CITIZEN_KEPT_SECONDS = 60.0
ANSWER_KEPT_SECONDS = 1.0
# Airtable is asked once for fifty portions: to poll a thousand costs a request in two seconds.
PORTIONS_A_SECOND = 25
MOST_KEPT = 10_000
KEY_PREFIX = "cascade_api_"
SHOWN_NAMES = 3


class UnknownCitizenError(GuardError):
    """Nobody of that name lives in Venice."""

    kind = "unknown_citizen"


class PriceMismatchError(GuardError):
    """The buyer was shown another price than the list's; `quote` is the right one."""

    kind = "price_mismatch"

    def __init__(self, message: str, hint: str, quote: Quote) -> None:
        super().__init__(message, hint)
        self.quote = quote


class Remembered(Generic[T]):
    """Answers that may be given again for a few seconds; safe in threads, bounded in number."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: dict[str, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: str) -> T | None:
        """What was put under the key lately."""
        with self._lock:
            until, value = self._kept.get(key, (0.0, None))
            return value if self._clock() < until else None

    def put(self, key: str, value: T, longer_seconds: float = 0.0) -> None:
        """Remember it, and for longer if getting it was dear."""
        with self._lock:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = self._clock() + self._seconds + longer_seconds, value


@dataclass(frozen=True)
class Purchase:
    """What a client asks for: an amount or a package for a citizen, or `shares` for many; and what
    it believes the price to be.

    With a `giver` it is a gift to the citizen; the rest of a gift stands beside it.
    """

    citizen: str | None = None
    ducats: Decimal | None = None
    package: str | None = None
    amount_cents: int | None = None
    currency: str = CURRENCY
    shares: tuple[Share, ...] = ()
    giver: str | None = None
    message: str | None = None
    anonymous: bool = False


@dataclass(frozen=True)
class Transfer:
    """A payment's transfer in Venice; `state` is `none` before there is a row, `unknown` while
    Venice cannot be read. `event` is where the payment's webhook event stands, if one came."""

    state: str
    row: Stratagem | None = None
    event: EventState | None = None


@dataclass(frozen=True)
class PaymentStatus:
    """A payment at Stripe and what it led to; of one for many citizens, `portions` has each with
    its transfer, and `transfer` tells of the one that has come least far."""

    intent: PaymentIntent
    transfer: Transfer
    portions: tuple[tuple[Charge, Transfer], ...] = ()


class PaymentService:
    """Sells ducats by PaymentIntent and tells where a payment stands.

    The same key and sale give the same `new_intent` again; `events_of` are the webhook's events
    that name a payment.
    """

    def __init__(
        self,
        venice: VenicePort,
        new_intent: Callable[[Sale, str], PaymentIntent],
        intent_of: Callable[[str], PaymentIntent | None],
        checkout: Checkout,
        events_of: Callable[[str], list[Kept]],
        *,
        payments: PaymentsPort,
        allocations: Allocations,
        processor: str = "",
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._venice, self._checkout = venice, checkout
        self._new_intent, self._intent_of = new_intent, intent_of
        self._events_of, self._allocations, self._now = events_of, allocations, now
        self._payments, self._processor = payments, processor
        self._known = Remembered[bool](CITIZEN_KEPT_SECONDS, clock)
        self._told = Remembered[PaymentStatus](ANSWER_KEPT_SECONDS, clock)

    def sell(self, purchase: Purchase, key: str) -> tuple[PaymentIntent, Quote]:
        """A PaymentIntent at the list's price; the same key gives the same one again.

        Raises UsageError for what is not sold, GuardError for what nobody could be credited,
        PriceMismatchError, UnknownCitizenError, KeyReusedError, and what Stripe and Venice raise.
        """
        sale = self.offered(purchase)
        return self._new_intent(sale, KEY_PREFIX + key), sale.quote

    def offered(self, purchase: Purchase) -> Sale:
        """What is to be sold, checked: against the price that the buyer was shown, and for citizens
        who exist; of a sale to many, who gets what is kept. Raises what `sell` raises."""
        if bool(purchase.citizen) == bool(purchase.shares):
            raise UsageError("Name either citizen_id or allocation.")
        allocation = self._allocation(purchase) if purchase.shares else None
        quote = self._offer(purchase, allocation)
        _check_price(purchase, quote)
        gift = _gift(purchase)
        sale = Sale(purchase.citizen or "", quote, "", "", allocation, gift)
        refuse_processor(sale.citizens, self._processor)
        self._check_citizens(sale.named)
        if allocation:
            self._allocations.keep(allocation)
        return sale

    def _allocation(self, purchase: Purchase) -> Allocation:
        if purchase.ducats is not None or purchase.package is not None:
            raise UsageError("An allocation says itself how many ducats: no ducat_amount, package.")
        try:
            for share in purchase.shares:
                exact(share.ducats)
            return Allocation(purchase.shares)
        except ValueError as error:
            raise UsageError(f"The allocation: {error}.", "Nothing was sold.") from None

    def _offer(self, purchase: Purchase, allocation: Allocation | None) -> Quote:
        if allocation:
            return self._checkout.quote_many(allocation, purchase.currency)
        if (purchase.ducats is None) == (purchase.package is None):
            raise UsageError("Name either ducat_amount or package.")
        if purchase.ducats is not None:
            try:
                exact(purchase.ducats)
            except ValueError as error:
                raise UsageError(f"{error}.") from None
        try:
            return self._checkout.quote(purchase.ducats, purchase.package, purchase.currency)
        except UsageError as error:
            raise UsageError(error.message, "GET /api/payments/pricing tells what is.") from None

    def _check_citizens(self, citizens: Sequence[str]) -> None:
        asked = [citizen for citizen in citizens if not self._known.get(citizen)]
        found = self._venice.citizens(asked) if asked else {}
        missing = [citizen for citizen in asked if citizen not in found]
        if missing:
            named = ". ".join(no_citizen(name, found) for name in missing[:SHOWN_NAMES])
            more = f" (and {len(missing) - SHOWN_NAMES} more)" if missing[SHOWN_NAMES:] else ""
            raise UnknownCitizenError(
                f"{named}{more}.",
                "Nothing was sold. Names are compared to the letter.",
            )
        for citizen in asked:
            self._known.put(citizen, True)  # noqa: FBT003 - the thing that is remembered

    def transfer_status(self, intent_id: str) -> PaymentStatus:
        """Where the payment stands. Raises NotFoundError where no such payment buys ducats."""
        if told := self._told.get(intent_id):
            return told
        intent = self._purchase(intent_id)
        if intent is None:
            raise NotFoundError(f"There is no purchase of ducats {intent_id!r}.")
        found = self._transfers(intent)
        least = max(found, key=lambda transfer: _FROM_LAST.index(transfer.state))
        portions = tuple(zip(intent.charges, found, strict=True)) if len(found) > 1 else ()
        transfer_status = PaymentStatus(intent, least, portions)
        self._told.put(intent_id, transfer_status, len(portions) / PORTIONS_A_SECOND)
        return transfer_status

    def _purchase(self, intent_id: str) -> PaymentIntent | None:
        """The intent with what it bought: of a part's id, that part alone."""
        intent = self._intent_of(whole_id(intent_id))
        if intent is None:
            return None
        if not intent.is_purchase:
            # Its charge may say more than itself, or the invoice that it paid.
            charges = self._payments.portions(whole_id(intent_id))
            intent = replace(intent, metadata={}, charges=charges) if charges else None
        if intent is None or portion_number(intent_id) is None:
            return intent
        part = tuple(charge for charge in intent.charges if charge.payment_id == intent_id)
        return replace(intent, id=intent_id, charges=part) if part else None

    def _transfers(self, intent: PaymentIntent) -> list[Transfer]:
        """One for each charge; one in any case."""
        event = self._event(intent)
        if not intent.charges:
            return [Transfer("none", event=event)]
        try:
            own = self._rows(intent.charges)
        except ServiceError:
            # What Stripe says is worth telling without it.
            return [Transfer("unknown", event=event) for _ in intent.charges]
        return [self._transfer(rows, event) for rows in own]

    def _rows(self, charges: Sequence[Charge]) -> list[tuple[Stratagem, ...]]:
        """Each charge's own. A legacy row may be a neighbour's: then Stripe is asked for those."""
        rows = self._venice.transfers_for([question_about(charge) for charge in charges])
        if any(row.origin is Origin.LEGACY for row in rows) and not _all_executed(charges, rows):
            snapshot = NeighbouringCharges(self._payments, self._venice).snapshot_around(
                charges, rows
            )
            ownership = Ownership(snapshot.charges, snapshot.stratagems)
        else:
            ownership = Ownership(charges, rows)
        questions = [ownership.tell_apart(question_about(c), c) for c in charges]
        return [rows_of(question, rows) for question in questions]

    def _transfer(self, rows: Sequence[Stratagem], event: EventState | None) -> Transfer:
        states = {row.state(self._now()).value: row for row in reversed(rows)}
        state = next((state for state in _RANKS if state in states), "none")
        return Transfer(state, states.get(state), event)

    def _event(self, intent: PaymentIntent) -> EventState | None:
        """Events name the whole payment, or the invoice that it paid."""
        invoices = [charge.period.invoice for charge in intent.charges if charge.period]
        names = dict.fromkeys([whole_id(intent.id), *invoices])
        try:
            kept = [event for name in names for event in self._events_of(name)]
        except JournalError:
            return None
        states = {k.state for k in kept if k.accepted.event.is_paying}
        return next((state for state in _STATES if state in states), None)


_RANKS = ("executed", "live", "doubtful", "failed", "stalled")
_FROM_LAST = (*_RANKS, "none", "unknown")
_STATES = (EventState.CREDITED, EventState.ATTENTION, EventState.WAITING, EventState.RECORDED)


def _all_executed(charges: Sequence[Charge], rows: Sequence[Stratagem]) -> bool:
    """By rows that name their payment: then it does not matter whose the others are."""
    named = match(charges, [row for row in rows if row.origin is not Origin.LEGACY]).by_charge
    return all(any(m.stratagem.status == "executed" for m in named[c.id]) for c in charges)


def _gift(purchase: Purchase) -> Gift | None:
    if purchase.giver is None:
        if purchase.message or purchase.anonymous:
            raise UsageError(
                "gift_message and gift_anonymous go with a giver_id.", "Nothing was sold."
            )
        return None
    words = purchase.giver, purchase.citizen, purchase.message
    try:
        return wished_gift(*words, anonymous=purchase.anonymous)
    except ValueError as error:
        raise UsageError(f"Not a gift: {error}.", "Nothing was sold.") from None


def _check_price(purchase: Purchase, quote: Quote) -> None:
    if purchase.amount_cents in {None, quote.amount_cents}:
        return
    price = format_money(quote.amount_cents, quote.currency)
    raise PriceMismatchError(
        f"{format_ducats(quote.ducats)} ducats cost {price}, which is not what was asked.",
        "Nothing was sold. Show the buyer the right price: GET /api/payments/pricing.",
        quote,
    )
