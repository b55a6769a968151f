"""Text from outside, made harmless for a terminal or a spreadsheet."""

from __future__ import annotations

from unicodedata import normalize

_FORMULAS = frozenset("=+-@")


def escape(text: str, *, keep: str = "") -> str:
    """The text, with anything that would act on a terminal (escape codes, line breaks, direction
    marks) spelt out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep else repr(c)[1:-1] for c in text)


def csv_cell(text: str) -> str:
    """The text as by `escape`, and marked as text if a spreadsheet would take it for a formula."""
    harmless = escape(text)
    # East Asian spreadsheets treat the wide forms (U+FF1D and so on) alike.
    begin = normalize("NFKC", harmless.lstrip()[:1])
    acts = begin in _FORMULAS or harmless.lstrip().startswith("\\t")
    return f"'{harmless}" if acts else harmless
