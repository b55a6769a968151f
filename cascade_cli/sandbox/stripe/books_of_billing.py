"""The part of the books that is about subscriptions: begun at a checkout, they go on from here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.object_writer import Cause, Ledger
from cascade_cli.sandbox.stripe.resources import (
    coupons,
    invoice_payments,
    payment_intents,
    prices,
    subscriptions,
)


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

    def subscription(self, id: str, *, at: datetime) -> Document:
        """As GET /v1/subscriptions/… answers."""
        with self.ledger(at) as ledger:
            return ledger.get("subscription", id)

    def renew(self, subscription: str, *, at: datetime, fails: bool = False) -> Document:
        """The subscription's next period begins and is billed; returns the invoice."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            return subscriptions.renew(ledger, found, fails=fails)

    def pay_invoice(self, subscription: str, *, at: datetime, elsewhere: bool = False) -> Document:
        """The subscription's open invoice is paid after all; returns it."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            return subscriptions.retry(ledger, found, elsewhere=elsewhere)

    def change_plan(
        self,
        subscription: str,
        *,
        at: datetime,
        product: str,
        unit_amount: int,
        quantity: int = 1,
        listed: tuple[str, int] | None = None,
    ) -> Document:
        """Another product every month, what is left of this one prorated; returns the invoice.

        With `listed` the price is one of that currency and amount, and `unit_amount` is what it
        costs in the subscription's own (`currency_options`).
        """
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            price = _monthly(ledger, found["currency"], product, unit_amount, listed)
            return subscriptions.change(ledger, found, price, quantity)

    def add_product(
        self, subscription: str, *, at: datetime, product: str, unit_amount: int, quantity: int = 1
    ) -> Document:
        """A further product every month, from the next period on; returns the subscription."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            price = _monthly(ledger, found["currency"], product, unit_amount)
            return subscriptions.add_item(ledger, found, price, quantity)

    def attach(
        self, invoice: str, *, at: datetime, amount: int | None = None, **params: Any
    ) -> Document:
        """A payment by the same customer, attached to an open invoice and then paid; it is over
        what remains unless told otherwise. Returns the charge."""
        with self.ledger(at) as ledger:
            found = ledger.get("invoice", invoice)
            terms = {
                "amount": amount or found["amount_remaining"],
                "currency": found["currency"],
                "customer": found["customer"],
                **params,
            }
            intent = payment_intents.create(ledger, terms)
            invoice_payments.attach(ledger, found, intent)
            attempt = payment_intents.confirm(ledger, intent, {"payment_method": "pm_card_visa"})
            return attempt.charge or {}

    def attach_payment(
        self, invoice: str, payment_intent: str, *, at: datetime, amount: int | None = None
    ) -> Document:
        """As POST /v1/invoices/…/attach_payment: a payment that exists already, or part of it."""
        with self.ledger(at) as ledger:
            intent = ledger.get("payment_intent", payment_intent)
            return invoice_payments.attach(ledger, ledger.get("invoice", invoice), intent, amount)

    def give_credit(self, customer: str, *, at: datetime, amount: int) -> Document:
        """So much of the customer's next invoices is paid already."""
        with self.ledger(at) as ledger:
            return invoice_payments.change_balance(
                ledger, ledger.get("customer", customer), -amount
            )

    def discount(self, subscription: str, *, at: datetime, **coupon: Any) -> Document:
        """A voucher for the invoices from now on, with a coupon's parameters."""
        with self.ledger(at) as ledger:
            found = ledger.get("subscription", subscription)
            made = coupons.create_coupon(ledger, coupon)
            return subscriptions.update(ledger, found, {"discounts": [{"coupon": made["id"]}]})

    def create_price(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/prices, with its parameters."""
        with self.ledger(at) as ledger:
            return prices.create_price(ledger, params)

    def create_product(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products, with its parameters."""
        with self.ledger(at) as ledger:
            return prices.create_product(ledger, params)

    def update_product(self, product: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products/…, with its parameters."""
        with self.ledger(at) as ledger:
            return prices.update(ledger, ledger.get("product", product), params)

    def update_subscription(self, subscription: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/subscriptions/…, with its parameters."""
        with self.ledger(at) as ledger:
            return subscriptions.update(ledger, ledger.get("subscription", subscription), params)

    def cancel_subscription(self, subscription: str, *, at: datetime) -> Document:
        """End it now."""
        with self.ledger(at) as ledger:
            return subscriptions.cancel(ledger, ledger.get("subscription", subscription))


def _monthly(
    ledger: Ledger,
    currency: str,
    product: str,
    unit_amount: int,
    listed: tuple[str, int] | None = None,
) -> Document:
    """A new price for a month of a product, which is made if there is none yet."""
    if not ledger.knows("product", product):
        prices.create_product(ledger, {"id": product, "name": product})
    own, amount = listed or (currency, unit_amount)
    options = {currency: {"unit_amount": unit_amount}} if own != currency else {}
    return prices.create_price(
        ledger,
        {
            "currency": own,
            "currency_options": options,
            "product": product,
            "recurring": {"interval": "month"},
            "unit_amount": amount,
        },
    )
