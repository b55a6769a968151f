"""Events that cascade can read only in part: Stripe sends them among the others.

Drawn from a generator of their own: histories without them stay as they were.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from cascade_cli.domain.records.stripe_events import DISPUTING_TYPES, PAYING_TYPES, REFUNDING_TYPES
from tests.harness.strange_events import strange_events
from tests.simulation.plan import Plan, StrangeEvent
from tests.simulation.stage import Stage

_LIKELY = 0.25
_WISHES: dict[str, dict[str, Any]] = dict(strange_events())
_TYPES = sorted(PAYING_TYPES | REFUNDING_TYPES | DISPUTING_TYPES)


def with_strange_events(plan: Plan, random: Random) -> Plan:
    """In one history of four some of them, half of them about payments."""
    if random.random() > _LIKELY:
        return plan
    drawn = tuple(_draw(random, plan.horizon_seconds) for _ in range(random.randrange(1, 5)))
    return replace(plan, strange=drawn)


def _draw(random: Random, horizon: float) -> StrangeEvent:
    return StrangeEvent(
        after_seconds=random.uniform(0, horizon),
        name=random.choice(list(_WISHES)),
        type=random.choice((*[""] * len(_TYPES), *_TYPES)),
        deliveries=tuple(random.uniform(0.5, 60) for _ in range(random.randrange(1, 3))),
    )


class StrangeEvents:
    """Has the sandbox make them; `intents` are payments that they may be about."""

    def __init__(self, stage: Stage, intents: Sequence[str]) -> None:
        self._stage, self._intents = stage, intents
        self._made: dict[str, str] = {}

    def make(self, strange: StrangeEvent) -> bytes:
        """What Stripe posts; it stands in Stripe's list as well."""
        wish = _WISHES[strange.name]
        if strange.type and self._intents:
            subject = {"object": "charge", "payment_intent": self._intents[-1]}
            wish = {**wish, "type": strange.type, "subject": subject}
        account, now = self._stage.app.stripe.account, self._stage.scheduler.now()
        made = account.announce(at=now, **wish)
        self._made[made["id"]] = strange.name
        self._stage.tell(f"a strange event, {strange.name}: {made['id']} {wish['type'][:40]}")
        return json.dumps(made).encode()

    def missing(self, listed: Collection[str]) -> Iterator[str]:
        """Those that a list of all events does not have."""
        for id, name in self._made.items():
            if id not in listed:
                yield f"{id} ({name}) is not in the list of events"
