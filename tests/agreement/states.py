"""One payment in each state that Stripe and Venice can show it in."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.credit.counter import Counter

State = Callable[[Counter], str]
"""Makes the state, and returns the id by which `explain` is asked about it."""

ORDER = json.dumps({"amount": 100.0, "reason": "Ducat purchase via CASCADE"})


def keyed(**fields: Any) -> State:
    """A payment of 100 ducats for marco, and a row under its key an hour after it."""

    def make(counter: Counter) -> str:
        intent = counter.paid()
        at = counter.now() - timedelta(hours=4)
        counter.sandboxed.transfer(f"cascade_payment_{intent}", at, **fields)
        return intent

    return make


def noted(status: str, *lines: str, **fields: Any) -> State:
    """Such a row with lines of the engine's behind its JSON."""
    return keyed(Status=status, Notes="\n".join([ORDER, *lines]), **fields)


def paid(**purchase: Any) -> State:
    """A payment without any row."""
    return lambda counter: counter.paid(**purchase)


def delivered_and(undo: Callable[[Counter, str], None]) -> State:
    """An executed transfer, and then something happens to the money."""

    def make(counter: Counter) -> str:
        intent = keyed()(counter)
        with counter.sandboxed.app.stripe.books.ledger(counter.now()) as ledger:
            charge = str(ledger.get("payment_intent", intent)["latest_charge"])
        undo(counter, charge)
        return intent

    return make


def _refunded(cents: int | None) -> Callable[[Counter, str], None]:
    def undo(counter: Counter, charge: str) -> None:
        counter.sandboxed.app.stripe.books.refund(charge, at=counter.now(), amount=cents)

    return undo


def _disputed(*, lost: bool) -> Callable[[Counter, str], None]:
    def undo(counter: Counter, charge: str) -> None:
        books = counter.sandboxed.app.stripe.books
        dispute = books.dispute(charge, at=counter.now())["id"]
        if lost:
            books.close_dispute(dispute, at=counter.now())

    return undo


def _twice(counter: Counter) -> str:
    intent = keyed()(counter)
    at = counter.now() - timedelta(hours=3)
    counter.sandboxed.transfer(f"cascade_payment_{intent}", at)
    return intent


def _orphan(counter: Counter) -> str:
    counter.sandboxed.transfer("transfer_by_nobody", counter.now() - timedelta(hours=3))
    return "transfer_by_nobody"


def _by_hand(counter: Counter) -> str:
    counter.fund(0)
    notes = json.dumps({"amount": 5.0, "reason": "prize", "source": "cascade"})
    at = counter.now() - timedelta(hours=3)
    fields = {"Status": "failed", "Notes": f"{notes}\n[ERROR] Insufficient funds: 0 < 5.0"}
    counter.sandboxed.transfer("cascade_manual_prize", at, **fields)
    return "cascade_manual_prize"


_BROKE_OFF = "[ERROR] Processing error: 503 Server Error"
_UNREADABLE = "[ERROR] Failed to parse transfer details: Extra data"
_DONE = "[2026-11-20 12:00] Successfully transferred 100.0 ducats"

STATES: dict[str, tuple[str, State]] = {
    "executed": ("settled", keyed()),
    "lacked funds, was revived, executed": (
        "settled",
        keyed(
            Notes=json.dumps({"amount": 100.0, "engine_log": "[ERROR] Insufficient funds: 1 < 100"})
            + f"\n{_DONE}"
        ),
    ),
    "live": ("in_flight", keyed(Status="active", ExpiresAt="2026-11-23T00:00:00Z")),
    "live, without an expiry": ("in_flight", keyed(Status="active", ExpiresAt=None)),
    "young": ("in_flight", paid(hours_ago=0.1)),
    "missing": ("missing", paid()),
    "expired": ("stalled", keyed(Status="active")),
    "never activated": ("stalled", keyed(Status="planned")),
    "cancelled": ("stalled", keyed(Status="cancelled")),
    "no receiver": ("failed", noted("failed", "[ERROR] Receiver marco not found.")),
    "active, unreadable": (
        "failed",
        noted("active", "[ERROR] Receiver marco not found.", ExpiresAt="2026-11-23T00:00:00Z"),
    ),
    "broke off": ("doubtful", noted("failed", _BROKE_OFF)),
    "broke off, run once more": ("doubtful", noted("failed", _BROKE_OFF, _UNREADABLE)),
    "broke off, set to expired": ("doubtful", noted("expired", _BROKE_OFF)),
    "broke off, executed later": ("doubtful", noted("executed", _BROKE_OFF, _DONE)),
    "executed, run once more": ("doubtful", noted("failed", _DONE, _UNREADABLE)),
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
    "refunded in part": ("refunded", delivered_and(_refunded(250))),
    "refunded": ("refunded", delivered_and(_refunded(None))),
    "disputed": ("disputed", delivered_and(_disputed(lost=False))),
    "dispute lost": ("disputed", delivered_and(_disputed(lost=True))),
    "made by nobody": ("orphan", _orphan),
    "by hand, lacked funds": ("failed", _by_hand),
}
"""By what a person would call it: reconciliation's kind, and what makes it."""
