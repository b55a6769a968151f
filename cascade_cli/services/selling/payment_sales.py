"""What the payment API sells: a payment once, or a subscription on Stripe's own page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cascade_cli.domain.records.citizens import look_alikes, unknown_citizen_sentence
from cascade_cli.domain.records.gifts import Gift, wished_gift
from cascade_cli.domain.selling.allocation import Allocation, Allocations, Share
from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PaymentIntent, PayPage, Sale
from cascade_cli.domain.shop.money import CURRENCY, exact, format_ducats, format_money
from cascade_cli.errors import GuardError, ServiceError, UsageError
from cascade_cli.services.delivery.credit_requests import refuse_processor
from cascade_cli.services.ports import CitizensPort
from cascade_cli.services.selling.checkout_service import Checkout, NewPage
from cascade_cli.services.selling.payment_status import Remembered

CITIZEN_KEPT_SECONDS = 60.0
# A request per 100 citizens, and a form may be filled in wrongly by many.
NAMES_KEPT_SECONDS = 600.0
KEY_PREFIX = "cascade_api_"
SHOWN_NAMES = 3


class UnknownCitizenError(GuardError):
    """Ducats were to be sold to a citizen whom Venice does not have."""

    kind = "unknown_citizen"


class PriceMismatchError(GuardError):
    """The buyer was shown another price than the list's; `quote` is the right one."""

    kind = "price_mismatch"

    def __init__(self, message: str, hint: str, quote: Quote) -> None:
        super().__init__(message, hint)
        self.quote = quote


@dataclass(frozen=True)
class Purchase:
    """What a client asks for: an amount or a package for a citizen, or `shares` for many; and the
    price that it showed to the buyer.

    With a `giver` it is a gift to the citizen; `message` and `anonymous` belong to the gift.
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


class PaymentSales:
    """Sells once by a PaymentIntent, or monthly by a page of Stripe's. The page takes the card that
    pays all later months.

    With the same key and sale, `new_intent` and `new_page` return the same result again. `urls`
    lead back from the page: paid, and cancelled.
    """

    def __init__(
        self,
        citizens: CitizensPort,
        checkout: Checkout,
        allocations: Allocations,
        *,
        new_intent: Callable[[Sale, str], PaymentIntent],
        new_page: NewPage,
        urls: tuple[str, str],
        processor: str,
    ) -> None:
        self._citizens, self._checkout, self._allocations = citizens, checkout, allocations
        self._new_intent, self._new_page, self._urls = new_intent, new_page, urls
        self._processor = processor
        self._known = Remembered[bool](CITIZEN_KEPT_SECONDS)
        self._names = Remembered[Sequence[str]](NAMES_KEPT_SECONDS)

    def sell(self, purchase: Purchase, key: str) -> tuple[PaymentIntent, Quote]:
        """A PaymentIntent at the list's price; the same key gives the same one again.

        Raises UsageError for what is not sold, GuardError for more ducats than may be credited,
        PriceMismatchError, UnknownCitizenError, KeyReusedError, and what Stripe and Venice raise.
        """
        sale = self._offered(purchase)
        return self._new_intent(sale, KEY_PREFIX + key), sale.quote

    def subscribe(self, purchase: Purchase, key: str) -> tuple[PayPage, Quote]:
        """A page to subscribe on; the same key gives the same one again. Raises what `sell`
        raises."""
        if purchase.shares:
            raise UsageError("A subscription is for one citizen: name citizen_id.")
        (success_url, cancel_url), today = self._urls, self._checkout.day()
        sale = replace(
            self._offered(purchase),
            success_url=success_url,
            cancel_url=cancel_url,
            monthly_from=today,
        )
        # The day is part of what is sold: the same key on the next day gives another page.
        return self._new_page(sale, f"{KEY_PREFIX}monthly_{today}_{key}"), sale.quote

    def _offered(self, purchase: Purchase) -> Sale:
        """The sale, after checking the price that the buyer was shown and that the citizens exist.
        Stores the allocation of a sale to many. Raises what `sell` raises."""
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
            raise UsageError(
                "An allocation says how many ducats: leave out ducat_amount and package."
            )
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
        found = self._citizens.balances(asked) if asked else {}
        missing = [citizen for citizen in asked if citizen not in found]
        if missing:
            told = [self._nobody_called(name, list(found)) for name in missing[:SHOWN_NAMES]]
            more = len(missing) - SHOWN_NAMES
            told += [f"{more} more do not exist either."] if more > 0 else []
            raise UnknownCitizenError(" ".join(told), "Nothing was sold. Names must match exactly.")
        for citizen in asked:
            self._known.put(citizen, True)  # noqa: FBT003 - the thing that is remembered

    def _nobody_called(self, name: str, alike: Sequence[str]) -> str:
        return unknown_citizen_sentence(
            name, alike if look_alikes([name], alike) else self._usernames()
        )

    def _usernames(self) -> Sequence[str]:
        """Of all citizens; none while they cannot be read: they are only suggested."""
        kept = self._names.get("")
        if kept is None:
            try:
                kept = self._citizens.usernames()
            except ServiceError:
                return ()
            self._names.put("", kept)
        return kept


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
        f"{format_ducats(quote.ducats)} ducats cost {price}, not the amount_cents of the request.",
        "Nothing was sold. Show the buyer the right price: GET /api/payments/pricing.",
        quote,
    )
