"""Checks and normalises cell values on the way in, as Airtable does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from cascade_cli.sandbox.airtable import refusal
from cascade_cli.sandbox.airtable.schema import Field, Table

MAX_TEXT = 100_000
_EXACT_INTEGER = 2**53


def accept(table: Table, fields: Mapping[str, Any], typecast: bool = False) -> dict[str, Any]:
    """Turn `fields`, keyed by name or id, into cells keyed by field id; None clears a cell.

    Raises Refusal for an unknown or computed field, a wrong type of value or an unknown option.
    """
    accepted = {}
    for key, value in fields.items():
        field = table.field(key)
        if field.computed:
            raise refusal.computed_field(field.name)
        accepted[field.id] = _accept_one(field, value, typecast)
    return accepted


def iso(moment: datetime) -> str:
    """A moment as Airtable writes it: UTC, milliseconds, `Z`."""
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


def whole_second(moment: datetime) -> str:
    """A moment cut to the whole second, as in creation and modification times."""
    return iso(moment.replace(microsecond=0))


def _accept_one(field: Field, value: Any, typecast: bool) -> Any:
    if value is None or value == "":
        return None
    try:
        return _ACCEPT[field.type](field, _cast(field, value) if typecast else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise refusal.wrong_value(field.name) from error


def _cast(field: Field, value: Any) -> Any:
    if field.type in _TEXT_TYPES and isinstance(value, int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if field.type == "number" and isinstance(value, str):
        return float(value.replace(",", ""))
    if field.type == "checkbox" and isinstance(value, str):
        return value.strip().lower() in {"true", "checked", "1", "yes"}
    return value


def _text(_: Field, value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise TypeError
    # JSON may carry half of a surrogate pair, which cannot be encoded in a UTF-8 answer.
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _option(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    if value not in field.choices:
        raise refusal.unknown_option(value)
    return value


def _number(_: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    # Airtable writes numbers as JavaScript does, 100.0 as 100.
    return int(number) if number.is_integer() and abs(number) <= _EXACT_INTEGER else number


def _checkbox(_: Field, value: Any) -> bool | None:
    if not isinstance(value, bool):
        raise TypeError
    return value or None


def _moment(_: Field, value: Any) -> str:
    moment = datetime.fromisoformat(value)
    return iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


_TEXT_TYPES = frozenset({"singleLineText", "multilineText"})
_ACCEPT: dict[str, Callable[[Field, Any], Any]] = {
    "singleLineText": _text,
    "multilineText": _text,
    "singleSelect": _option,
    "number": _number,
    "checkbox": _checkbox,
    "dateTime": _moment,
}
