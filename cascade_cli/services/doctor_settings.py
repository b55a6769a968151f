"""Reads every setting on its own, so that a wrong one does not hide the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from cascade_cli.domain.doctor import airtable, settings, stripe
from cascade_cli.domain.doctor.findings import Check
from cascade_cli.domain.selling.pricing import PriceList
from cascade_cli.domain.shop.exchange import RatesError
from cascade_cli.errors import SettingsError
from cascade_cli.settings import (
    AIRTABLE_BASE,
    AIRTABLE_KEY,
    AIRTABLE_URL,
    ENGINE,
    JOURNAL_URL,
    LIFETIME,
    PRICES,
    RATES_FILE,
    SETTINGS,
    STRIPE_KEY,
    STRIPE_URL,
    VENICE_KEY,
    VENICE_URL,
    Settings,
)
from cascade_cli.settings.values import ChangedValues, Setting, TracedValues

# They replace what is missing or wrong, so that the rest can be read. They are never sent anywhere,
# since the areas that need them are not checked.
_STAND_INS = {
    STRIPE_KEY.name: "sk_test_none",
    AIRTABLE_KEY.name: "none",
    AIRTABLE_BASE.name: "app0",
}
# With these, no setting contradicts another.
_WITHOUT_CONTRADICTION = {ENGINE.name: "every 1s", LIFETIME.name: "9999d"}
_DEPENDENT_AREAS = {
    STRIPE_KEY.name: stripe.DEPENDENT,
    STRIPE_URL.name: stripe.DEPENDENT,
    AIRTABLE_KEY.name: airtable.DEPENDENT,
    AIRTABLE_BASE.name: airtable.DEPENDENT,
    AIRTABLE_URL.name: airtable.DEPENDENT,
    VENICE_URL.name: ("venice",),
    VENICE_KEY.name: ("venice",),
    JOURNAL_URL.name: ("journal",),
    ENGINE.name: ("engine",),
    LIFETIME.name: ("engine",),
}

NOTHING_UNFETCHED: Mapping[str, SettingsError] = MappingProxyType({})


@dataclass(frozen=True)
class Examined:
    """The checks of the settings, and settings to go on with.

    In `settings`, stand-ins replace values that are wrong or contradict each other. No check may
    judge a stand-in.
    """

    checks: tuple[Check, ...]
    settings: Settings


def examine_settings(
    values: Mapping[str, str],
    read_prices: Callable[[Settings], PriceList],
    at: datetime,
    unfetched: Mapping[str, SettingsError] = NOTHING_UNFETCHED,
) -> Examined:
    """Read each alone, then all together, as of `at`. `read_prices` may raise SettingsError.
    `unfetched` are the settings whose values could not be fetched, and why."""
    readings = [_reading(setting, values, unfetched.get(setting.name)) for setting in SETTINGS]
    wrong = {reading.name for reading in readings if reading.problem}
    valid = {name: value for name, value in values.items() if name not in wrong}
    checks = list(settings.judge_settings(readings))
    usable, contradictions = _without_contradictions({**_STAND_INS, **valid})
    found = Settings.read(usable)
    checks += [*contradictions, *_limits(found, read_prices, at.date())]
    token = found.api_token
    checks += settings.judge_token(len(token.reveal()) if token else 0)
    return Examined(tuple(checks), found)


def _reading(
    setting: Setting, values: Mapping[str, str], unfetched: SettingsError | None
) -> settings.Reading:
    name, is_set = setting.name, bool(values.get(setting.name, "").strip())
    closes = _DEPENDENT_AREAS.get(name, ())
    if unfetched:
        return settings.Reading(
            name, is_set=True, problem=unfetched.message, hint=unfetched.hint, closes=closes
        )
    alone = {k: v for k, v in {**_STAND_INS, **_WITHOUT_CONTRADICTION}.items() if k != name}
    if is_set:
        alone[name] = values[name]
    elif name in _WITHOUT_CONTRADICTION:
        alone[name] = _WITHOUT_CONTRADICTION[name]
    try:
        Settings.read(ChangedValues(alone, values) if isinstance(values, TracedValues) else alone)
    except SettingsError as error:
        return settings.Reading(name, is_set, error.message, error.hint, closes)
    return settings.Reading(name, is_set)


def _without_contradictions(values: dict[str, str]) -> tuple[dict[str, str], list[Check]]:
    """Values that do not contradict each other, and a check for each contradiction."""
    checks = []
    try:
        Settings.read({**values, **_WITHOUT_CONTRADICTION})
    except SettingsError as error:
        checks.append(_contradiction(error, stripe.DEPENDENT))
        values = {**values, **{STRIPE_KEY.name: _STAND_INS[STRIPE_KEY.name]}}
    try:
        Settings.read(values)
    except SettingsError as error:
        checks.append(_contradiction(error, ("engine",)))
        values = {**values, **_WITHOUT_CONTRADICTION}
    return values, checks


def _contradiction(error: SettingsError, closes: tuple[str, ...]) -> Check:
    return settings.CONTRADICTION.seen(error.message, advice=error.hint, closes=closes)


def _limits(
    found: Settings, read_prices: Callable[[Settings], PriceList], today: date
) -> Iterator[Check]:
    try:
        prices = read_prices(found)
    except SettingsError as error:
        yield settings.PRICES_WRONG.seen(error.message, name=PRICES.name, advice=error.hint)
    else:
        in_force = prices.on(today)
        yield from settings.judge_limits(in_force, found.max_per_credit, found.max_per_day)
        yield from _rates(prices, today, found)


def _rates(prices: PriceList, today: date, found: Settings) -> Iterator[Check]:
    # A rates file that is set is read even if no currency needs it: somebody means to use it.
    asked = prices.currencies or ("eur",) * bool(found.rates_file)
    try:
        known = {code: prices.rates.on(code, today) for code in asked}
    except RatesError as error:
        yield settings.RATES_UNREADABLE.seen(error.message, name=RATES_FILE.name, advice=error.hint)
    else:
        offered = {code: rate for code, rate in known.items() if code in prices.currencies}
        yield from settings.judge_rates(offered, today, found.rates_max_age)
