"""Rounds amounts in sentences for people. The sentences are exact, because --json has them too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.shell import COMMAND_LINE, QUOTED

# A number with more than two decimals. It is not an amount of ducats if a currency or seconds
# follow, or if it is the seconds of a clock time.
_EXACT = re.compile(
    rf"{QUOTED}|{COMMAND_LINE}|(?<![\w.:])(\d[\d,]*\.\d{{3,}})(?!\.?\w| [A-Z]{{3}}\b| ?s\b)"
)
# An exchange rate has four decimals or more, and its sentence says "rate".
_RATE = re.compile(r"\brates?\b")
_SENTENCE = 60


def readable(text: str) -> str:
    """The sentence with its ducats to a hundredth. Commands, and what others wrote, stay exact."""
    for start, end, amount in reversed(list(exact_amounts(text))):
        text = f"{text[:start]}{amount}{text[end:]}"
    return text


def exact_amounts(text: str) -> Iterator[tuple[int, int, str]]:
    """The position of each amount of ducats with more than two decimals, and its rounded form."""
    for found in _EXACT.finditer(text):
        before = text[max(found.start() - _SENTENCE, 0) : found.start()]
        if found[1] and not _RATE.search(before):
            yield found.start(), found.end(), rounded(Decimal(found[1].replace(",", "")))
