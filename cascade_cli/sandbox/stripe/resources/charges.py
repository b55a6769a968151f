"""Charges: made with a card, captured, and moved onto the account's balance."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.sandbox.stripe.errors import Document, StripeError, card_error, no_such
from cascade_cli.sandbox.stripe.object_writer import Ledger
from cascade_cli.sandbox.stripe.resources.balance import balance_transaction
from cascade_cli.sandbox.stripe.resources.cards import BY_LAST4, PAYMENT_METHODS, TOKENS, Card
from cascade_cli.sandbox.stripe.resources.payment_methods import (
    card_source,
    payment_method_details,
)
from cascade_cli.sandbox.stripe.resources.payment_methods import (
    payment_method as new_payment_method,
)
from cascade_cli.sandbox.stripe.shapes.charge import charge as new_charge


@dataclass(frozen=True)
class Means:
    """What a customer pays with: a PaymentMethod, or the card behind a token."""

    card: Card
    document: Document


def payment_method(ledger: Ledger, name: str) -> Means:
    """A test card by name, kept as a new PaymentMethod, or one that was kept before."""
    card = PAYMENT_METHODS.get(name)
    if card is None:
        kept = ledger.get("payment_method", name, "payment_method")
        return Means(BY_LAST4[kept["card"]["last4"]], kept)
    document = new_payment_method(ledger.id("pm_1"), ledger.created, card)
    ledger.add(document)
    return Means(card, document)


def token(ledger: Ledger, name: str) -> Means:
    """A test token of the Charges API."""
    card = TOKENS.get(name)
    if card is None:
        raise no_such("token", name, "source")
    return Means(card, card_source(ledger.id("card_1"), card))


def charge(
    ledger: Ledger,
    means: Means,
    amount: int,
    currency: str,
    *,
    capture: bool,
    settle_at_once: bool,
    details: Document,
) -> Document:
    """Try to charge the card; a refusal is a charge too, with status `failed`.

    `details` are fields of the charge that the caller decides, metadata among them.
    """
    made = new_charge(ledger.id("ch_3"), ledger.created, amount, currency, means.card)
    made |= {
        "payment_method": means.document["id"],
        "payment_method_details": payment_method_details(means.card, amount, made["id"][-15:]),
        **details,
    }
    if not capture:
        made |= {"captured": False, "amount_captured": 0}
    if made["captured"] and settle_at_once:
        settle(ledger, made)
    text = ledger.add(made)
    ledger.emit(f"charge.{made['status']}", text)
    return made


def settle_later(ledger: Ledger, made: Document) -> None:
    """Put a captured charge on the balance, as `automatic_async` does just after the fact."""
    before = {"balance_transaction": None, "receipt_url": None}
    settle(ledger, made)
    ledger.emit("charge.updated", ledger.replace(made), before)


def settle(ledger: Ledger, made: Document) -> None:
    """Put the charge's money on the balance, less the fee."""
    amount = made["amount"]
    fee = fee_for(amount)
    moved = move(ledger, amount, made["currency"], fee=fee, source=made["id"], type="charge")
    made["balance_transaction"] = moved["id"]
    made["receipt_url"] = f"https://pay.stripe.com/receipts/payment/{made['id']}"


def fee_for(amount: int) -> int:
    """Stripe's fee for domestic cards: 2.9 % and 30 of the minor unit."""
    return round(amount * 29 / 1000) + 30


def move(
    ledger: Ledger,
    amount: int,
    currency: str,
    *,
    fee: int,
    source: str,
    type: str,
    category: str | None = None,
) -> Document:
    """Book a movement on the balance; `amount` is signed.

    In a currency that the account does not hold, it is booked in the one that it holds.
    """
    held, rate = ledger.settlement.get(currency, (currency, None))
    moved = balance_transaction(
        ledger.id("txn_3"),
        ledger.created,
        _exchanged(amount, rate),
        held,
        fee=_exchanged(fee, rate),
        source=source,
        type=type,
        category=category or type,
    )
    moved["exchange_rate"] = rate
    ledger.add(moved)
    return moved


def _exchanged(amount: int, rate: float | None) -> int:
    return amount if rate is None else round(amount * rate)


def decline_of(made: Document, means: Means) -> StripeError | None:
    """The 402 to answer for a charge of the Charges API, if it failed."""
    if made["status"] != "failed" or means.card.decline is None:
        return None
    decline = means.card.decline
    failure = {
        "code": decline.code,
        "decline_code": decline.decline_code,
        "message": decline.message,
    }
    return card_error(failure, charge=made["id"])
