"""The European Central Bank's reference rates, as CurrencyConverter ships them and from a file.

On working days at about 16:00 in Frankfurt, the bank publishes what one euro is worth. The library
reads the bank's files (`eurofxref-hist.zip`, `eurofxref.zip`) and ships one. The shipped rates end
on the day of the library's release, so the operator supplies a newer file. Rates that are missing
in it come from the shipped one.
"""

from __future__ import annotations

import threading
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from cascade_cli.domain.shop.exchange import Exchange, Rates, RatesError
from cascade_cli.settings import RATES_FILE

if TYPE_CHECKING:
    from currency_converter import CurrencyConverter

SOURCE = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
_BASE = "EUR"
_DAY = timedelta(days=1)
_MOST_KNOWN = 10_000


class PublishedRates(Rates):
    """Reads the rates on first use, and the file again whenever it has changed."""

    def __init__(self, file: Path | None) -> None:
        self._sources = [*([_Source(file)] if file else []), _Source(None)]

    def on(self, currency: str, day: date) -> Exchange | None:
        """The newest rate of that day or before; None if there is none.

        Raises RatesError if the file cannot be used: the shop must not sell at older rates instead.
        """
        found = [source.on(currency.upper(), day) for source in self._sources]
        return max((rate for rate in found if rate), key=lambda rate: rate.day, default=None)


class _Source:
    """One of the bank's files; `file` None is the one that the library ships."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._read_at = -1
        self._converter: CurrencyConverter | None = None
        self._known: dict[tuple[str, date], Exchange | None] = {}

    def on(self, code: str, day: date) -> Exchange | None:
        with self._lock:
            try:
                converter = self._current()
                if (code, day) not in self._known:
                    self._remember(code, day, _latest(converter, code, day))
            except _unreadable() as error:
                raise self._unusable(error) from error
            return self._known[code, day]

    def _current(self) -> CurrencyConverter:
        changed_at = self._file.stat().st_mtime_ns if self._file else 0
        if self._converter is None or changed_at != self._read_at:
            self._converter = _read(self._file) if self._file else _shipped()
            self._read_at = changed_at
            self._known.clear()
        return self._converter

    def _remember(self, code: str, day: date, rate: Exchange | None) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[code, day] = rate

    def _unusable(self, error: Exception) -> RatesError:
        # Not the library's message: it repeats the file's content, which may be keys.
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        name = str(self._file)
        return RatesError(
            f"{RATES_FILE.name}: {name!r} cannot be read as exchange rates: {why}.",
            f"Nothing was done. Replace it with the newest file from {SOURCE}",
        )


def _unreadable() -> tuple[type[Exception], ...]:
    """What the library raises for a file that is not one of the bank's."""
    from zipfile import BadZipFile  # noqa: PLC0415 - every command imports this module

    return (OSError, ValueError, ArithmeticError, LookupError, StopIteration, BadZipFile)


@cache
def _shipped() -> CurrencyConverter:
    # The import takes half a second, and only currencies other than US dollars need it.
    from currency_converter import CurrencyConverter  # noqa: PLC0415

    return CurrencyConverter(decimal=True)


def _read(file: Path) -> CurrencyConverter:
    from currency_converter import CurrencyConverter  # noqa: PLC0415 - as above

    converter = CurrencyConverter(str(file), decimal=True)
    if "USD" not in converter.currencies:
        raise ValueError("it has no US dollars")
    return converter


def _latest(converter: CurrencyConverter, code: str, day: date) -> Exchange | None:
    from currency_converter import RateNotFoundError  # noqa: PLC0415 - as above

    if code not in converter.currencies:
        return None
    first, last = converter.bounds[code]
    day = min(day, last)
    while day >= first:
        try:
            units = converter.convert(1, _BASE, code, date=day)
            dollars = converter.convert(1, _BASE, "USD", date=day)
        except RateNotFoundError:
            day -= _DAY
            continue
        return Exchange.across(_positive(units), _positive(dollars), day)
    return None


def _positive(rate: Decimal) -> Decimal:
    if not rate.is_finite() or rate <= 0:
        raise ValueError(f"{rate} is not an exchange rate")
    return rate
