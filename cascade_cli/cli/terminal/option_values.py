"""What people type as the value of an option: a moment, a duration, a number of ducats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

from cascade_cli.domain.shop.money import parse_ducats
from cascade_cli.domain.shop.times import MOMENT_FORMS, parse_duration, parse_moment
from cascade_cli.errors import UsageError


def moment_option(option: str, text: str, now: datetime) -> datetime:
    """The moment that an option names. Raises UsageError with the accepted forms."""
    try:
        return parse_moment(text, now)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.", f"Accepted: {MOMENT_FORMS}.") from None


def duration_option(option: str, text: str | None) -> timedelta | None:
    """The duration that an option names, None where it was left out."""
    try:
        return parse_duration(text) if text is not None else None
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from None


def ducats_option(
    option: str,
    text: str,
    untouched: str = "Nothing was written.",
    parse: Callable[[str], Decimal] = parse_ducats,
) -> Decimal:
    """The ducats that an option names. Raises UsageError with `untouched`."""
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.", untouched) from None
