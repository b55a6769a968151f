"""Areas `settings` and `rates`: what is configured, and the exchange rates that sales need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.exchange import Exchange
from cascade_cli.domain.money import format_ducats
from cascade_cli.domain.pricing import PriceList
from cascade_cli.domain.times import format_span

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


# From Thursday before Easter to Tuesday after it the bank publishes nothing.
AGEING_AFTER = timedelta(days=5)
STRICT_AGE = timedelta(days=7)
_BRING = "Bring the file of today (CASCADE_RATES_FILE), best every day by cron."

RATES_NOT_NEEDED = green("rates.needless", "exchange rates")
RATE_FRESH = green("rates.fresh", "exchange rate")
RATE_AGEING = amber(
    "rates.ageing",
    "exchange rate",
    "The European Central Bank has published newer ones; soon nothing is sold by it any more.",
    _BRING,
)
RATE_AGE_LENIENT = amber(
    "rates.lenient",
    "CASCADE_RATES_MAX_AGE",
    "Currencies move: what is sold by an old rate may be sold too cheaply.",
    "Bring newer rates, and let the setting be 7d.",
)
RATE_TOO_OLD = red(
    "rates.too_old", "exchange rate", "Nothing can be sold in this currency.", _BRING
)
RATE_UNKNOWN = red(
    "rates.unknown",
    "exchange rate",
    "Nothing can be sold in this currency.",
    "Give it a rate of its own in the price list (own_rates), or offer it no longer.",
)
RATES_UNREADABLE = red(
    "rates.unreadable",
    "exchange rates",
    "Nothing can be sold, and no payment judged, in any currency but US dollars.",
    _BRING,
)


def judge_rates(
    known: Mapping[str, Exchange | None], today: date, max_age: timedelta
) -> Iterator[Check]:
    """One check for each currency that is offered beside US dollars."""
    if not known:
        yield RATES_NOT_NEEDED.seen("only US dollars are offered")
    for currency, rate in known.items():
        yield _judge_rate(currency.upper(), rate, today, max_age)
    if known and max_age > STRICT_AGE:
        yield RATE_AGE_LENIENT.seen(f"rates may be up to {format_span(max_age)} old")


def _judge_rate(name: str, rate: Exchange | None, today: date, max_age: timedelta) -> Check:
    if rate is None:
        return RATE_UNKNOWN.seen("none is known", name=name)
    age = today - rate.day
    found = f"{rate.number} for 1 USD, of {rate.day}: {age.days} days old"
    if age > max_age:
        return RATE_TOO_OLD.seen(f"{found}, {format_span(max_age)} are allowed", name=name)
    return (RATE_AGEING if age > AGEING_AFTER else RATE_FRESH).seen(found, name=name)
