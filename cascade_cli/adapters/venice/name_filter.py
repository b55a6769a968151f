"""Which citizens to ask for: those of a name to the letter, and those whose names look like it."""

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
    """The rows of these citizens, and of those whose names look alike.

    It may let others through as well: compare what comes back.
    """
    # LOWER is the server's and may fold a letter unlike Python: such a name is also asked for
    # exactly.
    exact = (EQ(_USERNAME, name) for name in usernames if not name.isascii())
    lower = (EQ(LOWER(_USERNAME), name.lower()) for name in usernames)
    alike = dict.fromkeys(form for name in usernames for form in _forms(name))
    return OR(*exact, *lower, FIND(_without_spaces(), "|".join(["", *alike, ""])))


def _forms(name: str) -> Iterator[str]:
    text = visible(name)
    if text:
        yield from (normalize(form, text).lower() for form in _FORMS)


def _without_spaces() -> Formula:
    """Each row's name as it stands in that list, between two bars."""
    text: Formula = LOWER(_USERNAME)
    for character in INVISIBLE:
        # Airtable keeps no control characters in a name of one line.
        if character.isprintable() or not character.isascii():
            text = SUBSTITUTE(text, character, "")
    return Formula(f"'|'&{text}&'|'")
