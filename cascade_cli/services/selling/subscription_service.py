"""What the payment API sells every month."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from cascade_cli.domain.selling.pricing import Quote
from cascade_cli.domain.selling.sales import PayPage
from cascade_cli.errors import UsageError
from cascade_cli.services.selling.checkout_service import NewPage
from cascade_cli.services.selling.payment_api import KEY_PREFIX, PaymentService, Purchase


class SubscriptionService:
    """Sells by Stripe's own page: it takes the card that all later months are paid with.

    `urls` lead back from the page, paid or not.
    """

    def __init__(
        self,
        service: PaymentService,
        new_page: NewPage,
        urls: tuple[str, str],
        today: Callable[[], date],
    ) -> None:
        self._service, self._new_page, self._urls, self._today = service, new_page, urls, today

    def sell(self, purchase: Purchase, key: str) -> tuple[PayPage, Quote]:
        """A page to subscribe on; the same key gives the same one again.

        Raises what selling once raises.
        """
        if purchase.shares:
            raise UsageError("A subscription is for one citizen: name citizen_id.")
        (success_url, cancel_url), today = self._urls, self._today()
        sale = replace(
            self._service.offered(purchase),
            success_url=success_url,
            cancel_url=cancel_url,
            monthly_from=today,
        )
        # The day is part of what is sold: the same key on the next one is another page.
        return self._new_page(sale, f"{KEY_PREFIX}monthly_{today}_{key}"), sale.quote
