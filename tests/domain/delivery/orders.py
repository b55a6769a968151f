"""Orders, rows in every state, and attempts, with everything ordinary filled in."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cascade_cli.domain.delivery.delivery_steps import Action
from cascade_cli.domain.records.journal_entries import Attempt, Fate
from cascade_cli.domain.records.orders import Cause, Order
from cascade_cli.domain.records.stratagems import Failure, Stratagem
from tests.domain.samples import NOW, a_stratagem

KEY = "cascade_manual_gift"
SOON, PAST = NOW + timedelta(hours=1), NOW - timedelta(hours=1)

# What a row may be like, by the state that it means for money.
ALIVE: dict[str, dict[str, Any]] = {
    "active": {"status": "active", "expires_at": SOON},
    "active without expiry": {"status": "active", "expires_at": None},
}
MOVED: dict[str, dict[str, Any]] = {"executed": {"status": "executed"}}
DOUBTFUL: dict[str, dict[str, Any]] = {
    "error": {"status": "error"},
    "processing error": {"status": "failed", "failure": Failure.UNCERTAIN},
    "failed without a reason": {"status": "failed"},
    "unknown status": {"status": "paused"},
    "broke off, then unreadable": {"status": "failed", "failure": Failure.UNCERTAIN},
    "broke off, then activated": {
        "status": "active",
        "expires_at": SOON,
        "failure": Failure.UNCERTAIN,
    },
    "broke off, then executed": {"status": "executed", "failure": Failure.UNCERTAIN},
    "an ExecutedAt and another status": {
        "status": "active",
        "expires_at": SOON,
        "executed_at": PAST,
    },
    "a line of nobody knows whom": {"status": "expired", "unknown_line": "moved on"},
    "executed and set back": {"status": "active", "expires_at": SOON, "success_logged": True},
    "executed, amount unreadable": {"status": "executed", "ducats": None},
}
DEAD: dict[str, dict[str, Any]] = {
    "planned": {"status": "planned", "expires_at": SOON},
    "active, ran out": {"status": "active", "expires_at": PAST},
    "active, ran out this second": {"status": "active", "expires_at": NOW},
    "expired": {"status": "expired", "expires_at": PAST},
    "cancelled": {"status": "cancelled"},
    "no status": {"status": ""},
    "malformed": {"status": "failed", "failure": Failure.MALFORMED},
    "no funds": {"status": "failed", "failure": Failure.NO_FUNDS},
    "nobody there": {"status": "failed", "failure": Failure.RECEIVER_MISSING},
    "active, amount unreadable": {"status": "active", "expires_at": SOON, "ducats": None},
    "active, with text behind its JSON": {
        "status": "active",
        "expires_at": SOON,
        "is_parsable": False,
    },
}
OPEN = {**ALIVE, **MOVED, **DOUBTFUL}
EVERY = {**OPEN, **DEAD}


def an_order(**changed: Any) -> Order:
    """100 ducats to marco by hand."""
    ordinary: dict[str, Any] = {
        "key": KEY,
        "citizen": "marco",
        "ducats": Decimal(100),
        "cause": Cause.MANUAL,
        "reason": "gift",
    }
    return Order(**{**ordinary, **changed})


def a_row(state: str, name: str = "1", **changed: Any) -> Stratagem:
    """The order's row in one of the states above."""
    return a_stratagem(name, **{"stratagem_id": KEY, **EVERY[state], **changed})


def attempted(action: Action, fate: Fate, seconds_ago: float = 1) -> Attempt:
    """The last write that the journal knows."""
    return Attempt(action, NOW - timedelta(seconds=seconds_ago), fate)
