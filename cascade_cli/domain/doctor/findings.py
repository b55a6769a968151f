"""A finding is what doctor can say; a check is one that it said, with what was seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    GREEN = "green"
    AMBER = "amber"
    """It works today, or could not be looked at."""
    RED = "red"
    """Something fails, or will."""


@dataclass(frozen=True)
class Check:
    """One line of doctor's answer: what was looked at, what was seen, why it matters, what to do.

    `closes` names the areas that nobody can look at now.
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
        """The part of the shop that it belongs to."""
        return self.code.partition(".")[0]


@dataclass(frozen=True)
class Finding:
    """Something that doctor can say; `code` is `area.what`, and never changes."""

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
        """Say it; `name`, `why` and `advice` take the place of its own where they say more."""
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


def count(checks: Iterable[Check]) -> dict[Level, int]:
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

_OWN_EYES = frozenset({"settings", "rates", "keys", "doctor"})
_ASKING = frozenset(TITLES) - _OWN_EYES

UNCHECKED = {
    area: amber(
        f"{area}.unchecked",
        "not checked",
        "Whether it is well is not known.",
        "Put right what stands in the way, then run doctor again.",
    )
    for area in sorted(_ASKING)
}
"""By area: something that it depends on is red."""

UNREAD = {
    area: red(
        f"{area}.unread",
        "not read in full",
        "What could not be read here, other commands cannot read either.",
        "Run doctor again in a minute; if it stays, look at the message.",
    )
    for area in sorted(_ASKING - {"clocks", "stripe", "airtable", "venice", "journal"})
}
"""By area: a service answered others, and failed here."""

BUG = red(
    "doctor.bug",
    "broke off",
    "This is a bug in cascade: nothing is known of this area.",
    "Run it again with -v and report what it prints.",
)
