"""Payments that somebody attaches to a subscription's open invoice: nothing on them says so.

Drawn from a generator of their own: histories without them stay as they were.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Any

from cascade_cli.sandbox.stripe import StripeAccount
from tests.simulation.plan import CITIZENS, Payment, Plan

BEFORE, AFTER, HALVES = "before", "after", "halves"
_WAYS = (BEFORE, AFTER, HALVES)
_LIKELY = 0.25
_AMOUNTS = ("100", "525", "250.5")


def with_attached(plan: Plan, random: Random) -> Plan:
    """In one history of four, one more subscription, whose second month is paid so."""
    if random.random() > _LIKELY:
        return plan
    first = random.uniform(0.5, 5)
    payment = Payment(
        after_seconds=random.uniform(0, 0.5) * plan.horizon_seconds,
        citizen=random.choice(CITIZENS),
        ducats=random.choice(_AMOUNTS),
        deliveries=tuple(first + 30 * number for number in range(random.randrange(4))),
        monthly=True,
        renewed_after_seconds=(random.uniform(0.01, 0.4) * plan.horizon_seconds,),
        attached=random.choice(_WAYS),
        attached_after_seconds=random.choice((5.0, 0.3 * plan.horizon_seconds)),
    )
    return replace(plan, payments=(*plan.payments, payment))


def open_invoice(
    account: StripeAccount, subscription: str, now: datetime, *, sent: bool
) -> dict[str, Any]:
    """The next month is billed, and the card is refused, or not tried where it was `sent`."""
    if sent:
        account.update_subscription(subscription, at=now, collection_method="send_invoice")
    return account.renew(subscription, at=now, fails=True)


def pay_apart(account: StripeAccount, invoice: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The same customer pays what the invoice is over, and nobody has attached it yet."""
    return account.pay(
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        metadata={},
        customer=invoice["customer"],
        at=now,
    )


def pay_in_halves(
    account: StripeAccount, invoice: dict[str, Any], now: datetime
) -> Iterator[dict[str, Any]]:
    """Two charges, which pay it together."""
    for amount in (invoice["amount_due"] // 2, None):
        yield account.attach(invoice["id"], at=now, amount=amount)
