"""Payments that cost too little, or whose price nobody can check: no machine may deliver them.

Drawn from a generator of their own: histories without them stay as they were.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from random import Random

from cascade_cli.adapters.stripe.purchase_parser import CURRENCY_RATE, CURRENCY_RATE_DATE, RATE
from tests.simulation.plan import CITIZENS, Payment, Plan

AMOUNTS = ("100", "525", "1075", "250.25")
WAYS = ("price", "rate", "bound", "currency", "word")
CAPTURE = "capture"
_LIKELY, _LIKELY_CAPTURED = 0.2, 0.08
_CENTS_PER_DUCAT = 10
_DONGS = 13_000


def with_short_payments(plan: Plan, random: Random) -> Plan:
    """In one history of five, one more payment, for which too little is paid in some way."""
    if random.random() > _LIKELY:
        return plan
    return replace(plan, payments=(*plan.payments, _draw(plan, random, WAYS)))


def with_short_captures(plan: Plan, random: Random) -> Plan:
    """In one history of twelve, one that was authorised for enough, and captured for too little."""
    if random.random() > _LIKELY_CAPTURED:
        return plan
    short = _draw(plan, random, (CAPTURE,))
    held = replace(short, held_seconds=random.uniform(1, 0.1 * plan.horizon_seconds))
    return replace(plan, payments=(*plan.payments, held))


def captured_cents(payment: Payment, price_cents: int) -> int:
    """How much of what was authorised is taken."""
    return price_cents // 2 if payment.short == CAPTURE else price_cents


def _draw(plan: Plan, random: Random, ways: tuple[str, ...]) -> Payment:
    first = random.uniform(0.5, 5)
    return Payment(
        after_seconds=random.uniform(0, 0.8) * plan.horizon_seconds,
        citizen=random.choice(CITIZENS),
        ducats=random.choice(AMOUNTS),
        deliveries=tuple(first + 30 * number for number in range(random.randrange(3))),
        short=random.choice(ways),
        overruled_after_seconds=random.choice((0.0, 0.0, 600.0)),
    )


def terms(payment: Payment, now: datetime) -> tuple[int, str, dict[str, str]]:
    """What is paid, in which currency, and what the metadata says besides the usual."""
    full = int(float(payment.ducats) * _CENTS_PER_DUCAT)
    today = {CURRENCY_RATE: "1", CURRENCY_RATE_DATE: now.date().isoformat()}
    ways: dict[str, tuple[int, str, dict[str, str]]] = {
        "price": (full // 2, "usd", {}),
        # It would be enough at the rate that it names.
        "rate": (50, "usd", {RATE: "0.000001"}),
        # It would be enough at the lowest rate, which it does not name.
        "bound": (full // 2, "usd", {RATE: "0.049"}),
        "currency": (_DONGS, "vnd", {}),
        "word": (_DONGS, "vnd", today),
        CAPTURE: (full, "usd", {}),
    }
    return ways[payment.short]
