"""The account's balance, and the balance transactions that move it."""

from __future__ import annotations

from collections.abc import Mapping

from cascade_cli.sandbox.stripe.errors import Document
from cascade_cli.sandbox.stripe.object_writer import ObjectWriter
from cascade_cli.sandbox.stripe.parameters import Currency, Text
from cascade_cli.sandbox.stripe.routing import Answer, Call, One, Read, listing, retrieving

DAY_SECONDS = 86_400


def fee_for(amount: int) -> int:
    """Stripe's fee for domestic cards: 2.9 % and 30 of the minor unit."""
    return round(amount * 29 / 1000) + 30


def move(
    writer: ObjectWriter,
    amount: int,
    currency: str,
    *,
    fee: int,
    source: str,
    type: str,
    category: str | None = None,
) -> Document:
    """Add a balance transaction; `amount` is signed.

    If the account does not hold the currency, the amount is exchanged into one that it holds.
    """
    held, rate = writer.settlement.get(currency, (currency, None))
    moved = new_balance_transaction(
        writer.id("txn_3"),
        writer.created,
        _exchanged(amount, rate),
        held,
        fee=_exchanged(fee, rate),
        source=source,
        type=type,
        category=category or type,
    )
    moved["exchange_rate"] = rate
    writer.add(moved)
    return moved


def _exchanged(amount: int, rate: float | None) -> int:
    return amount if rate is None else round(amount * rate)


def _get_balance(call: Call) -> Answer:
    return One(new_balance(*call.objects.balance(call.now)))


ENDPOINTS = (
    Read(path="/v1/balance", kind="balance", run=_get_balance),
    listing(
        "balance_transaction",
        "/v1/balance_transactions",
        {"currency": Currency(), "source": Text(), "type": Text()},
    ),
    retrieving("balance_transaction", "/v1/balance_transactions/{id}"),
)


def new_balance(available: Mapping[str, int], pending: Mapping[str, int]) -> Document:
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


def new_balance_transaction(
    id: str,
    created: int,
    amount: int,
    currency: str,
    *,
    fee: int,
    source: str,
    type: str,
    category: str,
) -> Document:
    """A balance transaction: `amount` is signed and before the fee.

    It is stored as pending. When it is shown, `available_on` decides whether it is available.
    """
    fees = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Dispute fee" if type == "adjustment" else "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    return {
        "id": id,
        "object": "balance_transaction",
        "amount": amount,
        "available_on": created - created % DAY_SECONDS + 2 * DAY_SECONDS,
        "balance_type": "payments",
        "created": created,
        "currency": currency,
        "description": None,
        "exchange_rate": None,
        "fee": fee,
        "fee_details": fees if fee else [],
        "net": amount - fee,
        "reporting_category": category,
        "source": source,
        "status": "pending",
        "type": type,
    }
