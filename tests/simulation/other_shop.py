"""What another shop sells on the same account: it has our products, and says whose it is.

Drawn from a generator of its own: histories without it stay as they were.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.simulation.plan import AMOUNTS, CITIZENS, Payment, Plan

_LIKELY = 0.12


def with_other_shop(plan: Plan, random: Random) -> Plan:
    """In one history of eight one more payment, mostly of a subscription, that is not ours."""
    if random.random() > _LIKELY:
        return plan
    first, horizon = random.uniform(0.5, 5), plan.horizon_seconds
    is_monthly = random.random() < 0.7
    months = range(random.randrange(3) if is_monthly else 0)
    payment = Payment(
        after_seconds=random.uniform(0, 0.6) * horizon,
        citizen=random.choice(CITIZENS),
        ducats=random.choice(AMOUNTS),
        deliveries=tuple(first + 30 * number for number in range(random.randrange(1, 4))),
        monthly=is_monthly,
        renewed_after_seconds=tuple(random.uniform(0, 0.3) * horizon for _ in months),
        another_s=random.choice(("platform", "type")),
    )
    return replace(plan, payments=(*plan.payments, payment))
