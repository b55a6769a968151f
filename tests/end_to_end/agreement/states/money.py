"""Money that leaves the account and comes back: captures in part, refunds that wait, disputes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.end_to_end.agreement.states.making import (
    LIVE,
    STALLED,
    State,
    anew,
    charge_of,
    credited,
    engine,
    keyed,
    paid,
    refunded,
    then,
)
from tests.harness.counter import Counter

Happening = Callable[[Counter, str], object]


def captured(counter: Counter) -> str:
    """Of an authorisation, 10 dollars for 100 ducats were captured."""
    account, at = counter.sandboxed.app.stripe.account, counter.now() - timedelta(hours=5)
    metadata = {"citizen_id": "marco", "ducat_amount": "100", "exchange_rate": "0.1"}
    charge = account.pay(amount=2500, currency="usd", metadata=metadata, at=at, capture=False)
    intent = str(charge["payment_intent"])
    account.capture(intent, at=at, amount_to_capture=1000)
    return intent


def disputes(*statuses: str, **opening: Any) -> Happening:
    """The payer contests it, and so it goes on."""

    def undo(counter: Counter, intent: str) -> None:
        account = counter.sandboxed.app.stripe.account
        made = account.dispute(charge_of(counter, intent), at=counter.now(), **opening)
        for status in statuses:
            account.turn_dispute(made["id"], at=counter.now(), status=status)

    return undo


def turns(*statuses: str) -> Happening:
    """The last dispute goes on."""

    def undo(counter: Counter, intent: str) -> None:
        account = counter.sandboxed.app.stripe.account
        dispute = _last("dispute", counter, intent)
        for status in statuses:
            account.turn_dispute(dispute, at=counter.now(), status=status)

    return undo


def refund_turns(status: str) -> Happening:
    """The last refund comes to that status."""

    def undo(counter: Counter, intent: str) -> None:
        account = counter.sandboxed.app.stripe.account
        refund = _last("refund", counter, intent)
        account.settle_refund(refund, at=counter.now(), status=status)

    return undo


def _last(kind: str, counter: Counter, intent: str) -> str:
    account = counter.sandboxed.app.stripe.account
    with account.writing(counter.now()) as writer:
        found = writer.of_charge(kind, charge_of(counter, intent))
    return str(max(found, key=lambda one: (one["created"], one["id"]))["id"])


def waiting(status: str = "requires_action", cents: int | None = None, **how: Any) -> Happening:
    """A refund that is not done yet."""

    def undo(counter: Counter, intent: str) -> None:
        account, charge = counter.sandboxed.app.stripe.account, charge_of(counter, intent)
        account.refund(charge, at=counter.now(), amount=cents, status=status, **how)

    return undo


def settles(counter: Counter, intent: str) -> None:
    """`cascade refund`, and the engine."""
    answer = counter.type("refund", intent, "--yes")
    assert answer.code == 0, answer.err
    engine(counter)


_TAKEN = then(keyed(), disputes("lost"), settles)
_OTHER_CURRENCY = {"currency": "eur", "amount": 900}

MONEY: dict[str, tuple[str, State]] = {
    "captured in part": ("missing", captured),
    "captured in part, delivered": ("settled", then(captured, credited, engine)),
    "captured in part, then refunded in part": (
        "refunded",
        then(captured, credited, engine, refunded(250)),
    ),
    "captured in part, then refunded": ("refunded", then(captured, credited, engine, refunded())),
    "captured in part, refund settled": (
        "settled",
        then(captured, credited, engine, refunded(250), settles),
    ),
    "captured in part, disputed": ("disputed", then(captured, credited, engine, disputes())),
    "refund requires action": ("settled", then(keyed(), waiting())),
    "refund requires action, not delivered": ("missing", then(paid(), waiting())),
    "refund requires action, then pending": (
        "refunded",
        then(keyed(), waiting(), refund_turns("pending")),
    ),
    "refund requires action, then canceled": (
        "settled",
        then(keyed(), waiting(), refund_turns("canceled")),
    ),
    "refund waits for the shop's money": (
        "settled",
        then(keyed(), waiting("pending", pending_reason="insufficient_funds")),
    ),
    "refund pending in part": ("refunded", then(keyed(), waiting("pending", 250))),
    "eleven refunds": ("refunded", then(keyed(), *[refunded(50)] * 11)),
    "eleven refunds, settled": ("settled", then(keyed(), *[refunded(50)] * 11, settles)),
    "rest delivered, then the refund failed": (
        "refunded",
        then(paid(), refunded(250), settles, refund_turns("failed")),
    ),
    "rest completed after the refund failed": (
        "settled",
        then(paid(), refunded(250), settles, refund_turns("failed"), settles),
    ),
    "inquiry": ("disputed", then(keyed(), disputes(status="warning_needs_response"))),
    "inquiry closed": (
        "settled",
        then(keyed(), disputes("warning_closed", status="warning_needs_response")),
    ),
    "inquiry becomes a dispute": (
        "disputed",
        then(keyed(), disputes("needs_response", status="warning_needs_response")),
    ),
    "inquiry, refunded in part": (
        "disputed",
        then(keyed(), disputes(status="warning_needs_response"), refunded(250)),
    ),
    "under review": ("disputed", then(keyed(), disputes("under_review"))),
    "lost": ("disputed", then(keyed(), disputes("lost"))),
    "lost in part": ("disputed", then(keyed(), disputes("lost", amount=300))),
    "lost in part, not delivered": ("missing", then(paid(), disputes("lost", amount=300))),
    "lost in part, rest delivered": (
        "settled",
        then(paid(), disputes("lost", amount=300), settles),
    ),
    "lost, then won": ("settled", then(keyed(), disputes("lost", "won"))),
    "lost, taken back": ("settled", _TAKEN),
    "lost, taken back, then won": ("refunded", then(_TAKEN, turns("won"))),
    "lost, taken back, won, given again": ("settled", then(_TAKEN, turns("won"), settles)),
    "lost, taken back, appealed": ("settled", then(_TAKEN, turns("appeal_needs_response"))),
    "lost, taken back, appeal under review": (
        "settled",
        then(_TAKEN, turns("appeal_needs_response", "appeal_under_review")),
    ),
    "lost, taken back, appeal won": (
        "refunded",
        then(_TAKEN, turns("appeal_needs_response", "won")),
    ),
    "lost, taken back, appeal lost": (
        "settled",
        then(_TAKEN, turns("appeal_needs_response", "appeal_under_review", "lost")),
    ),
    "lost, not taken back, appealed": (
        "disputed",
        then(keyed(), disputes("lost", "appeal_needs_response")),
    ),
    "lost, withheld, then won": ("stalled", then(keyed(**STALLED), disputes("lost", "won"))),
    "lost, withheld, appealed": (
        "settled",
        then(keyed(**STALLED), disputes("lost", "appeal_needs_response")),
    ),
    "live, lost and appealed": (
        "disputed",
        then(keyed(**LIVE), disputes("lost", "appeal_needs_response")),
    ),
    "unheard of": ("disputed", then(keyed(), disputes("unheard_of"))),
    "unheard of, not delivered": ("settled", then(paid(), disputes("unheard_of"))),
    "unheard of after taken back": ("settled", then(_TAKEN, turns("unheard_of"))),
    "unheard of, reviewed after taken back": (
        "settled",
        then(_TAKEN, turns("unheard_of", "under_review")),
    ),
    "prevented by a block": ("settled", then(keyed(), disputes(status="prevented"))),
    "prevented by a block, not delivered": ("missing", then(paid(), disputes(status="prevented"))),
    "prevented by a resolution": (
        "disputed",
        then(keyed(), disputes(status="prevented", prevented_by="resolution")),
    ),
    "prevented by a resolution, settled": (
        "settled",
        then(keyed(), disputes(status="prevented", prevented_by="resolution"), settles),
    ),
    "disputed in another currency": ("disputed", then(keyed(), disputes(**_OTHER_CURRENCY))),
    "lost in another currency": ("disputed", then(keyed(), disputes("lost", **_OTHER_CURRENCY))),
    "lost in another currency, then won": (
        "settled",
        then(keyed(), disputes("lost", "won", **_OTHER_CURRENCY)),
    ),
    "refunded in part, then lost": ("refunded", then(keyed(), refunded(300), disputes("lost"))),
    "refunded in part, settled, then lost": (
        "refunded",
        then(keyed(), refunded(300), settles, disputes("lost")),
    ),
    "refunded in part, lost, all settled": (
        "settled",
        then(keyed(), refunded(300), settles, disputes("lost"), settles),
    ),
    "refunded in part, lost, settled, then won": (
        "refunded",
        then(keyed(), refunded(300), disputes("lost"), settles, turns("won")),
    ),
    "lost, citizen made anew": ("disputed", then(keyed(), disputes("lost"), anew)),
}
