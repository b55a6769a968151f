"""A `Finding` is something that doctor can say. A `Check` is a finding with what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    GREEN = "green"
    AMBER = "amber"
    """It works today, or it could not be checked."""
    RED = "red"
    """Something fails, or will."""


@dataclass(frozen=True)
class Check:
    """One line of doctor's answer: what was checked, what was seen, why it matters, what to do.

    `closes` names the areas that cannot be checked because of it.
    """

    code: str
    name: str
    level: Level
    found: str
    why: str = ""
    advice: str = ""
    closes: tuple[str, ...] = ()

    @property
    def area(self) -> str:
        """The part of the shop that this is about."""
        return self.code.partition(".")[0]


@dataclass(frozen=True)
class Finding:
    """Something that doctor can say. Its `code` is `area.what`; scripts rely on it, so it stays."""

    code: str
    level: Level
    name: str
    why: str = ""
    advice: str = ""

    def seen(
        self,
        found: str,
        *,
        name: str = "",
        why: str = "",
        advice: str = "",
        closes: tuple[str, ...] = (),
    ) -> Check:
        """A check that says this. `name`, `why` and `advice` replace the finding's own."""
        return Check(
            code=self.code,
            name=name or self.name,
            level=self.level,
            found=found,
            why=why or self.why,
            advice=advice or self.advice,
            closes=closes,
        )


def green(code: str, name: str) -> Finding:
    """All is well."""
    return Finding(code, Level.GREEN, name)


def amber(code: str, name: str, why: str, advice: str) -> Finding:
    """Look at it when there is time."""
    return Finding(code, Level.AMBER, name, why, advice)


def red(code: str, name: str, why: str, advice: str) -> Finding:
    """Put it right now."""
    return Finding(code, Level.RED, name, why, advice)


def count_levels(checks: Iterable[Check]) -> dict[Level, int]:
    """How many of each level."""
    found = Counter(check.level for check in checks)
    return {level: found[level] for level in Level}


TITLES = {
    "settings": "Settings",
    "rates": "Exchange rates",
    "keys": "Files with keys",
    "clocks": "Clocks",
    "stripe": "Stripe",
    "rights": "Rights at Stripe",
    "mode": "Test or live",
    "webhook": "Webhook",
    "airtable": "Airtable",
    "schema": "Schema of the base",
    "processor": "Processor",
    "engine": "Venice's engine",
    "older": "Older connector",
    "venice": "Venice's API",
    "journal": "Journal",
    "doctor": "Doctor itself",
}

# Seen on this machine alone, so no failing service can keep doctor from checking them.
_OWN_EYES = frozenset({"settings", "rates", "keys", "doctor"})
_ASKING = frozenset(TITLES) - _OWN_EYES

UNCHECKED = {
    area: amber(
        f"{area}.unchecked",
        "not checked",
        "Nobody knows whether this works.",
        "Fix what is in the way, then run doctor again.",
    )
    for area in sorted(_ASKING)
}
"""By area: it was not checked, because something that it depends on failed."""

UNREAD = {
    area: red(
        f"{area}.unread",
        "not read in full",
        "Other commands cannot read this either.",
        "Run doctor again in a minute. If the problem persists, the message says what failed.",
    )
    for area in sorted(_ASKING - {"clocks", "stripe", "airtable", "venice", "journal"})
}
"""By area: the service answered other requests, but not this one."""

BUG = red(
    "doctor.bug",
    "broke off",
    "This is a bug in cascade. The area was not checked to the end.",
    "Run doctor again with -v, and report what it prints.",
)
