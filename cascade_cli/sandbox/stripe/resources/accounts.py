"""The one account of the sandbox, its balance, and its customers."""

from __future__ import annotations

from collections.abc import Mapping

from cascade_cli.sandbox.stripe.errors import Document

ACCOUNT_ID = "acct_1SandboxCASCADE1"
_CREATED = 1_735_689_600


def account() -> Document:
    """A standard account that may charge cards."""
    return {
        "id": ACCOUNT_ID,
        "object": "account",
        "business_profile": {
            "annual_revenue": None,
            "estimated_worker_count": None,
            "mcc": "5816",
            "minority_owned_business_designation": None,
            "name": "CASCADE",
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "company",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": _CREATED,
        "default_currency": "usd",
        "details_submitted": True,
        "email": "payments@cascade.example",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "total_count": 0,
            "url": f"/v1/accounts/{ACCOUNT_ID}/external_accounts",
        },
        "metadata": {},
        "payouts_enabled": True,
        "settings": _settings(),
        "type": "standard",
    }


def _settings() -> Document:
    descriptors = dict.fromkeys(
        ("statement_descriptor_prefix", "statement_descriptor_prefix_kana",
         "statement_descriptor_prefix_kanji")
    )  # fmt: skip
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": descriptors,
        "dashboard": {"display_name": "CASCADE", "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": "CASCADE",
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
    }


def balance(available: Mapping[str, int], pending: Mapping[str, int]) -> Document:
    """Net amounts by currency, in minor units."""
    return {
        "object": "balance",
        "available": _amounts(available),
        "livemode": False,
        "pending": _amounts(pending),
        "refund_and_dispute_prefunding": {"available": [], "pending": []},
    }


def _amounts(by_currency: Mapping[str, int]) -> list[Document]:
    return [
        {"amount": amount, "currency": currency, "source_types": {"card": amount}}
        for currency, amount in sorted(by_currency.items())
    ] or [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]


def customer(id: str, created: int) -> Document:
    """A customer of whom nothing is known yet."""
    return {
        "id": id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "business_name": None,
        "created": created,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "individual_name": None,
        "invoice_prefix": id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
