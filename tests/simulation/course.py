"""Courses of a payment's money: contested and won after all, refunded late or in vain."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_DAY_SECONDS = 86400.0
_DISPUTES = (
    ("needs_response", "lost"),
    ("needs_response", "lost", "won"),
    ("needs_response", "under_review", "won"),
    ("needs_response", "lost", "appeal_needs_response", "appeal_under_review", "won"),
    ("needs_response", "lost", "appeal_needs_response", "appeal_under_review", "lost"),
    ("needs_response", "unheard_of", "won"),
    ("warning_needs_response", "warning_under_review", "warning_closed"),
    ("warning_needs_response", "needs_response", "lost"),
    ("prevented",),
)
# One that waits for ever has moved nothing.
_REFUNDS = (
    ("requires_action", "succeeded"),
    ("requires_action",),
    ("requires_action", "canceled"),
    ("requires_action", "pending", "failed"),
    ("unfunded", "succeeded"),
    ("unfunded",),
    ("pending", "failed"),
    ("succeeded", "failed"),
)


@dataclass(frozen=True)
class Course:
    """What becomes of a payment's money: each step so many seconds after the one before."""

    is_dispute: bool
    steps: tuple[tuple[float, str], ...]
    cents: int | None = None
    """How much of the payment; all of it if None."""
    currency: str | None = None
    """Of a dispute's claim, where it is not the payment's."""
    prevented_by: str = "block"


def draw_course(random: Random, horizon: float) -> Course:
    """More often a dispute than a refund; at once, or over days."""
    is_dispute = random.random() < 0.6
    words = random.choice(_DISPUTES if is_dispute else _REFUNDS)
    gaps = (50.0, 700.0, random.uniform(0, 0.2) * horizon, random.uniform(1, _DAY_SECONDS))
    return Course(
        is_dispute,
        tuple((random.choice(gaps), word) for word in words),
        cents=random.choice((None, None, 20)),
        currency=random.choice((None, None, "eur")),
        prevented_by=random.choice(("block", "resolution")),
    )
