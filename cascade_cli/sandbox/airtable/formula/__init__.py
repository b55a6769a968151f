"""`filterByFormula`: parses and compiles a formula, once per request, into a test of rows.

The sandbox lacks parts of Airtable's language and refuses them like syntax errors. So no row ever
matches because the sandbox did not understand the formula.
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
    """A function that tells whether a row matches; a row that causes an error does not.

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
