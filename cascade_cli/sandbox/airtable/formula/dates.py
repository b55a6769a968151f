"""Dates in formulas: parsing, adding to them, and comparing to the precision of a unit."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.formula.values import EvaluationError

_FIXED = {
    "millisecond": timedelta(milliseconds=1),
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_SHORT = {"ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day",
          "w": "week", "M": "month", "Q": "quarter", "y": "year"}  # fmt: skip

_DIRECTIVES = {
    "YYYY": "%Y", "YY": "%y", "MMMM": "%B", "MMM": "%b", "MM": "%m", "M": "%m", "DD": "%d",
    "D": "%d", "HH": "%H", "H": "%H", "hh": "%I", "h": "%I", "mm": "%M", "m": "%M", "ss": "%S",
    "s": "%S", "SSS": "%f", "A": "%p", "a": "%p", "ZZ": "%z", "Z": "%z", "T": "T",
}  # fmt: skip
_TOKEN = re.compile(r"\[([^\]]*)\]|([A-Za-z])\2*|[^A-Za-z]")


def unit(name: str) -> str:
    """The unit's name in the singular. Raises Refusal (422) for an unknown unit."""
    singular = _SHORT.get(name) or name.lower().removesuffix("s")
    if singular not in _FIXED and singular not in _MONTHS:
        raise refusal.invalid_formula()
    return singular


def add(start: datetime, count: float, unit: str) -> datetime:
    """`count` units after `start`; a day that the new month lacks becomes its last day.

    Raises EvaluationError if the result lies outside the calendar.
    """
    try:
        if unit in _FIXED:
            return start + count * _FIXED[unit]
        index = start.year * 12 + start.month - 1 + int(count) * _MONTHS[unit]
        year, month = index // 12, index % 12 + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        return start.replace(year=year, month=month, day=day)
    except (ValueError, OverflowError) as error:
        raise EvaluationError("beyond the calendar") from error


def difference(end: datetime, start: datetime, unit: str) -> int:
    """How many whole units lie between the two; negative if `end` comes first."""
    if end < start:
        return -difference(start, end, unit)
    if unit in _FIXED:
        return (end - start) // _FIXED[unit]
    months = (end.year - start.year) * 12 + end.month - start.month
    if add(start, months, "month") > end:
        months -= 1
    return months // _MONTHS[unit]


def midnight(now: datetime) -> datetime:
    """The beginning of today in UTC, the time zone in which formulas are evaluated."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def truncator(unit: str) -> Callable[[datetime], tuple[int, ...]]:
    """A function of a moment; its results are equal for two moments in the same `unit`."""
    lengths = {"year": 1, "month": 2, "day": 3, "hour": 4, "minute": 5, "second": 6}
    if unit == "week":
        # Ordinal 7 was a Sunday, so a week begins on Sunday.
        return lambda moment: (((moment.toordinal()) // 7),)
    if unit == "quarter":
        return lambda moment: (moment.year, (moment.month - 1) // 3)
    if unit == "millisecond":
        return lambda moment: (*moment.timetuple()[:6], moment.microsecond // 1000)
    return lambda moment: tuple(moment.timetuple()[: lengths[unit]])


@lru_cache(maxsize=64)
def directives(written: str) -> str:
    """Translate a moment.js format for strptime. Raises Refusal (422) for an unknown token."""
    parts = []
    for match in _TOKEN.finditer(written):
        token = match[0]
        if match[1] is not None or not token[0].isalpha():
            parts.append((match[1] or token).replace("%", "%%"))
        elif token in _DIRECTIVES:
            parts.append(_DIRECTIVES[token])
        else:
            raise refusal.invalid_formula()
    return "".join(parts)


def read(written: str, format: str) -> datetime:
    """Parse `written` by a strptime format; without a zone it is in UTC.

    Raises EvaluationError if it does not fit the format.
    """
    try:
        found = datetime.strptime(written.strip(), format)  # noqa: DTZ007
    except ValueError as error:
        raise EvaluationError(f"no date: {written!r}") from error
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
