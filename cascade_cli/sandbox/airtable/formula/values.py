"""The values of formulas, and how they are converted and compared.

A value is blank (None), true or false, a number, a text, or a moment (aware, UTC).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from cascade_cli.sandbox.airtable.cells import iso

Value = bool | float | str | datetime | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class EvaluationError(Exception):
    """What Airtable shows as #ERROR! in a cell."""


def truth(value: Value) -> bool:
    """Whether a row with this result is listed: false for blank, empty text, zero and false."""
    return bool(value)


def text(value: Value) -> str:
    """The value as `&` and the text functions see it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return iso(value)
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def number(value: Value) -> float:
    """The value in arithmetic; blank is 0. Raises EvaluationError for a text or a moment."""
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    raise EvaluationError(f"no number: {value!r}")


def finite(value: float) -> float:
    """The result of arithmetic. Raises EvaluationError if it overflowed."""
    if not math.isfinite(value):
        raise EvaluationError("not a finite number")
    return value


def moment(value: Value) -> datetime:
    """The value as a moment, texts read as ISO 8601. Raises EvaluationError for other values."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str):
        return instant(value)
    raise EvaluationError(f"no date: {value!r}")


@lru_cache(maxsize=65_536)
def instant(written: str) -> datetime:
    """Read an ISO 8601 text, in UTC without a zone. Raises EvaluationError if it is not one."""
    try:
        found = datetime.fromisoformat(written.strip())
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise EvaluationError(f"no date: {written!r}") from error


def equal(left: Value, right: Value) -> bool:
    """`=`: case-sensitive; blank equals the empty text, zero and false (observed in Airtable)."""
    if left is None or right is None:
        return not truth(left) and not truth(right)
    if isinstance(left, datetime) or isinstance(right, datetime):
        return _same_moment(left, right)
    if isinstance(left, str) or isinstance(right, str):
        return left == right
    return float(left) == float(right)


def ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    """A comparison such as `<`: numbers by size, texts by code point, moments by time."""

    def ordered(left: Value, right: Value) -> bool:
        if isinstance(left, datetime) or isinstance(right, datetime):
            return compare(_comparable_moment(left), _comparable_moment(right))
        if isinstance(left, str) or isinstance(right, str):
            return compare(_comparable_text(left), _comparable_text(right))
        return compare(number(left), number(right))

    return ordered


less, less_equal = ordering(operator.lt), ordering(operator.le)
greater, greater_equal = ordering(operator.gt), ordering(operator.ge)


def _same_moment(left: Value, right: Value) -> bool:
    try:
        return moment(left) == moment(right)
    except EvaluationError:
        return False


def _comparable_moment(value: Value) -> datetime:
    # A blank counts as zero, and zero is the epoch: a row without a date is always overdue.
    return _EPOCH if value is None else moment(value)


def _comparable_text(value: Value) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise EvaluationError("a number has no order among texts")
