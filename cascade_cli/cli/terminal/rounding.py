"""Amounts in sentences as people read them: the sentences are exact, since --json has them too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.shell import COMMAND_LINE, QUOTED

# More decimals than two. With a currency or a second behind it, it is no number of ducats.
_EXACT = re.compile(
    rf"{QUOTED}|{COMMAND_LINE}|(?<![\w.])(\d[\d,]*\.\d{{3,}})(?!\.?\w| [A-Z]{{3}}\b| ?s\b)"
)
# An exchange rate has four decimals and more, and its sentence says so.
_RATE = re.compile(r"\brates?\b")
_SENTENCE = 60


def readable(text: str) -> str:
    """A sentence with its ducats to a hundredth. Commands and what others wrote stay exact."""
    for start, end, amount in reversed(list(exact_amounts(text))):
        text = f"{text[:start]}{amount}{text[end:]}"
    return text


def exact_amounts(text: str) -> Iterator[tuple[int, int, str]]:
    """Where ducats with more decimals than two stand, and how people read them."""
    for found in _EXACT.finditer(text):
        before = text[max(found.start() - _SENTENCE, 0) : found.start()]
        if found[1] and not _RATE.search(before):
            yield found.start(), found.end(), rounded(Decimal(found[1].replace(",", "")))
