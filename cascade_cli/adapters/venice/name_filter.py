"""The formula that finds citizens by name: exact matches, and names that look like them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal
from unicodedata import normalize

from pyairtable.formulas import EQ, FIND, LOWER, OR, SUBSTITUTE, Field, Formula

from cascade_cli.domain.shop.citizen_names import INVISIBLE, visible

# No formula can normalise an accent, so a name is asked for in each of these forms.
_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_USERNAME = Field("Username")


def named_like(usernames: Sequence[str]) -> Formula:
    """A formula for the rows of these citizens, and of citizens whose names look like theirs.

    It may match other rows too: compare what comes back.
    """
    # Airtable's LOWER may convert a letter differently from Python, so a name that is not ASCII is
    # also asked for exactly.
    exact = (EQ(_USERNAME, name) for name in usernames if not name.isascii())
    lower = (EQ(LOWER(_USERNAME), name.lower()) for name in usernames)
    alike = dict.fromkeys(form for name in usernames for form in _forms(name))
    return OR(*exact, *lower, FIND(_without_spaces(), "|".join(["", *alike, ""])))


def _forms(name: str) -> Iterator[str]:
    text = visible(name)
    if text:
        yield from (normalize(form, text).lower() for form in _FORMS)


def _without_spaces() -> Formula:
    """Each row's name, without invisible characters and between two bars, as in that list."""
    text: Formula = LOWER(_USERNAME)
    for character in INVISIBLE:
        # Airtable keeps no control characters in a field of one line.
        if character.isprintable() or not character.isascii():
            text = SUBSTITUTE(text, character, "")
    return Formula(f"'|'&{text}&'|'")
