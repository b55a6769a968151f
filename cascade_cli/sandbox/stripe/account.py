"""What happens in the Stripe account, without HTTP: for the seed, the command line and tests.

The HTTP endpoints call the same functions, so both leave the same objects and events.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.store import Store
from cascade_cli.sandbox.stripe.currencies import check_amount
from cascade_cli.sandbox.stripe.errors import Document, StripeError
from cascade_cli.sandbox.stripe.metadata import merge
from cascade_cli.sandbox.stripe.object_writer import Cause, ObjectWriter
from cascade_cli.sandbox.stripe.objects import Objects
from cascade_cli.sandbox.stripe.resources import (
    charges,
    checkout_sessions,
    coupons,
    customers,
    disputes,
    events,
    invoice_payments,
    payment_intents,
    payment_methods,
    prices,
    products,
    refunds,
    subscriptions,
    webhook_endpoints,
)
from cascade_cli.sandbox.stripe.resources.disputes import Claim


class StripeAccount:
    """Writes objects and their events as of the moment `at` (aware); amounts are minor units.

    Every method is one transaction, or joins the caller's `store.write()`. It returns the object
    as Stripe would show it, and raises `StripeError` where Stripe would refuse.
    """

    def __init__(self, store: Store, source: random.Random) -> None:
        self._store = store
        # A process that opens an old file with the same seed must still draw new ids.
        with store.read() as connection:
            self._source = random.Random(f"{source.random()} {Objects(connection).last()}")
        self._settlement: dict[str, tuple[str, float]] = {}

    @contextmanager
    def writing(self, at: datetime, cause: Cause | None = None) -> Iterator[ObjectWriter]:
        """A transaction at one moment, for one cause."""
        with self._store.write() as connection:
            writer = ObjectWriter(Objects(connection), self._source, at, cause, self._settlement)
            yield writer
            writer.flush()

    def settle_in(self, held: str, rates: Mapping[str, float]) -> None:
        """From now on, exchange these currencies into `held`, the account's own currency."""
        self._settlement |= {currency: (held, rate) for currency, rate in rates.items()}

    def pay(
        self,
        *,
        amount: int,
        currency: str,
        metadata: Mapping[str, str],
        at: datetime,
        description: str | None = None,
        payment_method: str = "pm_card_visa",
        capture: bool = True,
        customer: str | None = None,
    ) -> Document:
        """Create and confirm a PaymentIntent; returns the charge, failed if the card declines."""
        params: Document = {
            "amount": amount,
            "currency": currency,
            "metadata": dict(metadata),
            "description": description,
            "customer": customer,
            "capture_method": "automatic_async" if capture else "manual",
        }
        with self.writing(at) as writer:
            intent = payment_intents.create(writer, params)
            attempt = payment_intents.confirm(writer, intent, {"payment_method": payment_method})
        if attempt.charge is None:
            raise ValueError(f"{payment_method} makes no charge: it waits for its owner")
        return attempt.charge

    def charge_directly(
        self,
        *,
        amount: int,
        currency: str,
        at: datetime,
        metadata: Mapping[str, str] | None = None,
        source: str = "tok_visa",
        capture: bool = True,
        **details: Any,
    ) -> Document:
        """A charge by the Charges API, without a PaymentIntent; `details` are further fields."""
        with self.writing(at) as writer:
            check_amount(amount, currency)
            means = payment_methods.from_token(writer, source)
            details |= {"metadata": merge({}, metadata or {}), "source": means.document}
            return charges.create(
                writer,
                means,
                amount,
                currency,
                capture=capture,
                settle_at_once=True,
                details=details,
            )

    def create_payment_intent(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/payment_intents, with its parameters; nothing is paid."""
        with self.writing(at) as writer:
            return payment_intents.create(writer, params)

    def confirm(self, payment_intent: str, *, at: datetime, **params: Any) -> Document:
        """Try to pay; the PaymentIntent's status says whether it worked."""
        with self.writing(at) as writer:
            intent = writer.get("payment_intent", payment_intent)
            return payment_intents.confirm(writer, intent, params).intent

    def update(self, payment_intent: str, *, at: datetime, **params: Any) -> Document:
        """Change a PaymentIntent but not its charge."""
        with self.writing(at) as writer:
            return payment_intents.update(
                writer, writer.get("payment_intent", payment_intent), params
            )

    def capture(
        self, payment_intent: str, *, at: datetime, amount_to_capture: int | None = None
    ) -> Document:
        """Take the authorised money: all of it without `amount_to_capture`."""
        with self.writing(at) as writer:
            intent = writer.get("payment_intent", payment_intent)
            return payment_intents.capture(writer, intent, {"amount_to_capture": amount_to_capture})

    def cancel(self, payment_intent: str, *, at: datetime, reason: str | None = None) -> Document:
        """Give up on a PaymentIntent that has not succeeded."""
        with self.writing(at) as writer:
            return payment_intents.cancel(
                writer, writer.get("payment_intent", payment_intent), reason
            )

    def refund(
        self,
        charge_id: str,
        *,
        at: datetime,
        amount: int | None = None,
        reason: str | None = None,
        pending: bool = False,
        status: str = "succeeded",
        pending_reason: str | None = None,
    ) -> Document:
        """Give money back: all that is left without `amount`.

        The refund succeeds at once unless `status`, `pending` or `pending_reason` says otherwise.
        One that is pending for `insufficient_funds` has taken no money off the balance yet.
        """
        with self.writing(at) as writer:
            charge = writer.get("charge", charge_id)
            status = "pending" if pending or pending_reason else status
            params = {"amount": amount, "reason": reason, "status": status}
            return refunds.create(writer, charge, params | {"pending_reason": pending_reason})

    def settle_refund(self, refund_id: str, *, at: datetime, status: str) -> Document:
        """Give the refund another status, if that may follow the present one."""
        with self.writing(at) as writer:
            return refunds.change_status(writer, writer.get("refund", refund_id), status)

    def charge_of(self, payment_id: str, *, at: datetime) -> str:
        """The paid charge of a PaymentIntent, of an invoice (`in_…`), or of itself."""
        with self.writing(at) as writer:
            if payment_id.startswith("in_"):
                ties = invoice_payments.list_for(writer, writer.get("invoice", payment_id))
                payment_id = next((one for one in ties if one["status"] == "paid"), ties[-1])[
                    "payment"
                ]["payment_intent"]
            name = "charge" if payment_id.startswith("ch_") else "payment_intent"
            charge = refunds.charge_to_refund(writer, {name: payment_id})
            return str(charge["id"])

    def dispute(
        self,
        charge_id: str,
        *,
        at: datetime,
        inquiry: bool = False,
        status: str = "needs_response",
        prevented_by: str = "block",
        **claim: Any,
    ) -> Document:
        """Let the cardholder dispute the charge; `claim` takes the fields of `disputes.Claim`.

        With `inquiry` the cardholder only asks about the charge, and no money moves.
        """
        with self.writing(at) as writer:
            charge = writer.get("charge", charge_id)
            status = "warning_needs_response" if inquiry else status
            return disputes.create(writer, charge, Claim(**claim), status, prevented_by)

    def turn_dispute(self, dispute_id: str, *, at: datetime, status: str) -> Document:
        """Give the dispute another status, and move its money accordingly."""
        with self.writing(at) as writer:
            return disputes.change_status(writer, writer.get("dispute", dispute_id), status)

    def respond_to_dispute(self, dispute_id: str, *, at: datetime) -> Document:
        """The shop submits evidence, and the bank reviews it."""
        with self.writing(at) as writer:
            return disputes.respond(writer, writer.get("dispute", dispute_id))

    def close_dispute(self, dispute_id: str, *, at: datetime, won: bool = False) -> Document:
        """End the dispute. The shop loses it unless `won`."""
        with self.writing(at) as writer:
            return disputes.close(writer, writer.get("dispute", dispute_id), won=won)

    def create_customer(self, *, at: datetime, **fields: Any) -> Document:
        """A customer, with `email`, `name`, `description`, `phone` or `metadata` if given."""
        with self.writing(at) as writer:
            return customers.create(writer, fields)

    def create_checkout_session(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/checkout/sessions, with its parameters.

        The `url` is complete only in answers over HTTP, where the host is known.
        """
        with self.writing(at) as writer:
            return checkout_sessions.create(writer, params)

    def complete_checkout(
        self, session_id: str, *, at: datetime, payment_method: str = "pm_card_visa"
    ) -> Document:
        """A citizen pays on the hosted page; returns the session, still open if declined."""
        with self.writing(at) as writer:
            session = writer.get("checkout.session", session_id)
            checkout_sessions.pay(writer, session, payment_method)
            return session

    def register_webhook(self, url: str, *, at: datetime, secret: str) -> Document:
        """Tell `url`, on this machine, of every event from now on, signed with `secret`."""
        with self.writing(at) as writer:
            return webhook_endpoints.register(writer, url, secret)

    def announce(
        self,
        type: str,
        *,
        at: datetime,
        subject: Any = None,
        said: Mapping[str, Any] | None = None,
        lacking: Collection[str] = (),
    ) -> Document:
        """Send an event of any type about any `subject`. `said` sets fields of the event itself,
        and `lacking` leaves fields out."""
        with self.writing(at) as writer:
            return events.create(writer, type, subject, dict(said or {}), lacking)

    def expire_checkout(self, session_id: str, *, at: datetime) -> Document:
        """Close a session that nobody has paid."""
        with self.writing(at) as writer:
            return checkout_sessions.expire(writer, writer.get("checkout.session", session_id))

    def subscription_of(self, session_id: str, *, at: datetime) -> str:
        """The subscription that a paid session sold."""
        with self.writing(at) as writer:
            session = writer.get("checkout.session", session_id)
            if session["subscription"] is None:
                raise StripeError(f"Checkout Session {session_id} has sold no subscription.")
            return str(session["subscription"])

    def subscription(self, id: str, *, at: datetime) -> Document:
        """As GET /v1/subscriptions/… answers."""
        with self.writing(at) as writer:
            return writer.get("subscription", id)

    def renew(self, subscription: str, *, at: datetime, fails: bool = False) -> Document:
        """The subscription's next period begins and is billed; returns the invoice."""
        with self.writing(at) as writer:
            found = writer.get("subscription", subscription)
            return subscriptions.renew(writer, found, fails=fails)

    def pay_invoice(self, subscription: str, *, at: datetime, elsewhere: bool = False) -> Document:
        """The customer pays the subscription's open invoice after all; returns the invoice."""
        with self.writing(at) as writer:
            found = writer.get("subscription", subscription)
            return subscriptions.pay_latest_invoice(writer, found, elsewhere=elsewhere)

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
        """Sell another product every month, and prorate this period; returns the invoice.

        With `listed` the price has that currency and amount, and `unit_amount` is its amount in the
        subscription's currency (`currency_options`).
        """
        with self.writing(at) as writer:
            found = writer.get("subscription", subscription)
            price = prices.create_monthly(writer, found["currency"], product, unit_amount, listed)
            return subscriptions.change_price(writer, found, price, quantity)

    def add_product(
        self, subscription: str, *, at: datetime, product: str, unit_amount: int, quantity: int = 1
    ) -> Document:
        """Sell one more product from the next period on; returns the subscription."""
        with self.writing(at) as writer:
            found = writer.get("subscription", subscription)
            price = prices.create_monthly(writer, found["currency"], product, unit_amount)
            return subscriptions.add_item(writer, found, price, quantity)

    def attach(
        self, invoice: str, *, at: datetime, amount: int | None = None, **params: Any
    ) -> Document:
        """Attach a new payment by the same customer to an open invoice, and pay it: all that
        remains without `amount`. Returns the charge."""
        with self.writing(at) as writer:
            found = writer.get("invoice", invoice)
            terms = {
                "amount": amount or found["amount_remaining"],
                "currency": found["currency"],
                "customer": found["customer"],
                **params,
            }
            intent = payment_intents.create(writer, terms)
            invoice_payments.attach(writer, found, intent)
            attempt = payment_intents.confirm(writer, intent, {"payment_method": "pm_card_visa"})
            return attempt.charge or {}

    def attach_payment(
        self, invoice: str, payment_intent: str, *, at: datetime, amount: int | None = None
    ) -> Document:
        """As POST /v1/invoices/…/attach_payment: attach an existing payment, or part of it."""
        with self.writing(at) as writer:
            intent = writer.get("payment_intent", payment_intent)
            return invoice_payments.attach(writer, writer.get("invoice", invoice), intent, amount)

    def give_credit(self, customer: str, *, at: datetime, amount: int) -> Document:
        """Give the customer a credit of `amount` towards the next invoices."""
        with self.writing(at) as writer:
            return customers.change_balance(writer, writer.get("customer", customer), -amount)

    def discount(self, subscription: str, *, at: datetime, **coupon: Any) -> Document:
        """Apply a new coupon, made with these parameters, to all invoices from now on."""
        with self.writing(at) as writer:
            found = writer.get("subscription", subscription)
            made = coupons.create(writer, coupon)
            return subscriptions.update(writer, found, {"discounts": [{"coupon": made["id"]}]})

    def create_price(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/prices, with its parameters."""
        with self.writing(at) as writer:
            return prices.create(writer, params)

    def create_product(self, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products, with its parameters."""
        with self.writing(at) as writer:
            return products.create(writer, params)

    def update_product(self, product: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/products/…, with its parameters."""
        with self.writing(at) as writer:
            return products.update(writer, writer.get("product", product), params)

    def update_subscription(self, subscription: str, *, at: datetime, **params: Any) -> Document:
        """As POST /v1/subscriptions/…, with its parameters."""
        with self.writing(at) as writer:
            return subscriptions.update(writer, writer.get("subscription", subscription), params)

    def cancel_subscription(self, subscription: str, *, at: datetime) -> Document:
        """End it now."""
        with self.writing(at) as writer:
            return subscriptions.cancel(writer, writer.get("subscription", subscription))
