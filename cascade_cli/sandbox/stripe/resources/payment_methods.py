"""PaymentMethods, and the cards of the legacy Charges API."""

from __future__ import annotations

from dataclasses import dataclass

from cascade_cli.sandbox.stripe.cards import BY_LAST4, PAYMENT_METHODS, TOKENS, Card
from cascade_cli.sandbox.stripe.errors import Document, no_such
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.routing import retrieving


@dataclass(frozen=True)
class Means:
    """What a customer pays with: a PaymentMethod, or the card behind a token."""

    card: Card
    document: Document


def find_or_create(writer: ObjectWriter, name: str) -> Means:
    """A PaymentMethod: a new one for the name of a test card, or the one with that id."""
    card = PAYMENT_METHODS.get(name)
    if card is None:
        kept = writer.get("payment_method", name, "payment_method")
        return Means(BY_LAST4[kept["card"]["last4"]], kept)
    document = new_payment_method(writer.id("pm_1"), writer.created, card)
    writer.add(document)
    return Means(card, document)


def from_token(writer: ObjectWriter, name: str) -> Means:
    """The card behind a test token of the Charges API."""
    card = TOKENS.get(name)
    if card is None:
        raise no_such("token", name, "source")
    return Means(card, new_card_source(writer.id("card_1"), card))


ENDPOINTS = (retrieving("payment_method", "/v1/payment_methods/{id}", "payment_method"),)
BILLING_DETAILS: Document = {
    "address": {
        "city": None,
        "country": None,
        "line1": None,
        "line2": None,
        "postal_code": None,
        "state": None,
    },
    "email": None,
    "name": None,
    "phone": None,
    "tax_id": None,
}
_EXPIRY = {"exp_month": 12, "exp_year": 2034}


def new_payment_method(id: str, created: int, card: Card) -> Document:
    """A card that a customer has entered."""
    return {
        "id": id,
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": BILLING_DETAILS,
        "card": _card(card),
        "created": created,
        "customer": None,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "radar_options": {},
        "type": "card",
    }


def _card(card: Card) -> Document:
    return {
        "brand": card.brand,
        "checks": {
            "address_line1_check": None,
            "address_postal_code_check": None,
            "cvc_check": "unchecked",
        },
        "country": "US",
        "display_brand": card.brand,
        **_EXPIRY,
        "fingerprint": fingerprint(card),
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def payment_method_details(card: Card, amount: int, network_transaction_id: str) -> Document:
    """What a charge remembers of the card it was made with."""
    return {
        "card": {
            "amount_authorized": None if card.behaviour == "declines" else amount,
            "authorization_code": None,
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "fail" if card.last4 == "0127" else "pass",
            },
            "country": "US",
            **_EXPIRY,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": fingerprint(card),
            "funding": "credit",
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": card.last4,
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": card.brand,
            "network_token": {"used": False},
            "network_transaction_id": network_transaction_id,
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "wallet": None,
        },
        "type": "card",
    }


def new_card_source(id: str, card: Card) -> Document:
    """The `source` of a charge made with a token, without a PaymentIntent."""
    return {
        "id": id,
        "object": "card",
        "address_city": None,
        "address_country": None,
        "address_line1": None,
        "address_line1_check": None,
        "address_line2": None,
        "address_state": None,
        "address_zip": None,
        "address_zip_check": None,
        "allow_redisplay": "unspecified",
        "brand": {"visa": "Visa", "mastercard": "MasterCard"}.get(card.brand, "American Express"),
        "country": "US",
        "customer": None,
        "cvc_check": None,
        "dynamic_last4": None,
        **_EXPIRY,
        "fingerprint": fingerprint(card),
        "funding": "credit",
        "last4": card.last4,
        "metadata": {},
        "name": None,
        "regulated_status": "unregulated",
        "tokenization_method": None,
    }


def fingerprint(card: Card) -> str:
    """The same for the same card number, whoever pays with it."""
    return f"Xt5EWLLDS7FJ{card.last4}"
