"""The part of the books that is about subscriptions: begun at a checkout, they go on from here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.stripe import catalogue, subscribing
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.ledger import Cause, Ledger


class BillingBooks(ABC):
    """What befalls subscriptions, as of the moment `at`; see `Books`."""

    @abstractmethod
    def ledger(self, at: datetime, cause: Cause | None = None) -> AbstractContextManager[Ledger]:
        """A transaction at one moment, for one cause."""

    def subscription_of(self, session_id: str, *, at: datetime) -> str:
        """The subscription that a paid session sold."""
        with self.ledger(at) as ledger:
            session = ledger.get("checkout.session", session_id)
            if session["subscription"] is None:
                raise StripeError(f"Checkout Session {session_id} has sold no subscription.")
            return str(session["subscription"])

    def renew(self, subscription: str, *, at: datetime, fails: bool = False) -> Document:
        """The subscription's next period begins and is billed; returns the invoice."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            return subscribing.renew(ledger, found, fails=fails)

    def pay_invoice(self, subscription: str, *, at: datetime, elsewhere: bool = False) -> Document:
        """The subscription's open invoice is paid after all; returns it."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            return subscribing.retry(ledger, found, elsewhere=elsewhere)

    def change_plan(
        self,
        subscription: str,
        *,
        at: datetime,
        product: str,
        unit_amount: int,
        quantity: int = 1,
    ) -> Document:
        """Another product every month, what is left of this one prorated; returns the invoice."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            if not ledger.knows("product", product):
                catalogue.create_product(ledger, {"id": product, "name": product})
            price_data = {
                "currency": found["currency"],
                "unit_amount": unit_amount,
                "product": product,
                "recurring": {"interval": "month"},
            }
            price = catalogue.chosen_price(ledger, {"price_data": price_data}, "items[0]")
            return subscribing.change(ledger, found, price, quantity)

    def create_product(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products, with its parameters."""
        with self.ledger(at) as ledger:
            return catalogue.create_product(ledger, params)

    def update_product(self, product: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products/…, with its parameters."""
        with self.ledger(at) as ledger:
            return catalogue.update(ledger, ledger.get("product", product), params)

    def update_subscription(self, subscription: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/subscriptions/…, with its parameters."""
        with self.ledger(at) as ledger:
            return subscribing.update(ledger, ledger.get("subscription", subscription), params)

    def cancel_subscription(self, subscription: str, *, at: datetime) -> Document:
        """End it now."""
        with self.ledger(at) as ledger:
            return subscribing.cancel(ledger, ledger.get("subscription", subscription))
