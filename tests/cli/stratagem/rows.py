"""Stratagems as the tests of `cascade stratagem` write them into the base."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.harness.counter import Counter

NOTES = '{"amount": 100.0, "reason": "gift"}'


def make(counter: Counter, name: str, *, hours_left: float = 48, **fields: Any) -> str:
    """An active stratagem made an hour ago, unless `fields` say otherwise; its record id."""
    now = counter.now()
    hours_ago = fields.pop("hours_ago", 1)
    written = {
        "Status": "active",
        "ExpiresAt": (now + timedelta(hours=hours_left)).isoformat(),
        "Notes": NOTES,
        **fields,
    }
    made = counter.sandboxed.transfer(name, now - timedelta(hours=hours_ago), **written)
    return str(made["id"])


def failed(counter: Counter, name: str, error: str) -> str:
    """One that the engine gave up with these words."""
    return make(counter, name, Status="failed", Notes=f"{NOTES}\n[ERROR] {error}")
