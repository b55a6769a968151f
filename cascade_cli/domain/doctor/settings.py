"""Areas `settings` and `rates`: what is configured, and the exchange rates that sales need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from difflib import get_close_matches

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.counts import format_count
from cascade_cli.domain.shop.exchange import Exchange
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import format_span

SHORTEST_TOKEN = 16
_ALIKE = 0.85

GOOD = green("settings.good", "each setting")
MISSING = red(
    "settings.missing",
    "a setting",
    "Every command that needs it stops with exit code 4.",
    "Run cascade init, or set it in the environment or in .env.",
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
    "Its settings are not read. The rest of this answer is about the environment alone.",
    "Check --env-file, and whether this user may read the file.",
)
UNKNOWN = amber(
    "settings.unknown",
    "unknown name",
    "cascade has no such setting. If the name is mistyped, the default stays in force.",
    "Correct the name, or remove the line.",
)
PRICES_GOOD = green("settings.prices_good", "price list")
PRICES_WRONG = red(
    "settings.prices_wrong",
    "price list",
    "Every command that needs prices or connects to the services stops with exit code 4.",
    "Correct the file named in CASCADE_PRICES.",
)
UNCREDITABLE = amber(
    "settings.uncreditable",
    "limits",
    "A customer can buy more ducats at once than cascade may credit at once.",
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
    "Anyone who guesses it can create payments in the shop's name.",
    "Use a long random token, such as 32 hexadecimal digits.",
)


@dataclass(frozen=True)
class Reading:
    """One setting as it was found: whether it was given a value, and what is wrong with that value.

    `closes` names the areas that cannot be checked without it.
    """

    name: str
    is_set: bool
    problem: str = ""
    hint: str = ""
    closes: tuple[str, ...] = ()


def judge_settings(readings: Sequence[Reading]) -> Iterator[Check]:
    """One check for each wrong setting, and one for all the good ones together."""
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
    """Names that look like settings of cascade. Other programs also have names with STRIPE_."""
    for name in sorted(set(given) - set(known)):
        near = get_close_matches(name, known, 1, _ALIKE)
        if near or name.startswith("CASCADE_"):
            meant = f"; it has {near[0]}" if near else ""
            yield UNKNOWN.seen(f"cascade has no setting {name}{meant}", name=name)


def judge_limits(prices: PriceList, per_credit: Decimal, per_day: Decimal) -> Iterator[Check]:
    """Can everything that the shop sells also be credited?"""
    largest = max(
        [prices.custom_maximum, *(package.total for package in prices.packages)], default=per_credit
    )
    yield PRICES_GOOD.seen(
        f"{format_count(len(prices.packages), 'package')}; the largest sale {_d(largest)} ducats"
    )
    if largest > per_credit:
        sold, credited = _d(largest), _d(per_credit)
        yield UNCREDITABLE.seen(
            f"up to {sold} ducats are sold at once, but only {credited} credited"
        )
    if per_credit > per_day:
        yield DAY_BELOW_CREDIT.seen(f"{_d(per_credit)} ducats a credit, {_d(per_day)} a day")


def judge_token(length: int) -> Iterator[Check]:
    """The payment API's token, by its length in characters. 0 means that none is set."""
    if 0 < length < SHORTEST_TOKEN:
        yield TOKEN_SHORT.seen(f"it has only {length} characters")


def _d(ducats: Decimal) -> str:
    return format_ducats(ducats, grouped=True)


# Over Easter the bank publishes nothing from Thursday to Tuesday.
AGEING_AFTER = timedelta(days=5)
STRICT_AGE = timedelta(days=7)
_BRING = "Fetch today's file (CASCADE_RATES_FILE), ideally every day by cron."

RATES_NOT_NEEDED = green("rates.needless", "exchange rates")
RATE_FRESH = green("rates.fresh", "exchange rate")
RATE_AGEING = amber(
    "rates.ageing",
    "exchange rate",
    "The European Central Bank has published newer rates. Soon this one is too old to sell by.",
    _BRING,
)
RATE_AGE_LENIENT = amber(
    "rates.lenient",
    "CASCADE_RATES_MAX_AGE",
    "Currencies move: by an old rate, ducats may be sold too cheaply.",
    "Fetch newer rates, and set it back to 7d.",
)
RATE_TOO_OLD = red(
    "rates.too_old", "exchange rate", "Nothing can be sold in this currency.", _BRING
)
RATE_UNKNOWN = red(
    "rates.unknown",
    "exchange rate",
    "Nothing can be sold in this currency.",
    "Add a rate for it to the price list (own_rates), or stop offering it.",
)
RATES_UNREADABLE = red(
    "rates.unreadable",
    "exchange rates",
    "In currencies other than US dollars, nothing can be sold and no payment can be judged.",
    _BRING,
)


def judge_rates(
    known: Mapping[str, Exchange | None], today: date, max_age: timedelta
) -> Iterator[Check]:
    """One check for each currency offered besides US dollars."""
    if not known:
        yield RATES_NOT_NEEDED.seen("only US dollars are offered")
    for currency, rate in known.items():
        yield _judge_rate(currency.upper(), rate, today, max_age)
    if known and max_age > STRICT_AGE:
        yield RATE_AGE_LENIENT.seen(f"rates may be up to {format_span(max_age)} old")


def _judge_rate(name: str, rate: Exchange | None, today: date, max_age: timedelta) -> Check:
    if rate is None:
        return RATE_UNKNOWN.seen("no rate is known", name=name)
    age = today - rate.day
    found = f"{rate.number} for 1 USD, of {rate.day}: {format_count(age.days, 'day')} old"
    if age > max_age:
        return RATE_TOO_OLD.seen(f"{found}, at most {format_span(max_age)} is allowed", name=name)
    return (RATE_AGEING if age > AGEING_AFTER else RATE_FRESH).seen(found, name=name)
