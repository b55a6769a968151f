"""Exchange rates: whether there is one for each currency that is offered, and how old it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from cascade_cli.domain.doctor.findings import Check, amber, green, red
from cascade_cli.domain.exchange import Exchange
from cascade_cli.domain.times import format_span

# From Thursday before Easter to Tuesday after it the bank publishes nothing.
AGEING = timedelta(days=5)
STRICT = timedelta(days=7)
_BRING = "Bring the file of today (CASCADE_RATES_FILE), best every day by cron."

NEEDLESS = green("rates.needless", "exchange rates")
FRESH = green("rates.fresh", "exchange rate")
AGEING_RATE = amber(
    "rates.ageing",
    "exchange rate",
    "The European Central Bank has published newer ones; soon nothing is sold by it any more.",
    _BRING,
)
LENIENT = amber(
    "rates.lenient",
    "CASCADE_RATES_MAX_AGE",
    "Currencies move: what is sold by an old rate may be sold too cheaply.",
    "Bring newer rates, and let the setting be 7d.",
)
TOO_OLD = red("rates.too_old", "exchange rate", "Nothing can be sold in this currency.", _BRING)
UNKNOWN = red(
    "rates.unknown",
    "exchange rate",
    "Nothing can be sold in this currency.",
    "Give it a rate of its own in the price list (own_rates), or offer it no longer.",
)
UNREADABLE = red(
    "rates.unreadable",
    "exchange rates",
    "Nothing can be sold, and no payment judged, in any currency but US dollars.",
    _BRING,
)
FINDINGS = (NEEDLESS, FRESH, AGEING_RATE, LENIENT, TOO_OLD, UNKNOWN, UNREADABLE)


def judge_rates(
    known: Mapping[str, Exchange | None], today: date, max_age: timedelta
) -> Iterator[Check]:
    """One check for each currency that is offered beside US dollars."""
    if not known:
        yield NEEDLESS.seen("only US dollars are offered")
    for currency, rate in known.items():
        yield _judged(currency.upper(), rate, today, max_age)
    if known and max_age > STRICT:
        yield LENIENT.seen(f"rates may be up to {format_span(max_age)} old")


def _judged(name: str, rate: Exchange | None, today: date, max_age: timedelta) -> Check:
    if rate is None:
        return UNKNOWN.seen("none is known", name=name)
    age = today - rate.day
    found = f"{rate.number} for 1 USD, of {rate.day}: {age.days} days old"
    if age > max_age:
        return TOO_OLD.seen(f"{found}, {format_span(max_age)} are allowed", name=name)
    return (AGEING_RATE if age > AGEING else FRESH).seen(found, name=name)
