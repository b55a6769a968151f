"""The second month of marco's subscription to 100 ducats: what paid its invoice, and how much."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.end_to_end.agreement.states.making import LIVE, STALLED, State, keyed_to, refunded, then
from tests.harness.counter import Counter
from tests.sandbox.stripe.subscriptions import monthly, subscribe

_LONG_AGO, _LATELY = timedelta(days=31), timedelta(hours=5)
_DUCATS, _NEWS = monthly("cascade_ducats_100", 1000), monthly("newsletter", 5000)

Pay = Callable[[Counter, dict[str, Any]], str]
"""Pays the open invoice, and returns the intent."""


def _billed(pay: Pay, *more: Any, credit: int = 0, coupon: dict[str, Any] | None = None) -> State:
    def made(counter: Counter) -> str:
        account, now = counter.sandboxed.app.stripe.account, counter.now()
        session = subscribe(account, now - _LONG_AGO, _DUCATS, *more, exchange_rate="0.1")
        id_, at = session["subscription"], now - _LATELY
        account.give_credit(session["customer"], at=at, amount=credit)
        if coupon:
            account.discount(id_, at=at, **coupon)
        account.update_subscription(id_, at=at, collection_method="send_invoice")
        return pay(counter, account.renew(id_, at=at))

    return made


def _attached(counter: Counter, invoice: dict[str, Any], *amounts: int) -> str:
    account, at = counter.sandboxed.app.stripe.account, counter.now() - _LATELY
    charges = [account.attach(invoice["id"], at=at, amount=amount) for amount in amounts or (None,)]
    return str(charges[0]["payment_intent"])


def _afterwards(counter: Counter, invoice: dict[str, Any]) -> str:
    """Paid three days before anybody attached it."""
    account, at = counter.sandboxed.app.stripe.account, counter.now() - timedelta(days=3)
    terms: dict[str, Any] = {"currency": "usd", "metadata": {}, "customer": invoice["customer"]}
    paid = account.pay(amount=invoice["amount_due"], at=at, **terms)
    intent = str(paid["payment_intent"])
    account.attach_payment(invoice["id"], intent, at=counter.now())
    return intent


def _halves(counter: Counter, invoice: dict[str, Any]) -> str:
    return _attached(counter, invoice, 500, 500)


def _half(counter: Counter, invoice: dict[str, Any]) -> str:
    return _attached(counter, invoice, 500)


def _rowed(make: State, **fields: Any) -> State:
    return lambda counter: keyed_to(counter, make(counter), **fields)


_FREE = {"percent_off": 100, "applies_to": {"products": ["cascade_ducats_100"]}}

INVOICES: dict[str, tuple[str, State]] = {
    "attached": ("missing", _billed(_attached)),
    "attached afterwards": ("missing", _billed(_afterwards)),
    "attached, delivered": ("settled", _rowed(_billed(_attached))),
    "attached, live": ("in_flight", _rowed(_billed(_attached), **LIVE)),
    "attached, stalled": ("stalled", _rowed(_billed(_attached), **STALLED)),
    "attached, delivered, refunded": ("refunded", then(_rowed(_billed(_attached)), refunded())),
    "attached, with another line": ("missing", _billed(_attached, _NEWS)),
    "a half of an invoice": ("unattributable", _billed(_half)),
    "both halves of an invoice": ("unattributable unattributable", _billed(_halves)),
    "credit has paid half of all lines": ("missing", _billed(_attached, _NEWS, credit=3000)),
    "credit has paid half, delivered": (
        "underpaid",
        _rowed(_billed(_attached, _NEWS, credit=3000)),
    ),
    "an older debt was paid with it": ("settled", _rowed(_billed(_attached, credit=-500))),
    "ducats for a voucher, another line paid": ("", _billed(_attached, _NEWS, coupon=_FREE)),
}
