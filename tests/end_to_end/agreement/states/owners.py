"""Whose transfer it is: other processors, legacy rows, twins, and rows that are gone."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.agreement.states.making import (
    DOUBTFUL,
    FAILED,
    LATER,
    LEGACY,
    LIVE,
    ORDER,
    STALLED,
    State,
    credited,
    engine,
    keyed,
    later,
    legacy,
    paid,
    refunded,
    row,
    then,
    vanish,
)
from tests.harness.counter import Counter

OTHER: dict[str, Any] = {"ExecutedBy": "OLD_PROCESSOR"}
SOLD = "1234.567890123457"
OLD = {"ducats": SOLD, "cents": 12_346}
OLD_NOTES = json.dumps({"amount": float(SOLD), "reason": "Ducat purchase"})


def _legacy(**fields: str) -> State:
    """A payment, and a legacy row an hour after it."""

    def make(counter: Counter) -> str:
        intent = counter.paid()
        legacy(counter, 4, **fields)
        return intent

    return make


def _late(**fields: str) -> State:
    """A legacy row 80 hours after the payment."""

    def make(counter: Counter) -> str:
        intent = counter.paid(hours_ago=100)
        legacy(counter, 20, **fields)
        return intent

    return make


def _late_beside_a_dead_one(counter: Counter) -> str:
    intent = counter.paid(hours_ago=100)
    row(counter, f"cascade_payment_{intent}", 99, **STALLED)
    legacy(counter, 20)
    return intent


def _twins(*rows: float, cents: int | None = 0) -> State:
    """Two payments an hour apart, legacy rows so many hours ago; of the second so many cents go
    back, None for all."""

    def make(counter: Counter) -> str:
        first, second = counter.paid(hours_ago=30), counter.paid(hours_ago=29)
        for hours_ago in rows:
            legacy(counter, hours_ago)
        if cents != 0:
            refunded(cents)(counter, second)
        return first

    return make


def _same_second(*statuses: str) -> State:
    """Two payments and their legacy rows, of which nobody can tell which is whose."""

    def make(counter: Counter) -> str:
        first, _ = counter.paid(), counter.paid()
        for status in statuses:
            legacy(counter, 4, Status=status)
        return first

    return make


OWNERS: dict[str, tuple[str, State]] = {
    "another's, executed": ("settled", keyed(**OTHER)),
    "another's, live": ("doubtful", keyed(**OTHER, **LIVE)),
    "another's, stalled": ("stalled", keyed(**OTHER, **STALLED)),
    "another's, failed": ("failed", keyed(**OTHER, **FAILED)),
    "another's, cancelled": ("stalled", keyed(**OTHER, Status="cancelled")),
    "another's, doubtful": ("doubtful", keyed(**OTHER, **DOUBTFUL)),
    "another's legacy, executed": ("settled", _legacy(**OTHER)),
    "another's legacy, live": ("doubtful", _legacy(**OTHER, **LIVE)),
    "another's legacy, stalled": ("stalled", _legacy(**OTHER, **STALLED)),
    "another's, executed, refunded": ("refunded", then(keyed(**OTHER), refunded())),
    "another's, stalled, refunded": ("settled", then(keyed(**OTHER, **STALLED), refunded())),
    "another's, refunded in part": ("stalled", then(keyed(**OTHER, **STALLED), refunded(250))),
    "another's, underpaid": ("underpaid", keyed({"cents": 50}, **OTHER, **STALLED)),
    "legacy, executed": ("settled", _legacy()),
    "legacy, live": ("in_flight", _legacy(**LIVE)),
    "legacy, stalled": ("stalled", _legacy(**STALLED)),
    "legacy, failed": (
        "failed",
        _legacy(Status="failed", Notes=f"{LEGACY}\n[ERROR] Receiver marco not found."),
    ),
    "legacy, doubtful": (
        "doubtful",
        _legacy(Status="failed", Notes=f"{LEGACY}\n[ERROR] Processing error: boom"),
    ),
    "legacy, executed, refunded": ("refunded", then(_legacy(), refunded())),
    "legacy, refunded in part, stalled": ("stalled", then(_legacy(**STALLED), refunded(250))),
    "late legacy row": ("missing orphan", _late()),
    "late legacy row, stalled": ("missing orphan", _late(**STALLED)),
    "late legacy row, live": ("missing orphan", _late(**LIVE)),
    "late legacy row beside a dead one": ("stalled orphan", _late_beside_a_dead_one),
    "late legacy row, refunded": ("settled orphan", then(_late(), refunded())),
    "twins of one row": ("missing settled", _twins(28.9)),
    "twins of two rows": ("settled settled", _twins(29.9, 28.9)),
    "twins of three rows": ("duplicate settled", _twins(29.9, 28.9, 28.8)),
    "twins of one row, one refunded": ("settled settled", _twins(28.9, cents=None)),
    "twins of one row, one refunded in part": ("missing refunded", _twins(28.9, cents=250)),
    "twins of two rows, one refunded": ("refunded settled", _twins(29.9, 28.9, cents=None)),
    "twins of no row, one refunded": ("missing settled", _twins(cents=None)),
    "twins of a second, executed": ("settled settled", _same_second("executed", "executed")),
    "twins of a second, one row": ("missing settled", _same_second("executed")),
    "twins of a second, one stalled": ("settled stalled", _same_second("executed", "active")),
    "twins of a second, both stalled": ("stalled stalled", _same_second("active", "active")),
    "vanished": ("missing", then(paid(), credited, engine, vanish, later(minutes=5))),
    "vanished, refunded": ("refunded", then(paid(), credited, engine, vanish, refunded())),
    "vanished, refunded in part": (
        "missing",
        then(paid(), credited, engine, vanish, later(minutes=5), refunded(250)),
    ),
    "vanished while live": ("missing", then(paid(), credited, vanish, later(minutes=5))),
    "old amount": ("missing", paid(**OLD)),
    "old amount, stalled": ("stalled", keyed(OLD, Notes=OLD_NOTES, **STALLED)),
    "old amount, executed": ("settled", keyed(OLD, Notes=OLD_NOTES)),
    "old amount, lacked funds": (
        "failed",
        keyed(OLD, Status="failed", Notes=f"{OLD_NOTES}\n[ERROR] Insufficient funds: 1.0 < 1234.5"),
    ),
    "old amount, refunded": ("refunded", then(keyed(OLD, Notes=OLD_NOTES), refunded())),
    "an amount of too many digits": (
        "missing",
        paid(ducats="1.1234567890123456789", cents=50),
    ),
    "another's orphan": ("", lambda c: row(c, "transfer_by_another", **OTHER)),
    "orphan, live": ("orphan", lambda c: row(c, "transfer_by_nobody", **LIVE)),
    "orphan, doubtful": ("orphan", lambda c: row(c, "transfer_by_nobody", **DOUBTFUL)),
    "of an unknown payment": ("orphan", lambda c: row(c, "cascade_payment_pi_unknown")),
    "of an unknown payment, stalled": (
        "orphan",
        lambda c: row(c, "cascade_payment_pi_unknown", Notes=ORDER, ExpiresAt=LATER, Status=""),
    ),
}
