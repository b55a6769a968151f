"""Selling ducats by a link: check the buyer and the price, then ask Stripe for the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from cascade_cli.domain.selling.allocation import Allocation, Allocations
from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PayPage, Sale
from cascade_cli.domain.shop.money import CURRENCY, format_ducats
from cascade_cli.errors import GuardError, UsageError
from cascade_cli.services.delivery.credit_requests import (
    CreditLimits,
    refuse_processor,
    require_citizens,
)
from cascade_cli.services.ports import CitizensPort
from cascade_cli.services.selling.price_quotes import PriceQuotes

NewPage = Callable[[Sale, str], PayPage]
"""Makes a payable page for the sale; the same key never makes a second one."""


class Checkout:
    """Sells at the list's prices, to citizens who exist, no more than may be credited at once."""

    def __init__(
        self,
        citizens: CitizensPort,
        new_page: NewPage,
        price_quotes: PriceQuotes,
        limits: CreditLimits,
        allocations: Allocations,
    ) -> None:
        self._citizens, self._new_page, self._allocations = citizens, new_page, allocations
        self._price_quotes, self._limits = price_quotes, limits

    def quote(self, ducats: Decimal | None, package: str | None, currency: str = CURRENCY) -> Quote:
        """Today's offer; makes no request.

        Raises UsageError for what is not sold, and GuardError for more ducats than may be credited
        or for a currency without a usable exchange rate.
        """
        exchange = self._price_quotes.exchange(currency)
        try:
            quote = self._price_quotes.in_force().quote(
                ducats=ducats, package=package, currency=currency, exchange=exchange
            )
        except ValueError as error:
            why = str(error)
            raise UsageError(f"{why[0].upper()}{why[1:]}.", "See cascade pricing.") from None
        self._check_credit(quote.ducats)
        return quote

    def quote_many(self, allocation: Allocation, currency: str = CURRENCY) -> Quote:
        """Today's offer for many citizens at once; makes no request, and raises as `quote` does."""
        exchange = self._price_quotes.exchange(currency)
        shares = [share.ducats for share in allocation.shares]
        try:
            quote = self._price_quotes.in_force().quote_many(shares, currency, exchange)
        except ValueError as error:
            why = str(error)
            raise UsageError(f"{why[0].upper()}{why[1:]}.", "See cascade pricing.") from None
        self._check_credit(max(shares))
        if quote.ducats > self._limits.per_day:
            raise GuardError(
                f"{format_ducats(quote.ducats)} ducats are more than may be credited in a day "
                f"({format_ducats(self._limits.per_day)}).",
                "Nothing was sold. CASCADE_MAX_DUCATS_PER_DAY sets the limit.",
            )
        return quote

    def day(self) -> date:
        """The day (UTC) whose prices are quoted."""
        return self._price_quotes.day()

    def _check_credit(self, ducats: Decimal) -> None:
        if ducats > self._limits.per_credit:
            raise GuardError(
                f"{format_ducats(ducats)} ducats are more than may be credited at once "
                f"({format_ducats(self._limits.per_credit)}): the payment would not be delivered.",
                "Nothing was sold. CASCADE_MAX_DUCATS_PER_CREDIT sets the limit.",
            )

    def open(self, sale: Sale, key: str) -> PayPage:
        """A page on which anybody can pay for the sale. Raises GuardError if Venice has no such
        citizen or giver, or if the sale is for the processor itself.

        The allocation of a sale to many is stored first, so that a paid page can be credited.
        `key` is the idempotency key: send the same again only for the same sale.
        """
        refuse_processor(sale.citizens, self._limits.processor)
        found = self._citizens.balances(sale.named)
        require_citizens(sale.named, found, self._citizens.usernames)
        if sale.allocation:
            self._allocations.keep(sale.allocation)
        return self._new_page(sale, key)
