"""Stripe's test cards: which pay, which are declined and how.

Names and numbers are those of Stripe's testing guide (https://docs.stripe.com/testing).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["pays", "declines", "authenticates", "pays_then_disputes"]


@dataclass(frozen=True)
class Decline:
    """Why a bank refuses: `code` is Stripe's error code, `decline_code` the bank's."""

    code: str
    decline_code: str
    message: str
    advice_code: str = "try_again_later"


@dataclass(frozen=True)
class Card:
    """A test card; its number decides how it behaves."""

    last4: str
    brand: str = "visa"
    behaviour: Behaviour = "pays"
    decline: Decline | None = None


def _declining(last4: str, code: str, decline_code: str, message: str) -> Card:
    return Card(last4, behaviour="declines", decline=Decline(code, decline_code, message))


AUTHENTICATION_REQUIRED = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
    "confirm_card_data",
)

_CARDS = {
    "visa": Card("4242"),
    "mastercard": Card("4444", "mastercard"),
    "amex": Card("0005", "amex"),
    "createDispute": Card("0259", behaviour="pays_then_disputes"),
    "authenticationRequired": Card(
        "3184", behaviour="authenticates", decline=AUTHENTICATION_REQUIRED
    ),
    "chargeDeclined": _declining(
        "0002", "card_declined", "generic_decline", "Your card was declined."
    ),
    "chargeDeclinedInsufficientFunds": _declining(
        "9995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
    ),
    "chargeDeclinedLostCard": _declining(
        "9987", "card_declined", "lost_card", "Your card was declined."
    ),
    "chargeDeclinedStolenCard": _declining(
        "9979", "card_declined", "stolen_card", "Your card was declined."
    ),
    "chargeDeclinedExpiredCard": _declining(
        "0069", "expired_card", "expired_card", "Your card has expired."
    ),
    "chargeDeclinedIncorrectCvc": _declining(
        "0127", "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."
    ),
    "chargeDeclinedProcessingError": _declining(
        "0119",
        "processing_error",
        "processing_error",
        "An error occurred while processing your card. Try again in a little bit.",
    ),
}

PAYMENT_METHODS = {f"pm_card_{name}": card for name, card in _CARDS.items()} | {
    f"pm_card_visa_{name}": card
    for name, card in _CARDS.items()
    if name.startswith("chargeDeclined")
}
TOKENS = {f"tok_{name}": card for name, card in _CARDS.items()} | {
    f"tok_visa_{name}": card for name, card in _CARDS.items() if name.startswith("chargeDeclined")
}
BY_LAST4 = {card.last4: card for card in _CARDS.values()}
