"""The one account of the sandbox."""

from __future__ import annotations

from cascade_cli.sandbox.stripe.errors import Document
from cascade_cli.sandbox.stripe.routing import Answer, Call, One, Read

ACCOUNT_ID = "acct_1SandboxCASCADE1"
_CREATED = 1_735_689_600


def _get(call: Call) -> Answer:  # noqa: ARG001
    return One(new_account())


ENDPOINTS = (Read(path="/v1/account", kind="account", run=_get),)


def new_account() -> Document:
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
