"""Ducats that go back, money that goes back before they arrive, and credits by hand."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cascade_cli.sandbox.seed.citizens import PROCESSOR
from tests.end_to_end.agreement.states.making import (
    BROKE_OFF,
    DOUBTFUL,
    FAILED,
    LATER,
    LIVE,
    STALLED,
    State,
    anew,
    credited,
    disputed,
    engine,
    enrich,
    keyed,
    keyed_to,
    paid,
    refunded,
    row,
    then,
)
from tests.harness.counter import Counter

GIFT = json.dumps({"amount": 5.0, "reason": "prize", "source": "cascade"})


def _back(
    *lines: str, cents: int | None = None, form: str = "cascade_refund_", **fields: Any
) -> State:
    """Delivered and refunded; a transfer takes the ducats back."""

    def make(counter: Counter) -> str:
        intent = keyed()(counter)
        name = refunded(cents)(counter, intent)
        ducats = 100.0 if cents is None else cents / 10
        notes = json.dumps({"amount": ducats, "reason": "Refund", "payment_intent": intent})
        told = "\n".join([notes, *lines])
        fields_ = {"ExecutedBy": "marco", "citizen": PROCESSOR, "Notes": told, **fields}
        row(counter, f"{form}{name}", 2, **fields_)
        return intent

    return make


def _failing_refund(*happen: Callable[[Counter, str], object]) -> State:
    """A refund that comes to nothing, after the ducats went back."""

    def make(counter: Counter) -> str:
        intent = counter.paid()
        credited(counter, intent)
        engine(counter)
        name = refunded(pending=True)(counter, intent)
        assert counter.type("refund", intent, "--yes").code == 0
        for one in happen:
            one(counter, intent)
        account = counter.sandboxed.app.stripe.account
        account.settle_refund(name, at=counter.now(), status="failed")
        return intent

    return make


def _taken(counter: Counter, intent: str) -> None:
    assert counter.type("refund", intent, "--yes").code == 0


def _spent(counter: Counter, _intent: str) -> None:
    enrich(counter, 30)


def _by_hand(**fields: Any) -> State:
    return lambda counter: row(counter, "cascade_manual_prize", 3, **{"Notes": GIFT, **fields})


def _lacking(counter: Counter) -> str:
    counter.fund(0)
    notes = f"{GIFT}\n[ERROR] Insufficient funds: 0 < 5.0"
    return row(counter, "cascade_manual_prize", 3, Status="failed", Notes=notes)


def _payment_lacking(counter: Counter) -> str:
    counter.fund(0)
    notes = f"{ORDERED}\n[ERROR] Insufficient funds: 0 < 100.0"
    return keyed_to(counter, counter.paid(), Status="failed", Notes=notes)


ORDERED = json.dumps({"amount": 100.0, "reason": "Ducat purchase via CASCADE"})


def _by_hand_twice(counter: Counter) -> str:
    row(counter, "cascade_manual_prize", 3, Notes=GIFT)
    return row(counter, "cascade_manual_prize", 2, Notes=GIFT, Status="active")


def _by_hand_twice_live(counter: Counter) -> str:
    row(counter, "cascade_manual_prize", 3, Notes=GIFT)
    return row(counter, "cascade_manual_prize", 2, Notes=GIFT, Status="active", ExpiresAt=LATER)


RETURNS: dict[str, tuple[str, State]] = {
    "not delivered, refunded": ("settled", then(paid(), refunded())),
    "not delivered, refunded in part": ("missing", then(paid(), refunded(250))),
    "stalled, refunded": ("settled", then(keyed(**STALLED), refunded())),
    "stalled, refunded in part": ("stalled", then(keyed(**STALLED), refunded(250))),
    "failed, refunded in part": ("failed", then(keyed(**FAILED), refunded(250))),
    "live, refunded": ("refunded", then(keyed(**LIVE), refunded())),
    "live, refunded in part": ("refunded", then(keyed(**LIVE), refunded(250))),
    "doubtful, refunded": ("doubtful", then(keyed(**DOUBTFUL), refunded())),
    "young, refunded in part": ("in_flight", then(paid(hours_ago=0.1), refunded(250))),
    "cancelled, refunded in part": ("stalled", then(keyed(Status="cancelled"), refunded(250))),
    "nobody, refunded in part": ("unknown_citizen", then(paid(citizen="nobody"), refunded(250))),
    "no amount, refunded in part": ("unattributable", then(paid(ducats="many"), refunded(250))),
    "another amount, refunded": (
        "refunded",
        then(keyed(Notes='{"amount": 99.0}'), refunded()),
    ),
    "going back": ("in_flight", _back(**LIVE)),
    "went back": ("settled", _back()),
    "went back, in part": ("settled", _back(cents=250)),
    "did not go back, stalled": ("refunded", _back(**STALLED)),
    "did not go back, failed": (
        "refunded",
        _back("[ERROR] Insufficient funds: 1.0 < 100.0", Status="failed"),
    ),
    "did not go back, cancelled": ("refunded", _back(Status="cancelled")),
    "may have gone back": ("doubtful", _back(BROKE_OFF, Status="failed")),
    "may have gone back, part": ("doubtful", _back(BROKE_OFF, Status="failed", cents=250)),
    "went back to another": ("doubtful", _back(citizen="OLD_PROCESSOR")),
    "taken back by cascade": (
        "in_flight",
        then(paid(), credited, engine, refunded(), _taken),
    ),
    "taken back, as far as it goes": (
        "refunded",
        then(paid(), credited, engine, _spent, refunded(), _taken, engine),
    ),
    "ended by cascade": ("settled", then(paid(), credited, refunded(), _taken)),
    "rest delivered by cascade": ("in_flight", then(paid(), refunded(250), _taken)),
    "refund failed while going back": ("refunded", _failing_refund()),
    "refund failed while going back, ended": ("settled", then(_failing_refund(), _taken)),
    "refund failed after it went back": ("refunded", _failing_refund(engine)),
    "refund failed, given again": ("in_flight", then(_failing_refund(engine), _taken)),
    "refund failed, came again": ("settled", then(_failing_refund(engine), _taken, engine)),
    "refund pending": ("refunded", then(keyed(), refunded(pending=True))),
    "not delivered, disputed": ("missing", then(paid(), disputed())),
    "not delivered, dispute won": ("missing", then(paid(), disputed(won=True))),
    "not delivered, dispute lost": ("settled", then(paid(), disputed(lost=True))),
    "stalled, disputed": ("stalled", then(keyed(**STALLED), disputed())),
    "stalled, dispute won": ("stalled", then(keyed(**STALLED), disputed(won=True))),
    "live, disputed": ("disputed", then(keyed(**LIVE), disputed())),
    "live, dispute lost": ("disputed", then(keyed(**LIVE), disputed(lost=True))),
    "delivered, dispute won": ("settled", then(keyed(), disputed(won=True))),
    "twice live, disputed": (
        "disputed",
        then(keyed(**LIVE), lambda c, i: keyed_to(c, i, **LIVE), disputed()),
    ),
    "executed and live": ("duplicate", then(keyed(), lambda c, i: keyed_to(c, i, **LIVE))),
    "executed and live, refunded": (
        "duplicate",
        then(keyed(), lambda c, i: keyed_to(c, i, **LIVE), refunded()),
    ),
    "executed and stalled": ("settled", then(keyed(), lambda c, i: keyed_to(c, i, **STALLED))),
    "executed and doubtful": ("duplicate", then(keyed(), lambda c, i: keyed_to(c, i, **DOUBTFUL))),
    "went back, citizen made anew": ("settled", then(_back(), anew)),
    "lacked funds": ("failed", _payment_lacking),
    "by hand": ("", _by_hand()),
    "by hand, live": ("", _by_hand(Status="active", ExpiresAt=LATER)),
    "by hand, stalled": ("stalled", _by_hand(Status="active")),
    "by hand, never activated": ("stalled", _by_hand(Status="planned")),
    "by hand, cancelled": ("", _by_hand(Status="cancelled")),
    "by hand, no receiver": (
        "failed",
        _by_hand(Status="failed", Notes=f"{GIFT}\n[ERROR] Receiver marco not found."),
    ),
    "by hand, lacked funds": ("failed", _lacking),
    "by hand, doubtful": ("doubtful", _by_hand(Status="failed", Notes=f"{GIFT}\n{BROKE_OFF}")),
    "by hand, set back": ("doubtful", _by_hand(Status="active", ExecutedAt="2026-11-20T12:00:00Z")),
    "by hand, executed and stalled": ("", _by_hand_twice),
    "by hand, executed and live": ("duplicate", _by_hand_twice_live),
    "by hand, another's": ("", _by_hand(ExecutedBy="OLD_PROCESSOR")),
    "by hand, another's, stalled": ("", _by_hand(ExecutedBy="OLD_PROCESSOR", Status="active")),
}
