"""Text made fit for people: from outside, harmless for a terminal or a spreadsheet; and amounts in
sentences rounded, since the sentences themselves are exact for --json."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from unicodedata import normalize

from cascade_cli.domain.shop.money import rounded
from cascade_cli.domain.shop.shell import COMMAND_LINE, QUOTED

_FORMULAS = frozenset("=+-@")


def escape(text: str, *, keep: str = "") -> str:
    """What would act on a terminal (escape codes, line breaks, direction marks) spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def count(number: int, noun: str) -> str:
    """`1 transfer`, `1,000 transfers`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def csv_cell(text: str) -> str:
    """As `shown`, and marked as text where a spreadsheet would take it for a formula."""
    harmless = escape(text)
    # Spreadsheets of East Asia take their wide forms (U+FF1D and so on) for the same.
    begin = normalize("NFKC", harmless.lstrip()[:1])
    acts = begin in _FORMULAS or harmless.lstrip().startswith("\\t")
    return f"'{harmless}" if acts else harmless


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
