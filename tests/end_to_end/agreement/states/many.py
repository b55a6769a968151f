"""A payment for many citizens, a gift, and a subscription's payment."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.adapters.stripe.purchase_parser import allocation_metadata
from cascade_cli.domain.selling.allocation import Allocation, Share
from tests.end_to_end.agreement.states.making import (
    DOUBTFUL,
    FAILED,
    LIVE,
    STALLED,
    State,
    disputed,
    engine,
    keyed_to,
    later,
    paid,
    refunded,
    row,
    then,
)
from tests.end_to_end.subscriptions.test_whole_way import subscribed
from tests.harness.counter import Counter

MEMBERS = ("ada", "bea", "cleo", "dea", "eva", "fia", "gia", "ida")
ROWS: dict[str, dict[str, Any]] = {
    "ada": {},
    "bea": LIVE,
    "dea": STALLED,
    "eva": FAILED,
    "fia": DOUBTFUL,
    "ida": {"Notes": '{"amount": 99.0}'},
}
"""cleo has none, and gia is not in Venice."""
EACH = "settled in_flight missing stalled failed doubtful unknown_citizen amount_mismatch"
GIVEN: dict[str, Any] = {
    "citizen": "lucia",
    "giver_id": "marco",
    "gift_message": "For you",
    "gift_anonymous": "1",
}


def _sold(counter: Counter, cents: int, *members: str) -> str:
    """100 ducats for each of them by one payment, five hours ago."""
    shares = tuple(Share(name, Decimal(100)) for name in members)
    metadata = {
        "exchange_rate": "0.1",
        "platform": "cascade",
        "type": "ducat_purchase",
        **allocation_metadata(Allocation(shares)),
    }
    at = counter.now() - timedelta(hours=5)
    account = counter.sandboxed.app.stripe.account
    charge = account.pay(amount=cents, currency="usd", metadata=metadata, at=at)
    return str(charge["payment_intent"])


def _many(cents: int = 8_000) -> State:
    """One portion in each of several states."""

    def make(counter: Counter) -> str:
        counter.move_in(*(name for name in MEMBERS if name != "gia"))
        intent = _sold(counter, cents, *MEMBERS)
        for number, name in enumerate(MEMBERS, start=1):
            if name in ROWS:
                key = f"cascade_payment_{intent}.{number}"
                row(counter, key, citizen=name, **ROWS[name])
        return intent

    return make


def _two(cents: int = 2_000, **fields: Any) -> State:
    """Two portions, of which the first has a row."""

    def make(counter: Counter) -> str:
        intent = _sold(counter, cents, "marco", "lucia")
        row(counter, f"cascade_payment_{intent}.1", **fields)
        return intent

    return make


def _forged(counter: Counter) -> str:
    """Its metadata was changed by somebody."""
    metadata = allocation_metadata(Allocation((Share("marco", Decimal(100)),)))
    metadata["allocation_1"] = "9000=marco"
    account, at = counter.sandboxed.app.stripe.account, counter.now() - timedelta(hours=5)
    metadata |= {"platform": "cascade", "type": "ducat_purchase"}
    charge = account.pay(amount=1_000, currency="usd", metadata=metadata, at=at)
    return str(charge["payment_intent"])


def _monthly(*words: str) -> State:
    """The first payment of a subscription, five hours ago."""

    def make(counter: Counter) -> str:
        subscribed(counter, *words)
        counter.pass_time(hours=5)
        (item,) = counter.type("reconcile", "--since", "7d", "--all", "--json").data["items"]
        return str(item["payment_intent"])

    return make


def _credited_whole(counter: Counter, intent: str) -> None:
    answer = counter.type("credit", "--payment", intent, "--reason", "late", "--yes")
    assert answer.code == 0, answer.err


MANY: dict[str, tuple[str, State]] = {
    "for many": (EACH, _many()),
    "for many, underpaid": ("doubtful" + 7 * " underpaid", _many(100)),
    "for many, refunded": (
        "doubtful" + 3 * " refunded" + 4 * " settled",
        then(_many(), refunded()),
    ),
    "for two": ("settled missing", _two()),
    "for two, in part": ("refunded missing", then(_two(), refunded(500))),
    "for two, disputed": ("disputed missing", then(_two(), disputed())),
    "for two, one to the other": ("wrong_citizen missing", _two(citizen="lucia")),
    "for many, forged": ("unattributable", _forged),
    "a gift": ("missing", paid(**GIVEN)),
    "a gift, stalled": (
        "stalled",
        lambda c: keyed_to(c, c.paid(**GIVEN), citizen="lucia", **STALLED),
    ),
    "a gift, delivered": ("settled", lambda c: keyed_to(c, c.paid(**GIVEN), citizen="lucia")),
    "a gift, refunded": (
        "refunded",
        then(lambda c: keyed_to(c, c.paid(**GIVEN), citizen="lucia"), refunded()),
    ),
    "a subscription's payment": ("missing", _monthly()),
    "a subscription's payment, credited": ("in_flight", then(_monthly(), _credited_whole)),
    "a subscription's payment, delivered": (
        "settled",
        then(_monthly(), _credited_whole, engine),
    ),
    "a subscription's payment, ran out": (
        "stalled",
        then(_monthly(), _credited_whole, later(days=4)),
    ),
    "a subscription's payment, refunded": (
        "refunded",
        then(_monthly(), _credited_whole, engine, refunded()),
    ),
}
