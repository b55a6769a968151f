"""Venice's citizens: how they are found by name, with those whose names look like it, and read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from unicodedata import normalize

from pyairtable import Api
from pyairtable.formulas import EQ, FIND, LOWER, OR, SUBSTITUTE, Field, Formula

from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.stratagem_rows import moment_of
from cascade_cli.domain.records.citizens import INVISIBLE, CitizenRow, Resident, visible
from cascade_cli.errors import AnswerError

CITIZENS = "CITIZENS"
# No formula can normalise an accent, so a name is asked for in each of these forms.
_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_USERNAME = Field("Username")


class CitizenReader:
    """Finds citizens. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str) -> None:
        self._api, self._urls = api, api.table(base_id, CITIZENS).urls

    def rows_named_like(self, username: str) -> list[CitizenRow]:
        """The citizens with this name, and those whose names look like it.

        At most one of them should be spelt exactly so.
        """
        with translated_errors():
            # Not Table.all(), which takes an answer without `records` for an empty table. Then the
            # processor would be created once more.
            pages = self._api.iterate_requests(
                "get",
                self._urls.records,
                fallback=("post", self._urls.records_post),
                options={"formula": str(named_like([username]))},
            )
            return [_to_citizen(record) for page in pages for record in page["records"]]


def _to_citizen(record: dict[str, Any]) -> CitizenRow:
    fields = record["fields"]
    return CitizenRow(
        record_id=record["id"],
        username=str(fields.get("Username", "")),
        # Airtable leaves out empty cells and boxes that are not ticked.
        ducats=_ducats(fields.get("Ducats", 0)),
        social_class=str(fields.get("SocialClass", "")),
        in_venice=bool(fields.get("InVenice", False)),
    )


def _ducats(value: Any) -> Decimal:
    """Convert through `str()`, never from a float's binary value. A balance may be negative."""
    try:
        ducats = Decimal(str(value))
    except InvalidOperation:
        ducats = Decimal("NaN")
    if isinstance(value, bool) or not ducats.is_finite():
        raise AnswerError(
            f"A citizen's Ducats are not a number: {value!r:.80}",
            "Look at the field Ducats in the base's table CITIZENS.",
        )
    return ducats


def to_resident(record: dict[str, Any]) -> Resident:
    """The ducats of a citizen's record, and since when there is one."""
    # Airtable leaves empty cells out of its answer.
    value = record["fields"].get("Ducats", 0)
    try:
        return Resident(Decimal(str(value)), moment_of(record["createdTime"]))
    except InvalidOperation as error:
        raise AnswerError(
            f"A citizen's Ducats are {str(value)!r:.40}, which is not a number.",
            "Correct the cell in CITIZENS, or make the field a number.",
        ) from error


def named_like(usernames: Sequence[str]) -> Formula:
    """A formula for the rows of these citizens, and of citizens whose names look like theirs.

    It may match other rows too: compare what comes back.
    """
    # Airtable's LOWER may convert a letter differently from Python, so a name that is not ASCII is
    # also asked for exactly.
    exact = (EQ(_USERNAME, name) for name in usernames if not name.isascii())
    lower = (EQ(LOWER(_USERNAME), name.lower()) for name in usernames)
    seen = filter(None, map(visible, usernames))
    alike = dict.fromkeys(normalize(form, text).lower() for text in seen for form in _FORMS)
    return OR(*exact, *lower, FIND(_without_spaces(), "|".join(["", *alike, ""])))


def _without_spaces() -> Formula:
    """Each row's name, without invisible characters and between two bars, as in that list."""
    text: Formula = LOWER(_USERNAME)
    for character in INVISIBLE:
        # Airtable keeps no control characters in a field of one line.
        if character.isprintable() or not character.isascii():
            text = SUBSTITUTE(text, character, "")
    return Formula(f"'|'&{text}&'|'")
