"""The functions and operators of formulas: how many arguments they take, and what they do.

Arguments are evaluated before the call, except IF's. An error in any argument makes the call an
error, even within OR(): Airtable shows #ERROR! there too.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.sandbox.airtable.formula import dates, values
from cascade_cli.sandbox.airtable.formula.values import EvaluationError, Value

UNLIMITED = 10_000


@dataclass(frozen=True)
class Function:
    """`call` takes between `least` and `most` values; `checks` test constant arguments early.

    A check is an argument's index and a function that raises Refusal. So an unknown unit, for
    instance, is refused before any row is evaluated.
    """

    least: int
    most: int
    call: Callable[..., Value]
    checks: tuple[tuple[int, Callable[[str], Any]], ...] = ()


def _arithmetic(compute: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def computed(left: Value, right: Value) -> Value:
        try:
            return values.finite(compute(values.number(left), values.number(right)))
        except ZeroDivisionError as error:
            raise EvaluationError("division by zero") from error

    return computed


def _find(sought: Value, within: Value, start: Value = None) -> int:
    first = max(int(values.number(start)) - 1, 0)
    return values.text(within).find(values.text(sought), first) + 1


def _search(sought: Value, within: Value, start: Value = None) -> Value:
    return _find(sought, within, start) or None


def _substitute(within: Value, old: Value, new: Value, index: Value = None) -> str:
    text, sought, put = values.text(within), values.text(old), values.text(new)
    if not sought:
        return text
    if index is None:
        return text.replace(sought, put)
    parts, nth = text.split(sought), int(values.number(index))
    if not 1 <= nth < len(parts):
        return text
    return sought.join(parts[:nth]) + put + sought.join(parts[nth:])


def _value(written: Value) -> Value:
    if not isinstance(written, str):
        return values.number(written)
    plain = re.sub(r"[\s,$€£]", "", written)
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", plain):
        raise EvaluationError(f"no number: {written!r}")
    return values.finite(float(plain))


def _dateadd(start: Value, count: Value, unit: Value) -> Value:
    return dates.add(values.moment(start), values.number(count), dates.unit(values.text(unit)))


def _datetime_diff(end: Value, start: Value, unit: Value = "seconds") -> Value:
    name = dates.unit(values.text(unit))
    return dates.difference(values.moment(end), values.moment(start), name)


def _datetime_parse(written: Value, format: Value = None, _locale: Value = None) -> Value:
    if format is None or isinstance(written, datetime):
        return values.moment(written)
    return dates.read(values.text(written), dates.directives(values.text(format)))


def _is_same(left: Value, right: Value, unit: Value = "millisecond") -> Value:
    part = dates.truncator(dates.unit(values.text(unit)))
    return part(values.moment(left)) == part(values.moment(right))


def _is_before(left: Value, right: Value) -> Value:
    return values.moment(left) < values.moment(right)


def _is_after(left: Value, right: Value) -> Value:
    return values.moment(left) > values.moment(right)


def _modulo(left: float, right: float) -> float:
    return left - right * (left // right)


FUNCTIONS: dict[str, Function] = {
    "AND": Function(1, UNLIMITED, lambda *all_of: all(map(values.truth, all_of))),
    "OR": Function(1, UNLIMITED, lambda *any_of: any(map(values.truth, any_of))),
    "NOT": Function(1, 1, lambda value: not values.truth(value)),
    "BLANK": Function(0, 0, lambda: None),
    "TRUE": Function(0, 0, lambda: True),
    "FALSE": Function(0, 0, lambda: False),
    "FIND": Function(2, 3, _find),
    "SEARCH": Function(2, 3, _search),
    "LOWER": Function(1, 1, lambda value: values.text(value).lower()),
    "UPPER": Function(1, 1, lambda value: values.text(value).upper()),
    "LEN": Function(1, 1, lambda value: len(values.text(value))),
    "SUBSTITUTE": Function(3, 4, _substitute),
    "TRIM": Function(1, 1, lambda value: values.text(value).strip()),
    "VALUE": Function(1, 1, _value),
    "MOD": Function(2, 2, _arithmetic(_modulo)),
    "DATETIME_PARSE": Function(1, 3, _datetime_parse, ((1, dates.directives),)),
    # Airtable counts milliseconds for an unknown unit. Nobody means that; the sandbox refuses.
    "DATETIME_DIFF": Function(2, 3, _datetime_diff, ((2, dates.unit),)),
    "DATEADD": Function(3, 3, _dateadd, ((2, dates.unit),)),
    "IS_BEFORE": Function(2, 2, _is_before),
    "IS_AFTER": Function(2, 2, _is_after),
    "IS_SAME": Function(2, 3, _is_same, ((2, dates.unit),)),
}

OPERATORS: dict[str, Function] = {
    "=": Function(2, 2, values.equal),
    "!=": Function(2, 2, lambda left, right: not values.equal(left, right)),
    "<": Function(2, 2, values.less),
    "<=": Function(2, 2, values.less_equal),
    ">": Function(2, 2, values.greater),
    ">=": Function(2, 2, values.greater_equal),
    "+": Function(2, 2, _arithmetic(operator.add)),
    "-": Function(2, 2, _arithmetic(operator.sub)),
    "*": Function(2, 2, _arithmetic(operator.mul)),
    "/": Function(2, 2, _arithmetic(operator.truediv)),
    "&": Function(2, 2, lambda left, right: values.text(left) + values.text(right)),
    "negate": Function(1, 1, lambda value: -values.number(value)),
}
