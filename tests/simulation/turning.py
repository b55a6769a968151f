"""Money that turns: payments captured in part, and those whose money takes a course of its own.

Drawn from a generator of their own: histories without them stay as they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from cascade_cli.sandbox.stripe.objects import Query
from tests.simulation.course import Course, draw_course
from tests.simulation.plan import AMOUNTS, CITIZENS, Payment, Plan
from tests.simulation.stage import Stage

_LIKELY = 0.3

Told = Callable[[str, list[str]], None]
"""Hears after each step of the charge and the types of the events that Stripe made of it."""


def with_turning_money(plan: Plan, random: Random) -> Plan:
    """In three histories of ten, one more payment: often authorised first for more than it costs,
    mostly undone in a way that takes several steps."""
    if random.random() > _LIKELY:
        return plan
    first, horizon = random.uniform(0.5, 5), plan.horizon_seconds
    is_held = random.random() < 0.5
    payment = Payment(
        after_seconds=random.uniform(0, 0.6) * horizon,
        citizen=random.choice(CITIZENS),
        ducats=random.choice(AMOUNTS),
        deliveries=tuple(first + 30 * number for number in range(random.randrange(3))),
        refunded=tuple(random.choice((1.0, 30.0, 900.0)) for _ in range(random.randrange(1, 3))),
        spent=random.choice((0.0, 0.0, 0.5, 1.0)),
        held_seconds=random.uniform(1, 0.2 * horizon) if is_held else 0.0,
        course=draw_course(random, horizon) if random.random() < 0.9 else None,
    )
    return replace(plan, payments=(*plan.payments, payment))


class Turning:
    """Takes each payment through its course."""

    def __init__(self, stage: Stage, told: Told) -> None:
        self._stage, self._told = stage, told

    def begin(self, course: Course, charge: str) -> None:
        """The first step, when its time has come; the others follow."""
        after, word = course.steps[0]
        self._stage.scheduler.at(after, partial(self._first, course, charge, word))

    def _first(self, course: Course, charge: str, word: str) -> None:
        make = self._dispute if course.is_dispute else self._refund
        made = make(course, charge, word)
        self._go_on(course, charge, made, 1)

    def _dispute(self, course: Course, charge: str, word: str) -> dict[str, Any]:
        return self._stage.app.stripe.account.dispute(
            charge,
            at=self._stage.scheduler.now(),
            status=word,
            prevented_by=course.prevented_by,
            # A claim in another currency says what it takes in the payment's own.
            amount=None if course.currency else course.cents,
            currency=course.currency,
            withdrawn=course.cents if course.currency else None,
        )

    def _refund(self, course: Course, charge: str, word: str) -> dict[str, Any]:
        is_unfunded = word == "unfunded"
        return self._stage.app.stripe.account.refund(
            charge,
            at=self._stage.scheduler.now(),
            amount=course.cents,
            status="pending" if is_unfunded else word,
            pending_reason="insufficient_funds" if is_unfunded else None,
        )

    def _next(self, course: Course, charge: str, id: str, number: int) -> None:
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        _, word = course.steps[number]
        if course.is_dispute:
            made = account.turn_dispute(id, at=now, status=word)
        else:
            made = account.settle_refund(id, at=now, status=word)
        self._go_on(course, charge, made, number + 1)

    def _go_on(self, course: Course, charge: str, made: dict[str, Any], number: int) -> None:
        self._stage.tell(f"{made['id']} of {made['amount']} {made['currency']}: {made['status']}")
        self._told(charge, self._types(charge))
        if number < len(course.steps):
            go_on = partial(self._next, course, charge, made["id"], number)
            self._stage.scheduler.at(course.steps[number][0], go_on)

    def _types(self, charge: str) -> list[str]:
        """Of the events that this moment has made of the charge, its refunds and disputes."""
        now = self._stage.scheduler.now()
        with self._stage.app.stripe.account.writing(now) as writer:
            texts = writer.flush().all(Query("event").where("created = ?", writer.created))
        events = [json.loads(text) for text in reversed(texts) if charge in text]
        return [e["type"] for e in events if e["type"].startswith(("charge.", "refund."))]
