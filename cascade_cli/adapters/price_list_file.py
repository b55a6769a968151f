"""Read the price list's file. It is TOML, and read strictly:

    rate = 0.10              # US dollars per ducat, between the two bounds
    lowest_rate = 0.05
    highest_rate = 0.50
    custom.minimum = 10      # in ducats, for amounts that are not a package
    custom.maximum = 10000

    currencies = ["EUR"]     # offered beside US dollars

    [packages.500]           # the packages here replace all the built-in packages
    ducats = 500
    bonus = 25

    [own_rates.KWD]          # units for one US dollar, if the bank has no rate for a currency
    2026-11-27 = 0.3067

    [from.2026-12-01]        # what changes on that day (UTC); everything else stays
    rate = 0.12

A key that is left out keeps the built-in value. An unknown key is refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from cascade_cli.domain.selling.pricing import Package, PriceList, PriceListError
from cascade_cli.domain.shop.exchange import Exchange, OwnRates, Rates
from cascade_cli.domain.shop.money import (
    CODE_FORM,
    CURRENCY,
    ZERO,
    parse_sale,
    read_currency,
    read_ducats,
)
from cascade_cli.errors import SettingsError
from cascade_cli.settings import PRICES

NAME_FORM = "1 to 40 letters, digits, dashes or underscores"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_RATE_FORM = "a number of US dollars per ducat, such as 0.10"
_DUCATS_FORM = "a positive number of ducats, such as 500, with at most 6 decimals"
_TABLE_FORM = "a table"
_DAY_FORM = "a day, such as 2026-12-01"
_EXCHANGE_FORM = "a number of units for one US dollar, such as 0.3067"
_CODES_FORM = 'a list of currencies, such as ["EUR", "JPY"]'

Reader = Callable[[str, Any], Any]


def read_prices(path: Path | None, published: Rates | None = None) -> PriceList:
    """The price list in the file; without a file, the built-in one. It uses the `published` rates.

    Raises SettingsError, which names the file, the key and the accepted form.
    """
    published = published or Rates()
    if path is None:
        return PriceList(rates=published)
    try:
        return _price_list(_table("", _document(path), _KEYS), published)
    except PriceListError as error:
        raise SettingsError(
            f"{PRICES.name}: {str(path)!r}: {error}.",
            "Nothing was done. Correct the file; `cascade help selling` shows one with every key.",
        ) from None


def _document(path: Path) -> dict[str, Any]:
    try:
        # With the digits as they stand: a float cannot hold a price such as 0.1.
        return tomllib.loads(path.read_bytes().decode(), parse_float=Decimal)
    except OSError as error:
        raise PriceListError("it", f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise PriceListError("it", f"is not TOML: {error}") from error


def _price_list(values: dict[str, Any], published: Rates) -> PriceList:
    changes = sorted(values.pop("from", {}).items())
    rates = OwnRates(values.pop("own_rates", {}), published)
    first = _changed(PriceList(rates=rates), values)
    later, latest = [], first
    for day, changed in changes:
        try:
            latest = _changed(latest, changed)
        except PriceListError as error:
            raise PriceListError(f"from.{day}: {error.key}", error.why) from None
        later.append((day, latest))
    return replace(first, changes=tuple(later))


def _changed(prices: PriceList, values: Mapping[str, Any]) -> PriceList:
    custom = {f"custom_{name}": ducats for name, ducats in values.get("custom", {}).items()}
    return replace(prices, **{name: v for name, v in values.items() if name != "custom"}, **custom)


def _table(where: str, raw: Any, readers: Mapping[str, Reader]) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise _wrong(where, raw, _TABLE_FORM)
    prefix = f"{where}." if where else ""
    for name in raw:
        if name not in readers:
            raise PriceListError(f"{prefix}{name}", f"is unknown; known are {', '.join(readers)}")
    return {name: readers[name](f"{prefix}{name}", value) for name, value in raw.items()}


def _rate(key: str, raw: Any) -> Decimal:
    rate = read_ducats(raw) if _is_number(raw) else None
    if rate is None:
        raise _wrong(key, raw, _RATE_FORM)
    return rate


def _ducats(key: str, raw: Any) -> Decimal:
    try:
        return parse_sale(f"{raw:f}" if isinstance(raw, Decimal) else _whole(raw))
    except ValueError:
        raise _wrong(key, raw, _DUCATS_FORM) from None


def _bonus(key: str, raw: Any) -> Decimal:
    return ZERO if _is_number(raw) and raw == 0 else _ducats(key, raw)


def _custom(key: str, raw: Any) -> dict[str, Any]:
    return _table(key, raw, {"minimum": _ducats, "maximum": _ducats})


def _packages(key: str, raw: Any) -> tuple[Package, ...]:
    if not isinstance(raw, dict):
        raise _wrong(key, raw, _TABLE_FORM)
    return tuple(_package(key, name, value) for name, value in raw.items())


def _package(parent: str, name: str, raw: Any) -> Package:
    key = f"{parent}.{name}"
    if not _NAME.fullmatch(name):
        raise PriceListError(key, f"is not a name: use {NAME_FORM}")
    values = _table(key, raw, {"ducats": _ducats, "bonus": _bonus})
    if "ducats" not in values:
        raise PriceListError(f"{key}.ducats", f"is missing: {_DUCATS_FORM}")
    return Package(name, **values)


def _currencies(key: str, raw: Any) -> tuple[str, ...]:
    if not isinstance(raw, list):
        raise _wrong(key, raw, _CODES_FORM)
    codes = [_currency(key, code) for code in raw]
    return tuple(code for code in dict.fromkeys(codes) if code != CURRENCY)


def _currency(key: str, raw: Any) -> str:
    try:
        return read_currency(str(raw))
    except ValueError:
        raise _wrong(key, raw, CODE_FORM) from None


def _own_rates(key: str, raw: Any) -> dict[str, tuple[Exchange, ...]]:
    if not isinstance(raw, dict):
        raise _wrong(key, raw, _TABLE_FORM)
    return {
        _currency(f"{key}.{code}", code): _dated_rates(f"{key}.{code}", rates)
        for code, rates in raw.items()
    }


def _dated_rates(key: str, raw: Any) -> tuple[Exchange, ...]:
    if not isinstance(raw, dict):
        raise _wrong(key, raw, _TABLE_FORM)
    found = []
    for name, number in raw.items():
        per_usd = read_ducats(number) if _is_number(number) else None
        if per_usd is None:
            raise _wrong(f"{key}.{name}", number, _EXCHANGE_FORM)
        found.append(Exchange(per_usd, _day(key, name)))
    return tuple(sorted(found, key=lambda rate: rate.day))


def _changes(key: str, raw: Any) -> dict[date, dict[str, Any]]:
    if not isinstance(raw, dict):
        raise _wrong(key, raw, _TABLE_FORM)
    return {_day(key, day): _table(f"{key}.{day}", table, _DATED) for day, table in raw.items()}


def _day(key: str, raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError:
        raise PriceListError(f"{key}.{raw[:40]}", f"is not {_DAY_FORM}") from None


_DATED: dict[str, Reader] = {
    "rate": _rate,
    "lowest_rate": _rate,
    "highest_rate": _rate,
    "custom": _custom,
    "packages": _packages,
}
_KEYS: dict[str, Reader] = {
    **_DATED,
    "currencies": _currencies,
    "own_rates": _own_rates,
    "from": _changes,
}


def _is_number(raw: Any) -> bool:
    # To Python, TOML's true is an int.
    return isinstance(raw, int | Decimal) and not isinstance(raw, bool)


def _whole(raw: Any) -> str:
    if not _is_number(raw):
        raise ValueError("no number")
    return str(raw)


def _wrong(key: str, raw: Any, form: str) -> PriceListError:
    shown = "a table" if isinstance(raw, dict) else repr(str(raw))[:60]
    return PriceListError(key, f"is {shown}, which is not {form}")
