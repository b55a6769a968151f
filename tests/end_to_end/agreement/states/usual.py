"""What sections of the README's table of kinds show, and every end of the engine's."""

from __future__ import annotations

import json

from tests.end_to_end.agreement.states.making import (
    BROKE_OFF,
    DONE,
    LATER,
    UNREADABLE,
    State,
    disputed,
    keyed,
    keyed_to,
    noted,
    paid,
    refunded,
    row,
    then,
)
from tests.harness.counter import Counter


def _twice(counter: Counter) -> str:
    intent = keyed()(counter)
    return keyed_to(counter, intent, hours_ago=3)


def _orphan(counter: Counter) -> str:
    return row(counter, "transfer_by_nobody", 3)


USUAL: dict[str, tuple[str, State]] = {
    "executed": ("settled", keyed()),
    "lacked funds, was revived, executed": (
        "settled",
        keyed(
            Notes=json.dumps({"amount": 100.0, "engine_log": "[ERROR] Insufficient funds: 1 < 100"})
            + f"\n{DONE}"
        ),
    ),
    "live": ("in_flight", keyed(Status="active", ExpiresAt=LATER)),
    "live, without an expiry": ("in_flight", keyed(Status="active", ExpiresAt=None)),
    "young": ("in_flight", paid(hours_ago=0.1)),
    "missing": ("missing", paid()),
    "expired": ("stalled", keyed(Status="active")),
    "never activated": ("stalled", keyed(Status="planned")),
    "cancelled": ("stalled", keyed(Status="cancelled")),
    "no receiver": ("failed", noted("failed", "[ERROR] Receiver marco not found.")),
    "active, unreadable": (
        "failed",
        noted("active", "[ERROR] Receiver marco not found.", ExpiresAt=LATER),
    ),
    "broke off": ("doubtful", noted("failed", BROKE_OFF)),
    "broke off, run once more": ("doubtful", noted("failed", BROKE_OFF, UNREADABLE)),
    "broke off, set to expired": ("doubtful", noted("expired", BROKE_OFF)),
    "broke off, executed later": ("doubtful", noted("executed", BROKE_OFF, DONE)),
    "executed, run once more": ("doubtful", noted("failed", DONE, UNREADABLE)),
    "executed, set back": (
        "doubtful",
        keyed(Status="active", ExecutedAt="2026-11-20T12:00:00Z"),
    ),
    "ended in error": ("doubtful", keyed(Status="error")),
    "another amount": ("amount_mismatch", keyed(Notes='{"amount": 99.0}')),
    "another citizen": ("wrong_citizen", keyed(citizen="lucia")),
    "twice": ("duplicate", _twice),
    "no citizen": ("unattributable", paid(citizen="")),
    "no amount": ("unattributable", paid(ducats="many")),
    "nobody": ("unknown_citizen", paid(citizen="nobody")),
    "a near name": ("unknown_citizen", paid(citizen="Marco")),
    "refunded in part": ("refunded", then(keyed(), refunded(250))),
    "refunded": ("refunded", then(keyed(), refunded())),
    "disputed": ("disputed", then(keyed(), disputed())),
    "dispute lost": ("disputed", then(keyed(), disputed(lost=True))),
    "made by nobody": ("orphan", _orphan),
}
