"""`filterByFormula`: the language, parsed and compiled once per request into a test of rows.

What Airtable's language has and the sandbox lacks is refused like a syntax error. So no formula
counts as true because the sandbox did not understand it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cascade_cli.sandbox.airtable.formula.compiler import compile_formula
from cascade_cli.sandbox.airtable.formula.syntax import parse
from cascade_cli.sandbox.airtable.formula.values import EvaluationError, truth
from cascade_cli.sandbox.airtable.rows import Row
from cascade_cli.sandbox.airtable.schema import Table

__all__ = ["matcher"]


def matcher(formula: str, table: Table, now: datetime) -> Callable[[Row], bool]:
    """A test whether the formula is true of a row; a row it errors on does not match.

    Raises Refusal (422 INVALID_FILTER_BY_FORMULA) for anything but a well-formed formula over
    fields that the table has.
    """
    tests = compile_formula(parse(formula), table, now)

    def matches(row: Row) -> bool:
        try:
            for evaluate in tests:
                if not truth(evaluate(row)):
                    return False
        except EvaluationError:
            return False
        return True

    return matches
