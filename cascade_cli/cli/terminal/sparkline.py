"""Numbers as a row of small bars, one character each."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import ceil

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = ".:-=+*%#"
NOTHING = "_"
"""Zero has a sign of its own: a day with few ducats is not a day without."""


def sparkline(values: Sequence[Decimal], encoding: str) -> str:
    """A bar for each value: the highest is full, the others in proportion, rounded up.

    Values are zero or more. If `encoding` has no blocks, ASCII characters stand for them.
    """
    top, steps = max(values, default=Decimal(0)), _steps(encoding)
    return "".join(_bar(value, top, steps) for value in values)


def _bar(value: Decimal, top: Decimal, steps: str) -> str:
    if not value:
        return NOTHING
    # Fractions are exact: a rounded quotient could land on the wrong step.
    return steps[ceil(Fraction(value) * len(steps) / Fraction(top)) - 1]


def _steps(encoding: str) -> str:
    try:
        BLOCKS.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return BLOCKS
