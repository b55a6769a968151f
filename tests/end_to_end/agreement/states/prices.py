"""What was not paid for in full, or nobody can tell."""

from __future__ import annotations

from typing import Any

from tests.end_to_end.agreement.states.making import (
    DOUBTFUL,
    FAILED,
    LIVE,
    ORDER,
    STALLED,
    State,
    disputed,
    keyed,
    paid,
    refunded,
    then,
)

CHEAP: dict[str, Any] = {"cents": 50}
DEAR: dict[str, Any] = {"cents": 1500}
DONGS: dict[str, Any] = {"cents": 13_000, "currency": "vnd"}
OWN: dict[str, Any] = {"cents": 50, "exchange_rate": "0.005"}
RATED: dict[str, Any] = {**DONGS, "currency_rate": "1", "currency_rate_date": "2026-11-20"}
SHILLINGS: dict[str, Any] = {"cents": 3_700_000, "currency": "ugx"}
KRONUR: dict[str, Any] = {"cents": 200_000, "currency": "isk"}
NOBODY: dict[str, Any] = {**CHEAP, "citizen": "nobody"}
NO_FUNDS = f"{ORDER}\n[ERROR] Insufficient funds: 1.0 < 100.0"


PRICES: dict[str, tuple[str, State]] = {
    "underpaid": ("underpaid", paid(**CHEAP)),
    "underpaid, stalled": ("underpaid", keyed(CHEAP, **STALLED)),
    "underpaid, failed": ("underpaid", keyed(CHEAP, **FAILED)),
    "underpaid, lacked funds": ("underpaid", keyed(CHEAP, Status="failed", Notes=NO_FUNDS)),
    "underpaid, cancelled": ("underpaid", keyed(CHEAP, Status="cancelled")),
    "underpaid, live": ("underpaid", keyed(CHEAP, **LIVE)),
    "underpaid, doubtful": ("doubtful", keyed(CHEAP, **DOUBTFUL)),
    "underpaid, delivered": ("underpaid", keyed(CHEAP)),
    "underpaid, young": ("underpaid", paid(hours_ago=0.1, **CHEAP)),
    "underpaid, no citizen": ("unattributable", paid(**{**CHEAP, "citizen": ""})),
    "underpaid, a near name": ("underpaid", paid(**{**CHEAP, "citizen": "Marco"})),
    "underpaid, nobody": ("underpaid", paid(**NOBODY)),
    "underpaid, refunded in part": ("underpaid", then(paid(**CHEAP), refunded(10))),
    "underpaid, refunded": ("settled", then(paid(**CHEAP), refunded())),
    "underpaid, disputed": ("underpaid", then(paid(**CHEAP), disputed())),
    "underpaid, delivered, refunded": ("refunded", then(keyed(CHEAP), refunded())),
    "overpaid": ("missing", paid(**DEAR)),
    "overpaid, delivered": ("settled", keyed(DEAR)),
    "overpaid, live": ("in_flight", keyed(DEAR, **LIVE)),
    "overpaid, refunded": ("settled", then(paid(**DEAR), refunded())),
    "dongs": ("underpaid", paid(**DONGS)),
    "dongs, stalled": ("underpaid", keyed(DONGS, **STALLED)),
    "dongs, live": ("in_flight", keyed(DONGS, **LIVE)),
    "dongs, delivered": ("settled", keyed(DONGS)),
    "dongs at a rate of their own": ("underpaid", paid(**RATED)),
    "a rate of its own": ("underpaid", paid(**OWN)),
    "a rate of its own, failed": ("underpaid", keyed(OWN, **FAILED)),
    "a rate of its own, delivered": ("underpaid", keyed(OWN)),
    "a rate of its own, almost within the bounds": (
        "underpaid",
        paid(cents=499, exchange_rate="0.0499"),
    ),
    "shillings": ("underpaid", paid(**SHILLINGS)),
    "shillings, delivered": ("settled", keyed(SHILLINGS)),
    "kronur": ("missing", paid(**KRONUR)),
    "kronur, too few": ("underpaid", paid(cents=2_000, currency="isk")),
    "kronur, delivered": ("settled", keyed(KRONUR)),
}
