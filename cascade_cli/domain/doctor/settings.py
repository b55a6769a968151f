"""Settings: each for itself, together, and what cascade would never read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.money import format_ducats
from cascade_cli.domain.pricing import PriceList

SHORTEST_TOKEN = 16
_ALIKE = 0.85

GOOD = green("settings.good", "each setting")
MISSING = red(
    "settings.missing",
    "a setting",
    "Every command that needs it stops with exit code 4.",
    "Set it in the environment or in .env (see .env.example).",
)
WRONG = red(
    "settings.wrong",
    "a setting",
    "Every command that reads settings stops with exit code 4.",
    "Correct it in the environment or in .env.",
)
CONTRADICTION = red(
    "settings.contradiction",
    "settings together",
    "Every command that reads settings stops with exit code 4.",
    "Change one of the two.",
)
UNREADABLE = red(
    "settings.unreadable",
    "settings file",
    "What stands in it is not read; the rest of this answer is about the environment alone.",
    "Check --env-file, and that this user may read the file.",
)
UNKNOWN = amber(
    "settings.unknown",
    "unknown name",
    "cascade reads no such setting: after a slip of the pen, the default stays in force.",
    "Correct the name, or remove the line.",
)
PRICES_GOOD = green("settings.prices_good", "price list")
PRICES_WRONG = red(
    "settings.prices_wrong",
    "price list",
    "Whatever needs prices or connects to the services stops with exit code 4.",
    "Correct the file named in CASCADE_PRICES.",
)
UNCREDITABLE = amber(
    "settings.uncreditable",
    "limits",
    "What is sold in one piece could not be credited in one piece.",
    "Raise CASCADE_MAX_DUCATS_PER_CREDIT, or sell smaller packages.",
)
DAY_BELOW_CREDIT = amber(
    "settings.day_below_credit",
    "limits",
    "One credit of the largest allowed size would exceed the day's limit.",
    "Raise CASCADE_MAX_DUCATS_PER_DAY, or lower CASCADE_MAX_DUCATS_PER_CREDIT.",
)
TOKEN_SHORT = amber(
    "settings.token_short",
    "CASCADE_API_TOKEN",
    "Whoever guesses it creates payments in the shop's name.",
    "Take a long random one, such as 32 hexadecimal digits.",
)
FINDINGS = (
    GOOD, MISSING, WRONG, CONTRADICTION, UNREADABLE, UNKNOWN, PRICES_GOOD, PRICES_WRONG,
    UNCREDITABLE, DAY_BELOW_CREDIT, TOKEN_SHORT,
)  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One setting as it was found: whether it has a value of its own, and what is wrong with it.

    `closes` names the areas that cannot be looked at without it.
    """

    name: str
    is_set: bool
    problem: str = ""
    hint: str = ""
    closes: tuple[str, ...] = ()


def judge_settings(readings: Sequence[Reading]) -> Iterator[Check]:
    """One check for each that is wrong, and one for all that are right."""
    for reading in readings:
        if reading.problem:
            finding = WRONG if reading.is_set else MISSING
            advice = reading.hint or finding.advice
            yield finding.seen(
                reading.problem, name=reading.name, advice=advice, closes=reading.closes
            )
    right = [reading for reading in readings if not reading.problem]
    given = sum(reading.is_set for reading in right)
    yield GOOD.seen(f"{len(right)} can be used: {given} given, {len(right) - given} by default")


def judge_names(given: Iterable[str], known: Sequence[str]) -> Iterator[Check]:
    """Names that look like ours and are not; other programs have names with STRIPE_ too."""
    for name in sorted(set(given) - set(known)):
        near = get_close_matches(name, known, 1, _ALIKE)
        if near or name.startswith("CASCADE_"):
            meant = f": {near[0]} is one" if near else ""
            yield UNKNOWN.seen(f"{name} is no setting of cascade{meant}", name=name)


def judge_limits(prices: PriceList, per_credit: Decimal, per_day: Decimal) -> Iterator[Check]:
    """Whether everything that the shop sells can also be credited."""
    largest = max(
        [prices.custom_maximum, *(package.total for package in prices.packages)], default=per_credit
    )
    yield PRICES_GOOD.seen(
        f"{len(prices.packages)} packages; the largest sale {_d(largest)} ducats"
    )
    if largest > per_credit:
        yield UNCREDITABLE.seen(
            f"up to {_d(largest)} ducats are sold at once, {_d(per_credit)} may be credited"
        )
    if per_credit > per_day:
        yield DAY_BELOW_CREDIT.seen(f"{_d(per_credit)} ducats a credit, {_d(per_day)} a day")


def judge_token(length: int) -> Iterator[Check]:
    """The token of the payment API, by its length in characters; 0 where none is set."""
    if 0 < length < SHORTEST_TOKEN:
        yield TOKEN_SHORT.seen(f"it has {length} characters")


def _d(ducats: Decimal) -> str:
    return format_ducats(ducats, grouped=True)
