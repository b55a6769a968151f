"""Venice's citizens: how they are found by name, with those whose names look like it, and read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from unicodedata import normalize

from pyairtable import Api
from pyairtable.formulas import EQ, FIND, LOWER, OR, SUBSTITUTE, Field, Formula

from cascade_cli.adapters.venice.reader import KEYS_PER_REQUEST, TableReader, chunks
from cascade_cli.adapters.venice.stratagem_rows import moment_of
from cascade_cli.concurrency import Threads
from cascade_cli.domain.records.citizens import INVISIBLE, CitizenRow, Resident, visible
from cascade_cli.errors import AnswerError

CITIZENS = "CITIZENS"
# No formula can normalise an accent, so a name is asked for in each of these forms.
_FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")
_USERNAME = Field("Username")


class CitizenReader(TableReader):
    """Reads citizens. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str, threads: Threads | None = None) -> None:
        super().__init__(api, base_id)
        self._threads = threads or Threads()

    def rows_named_like(self, username: str) -> list[CitizenRow]:
        """The citizens with this name, and those whose names look like it.

        At most one of them should be spelt exactly so.
        """
        return self._select(CITIZENS, named_like([username]), _to_citizen)

    def balances(self, usernames: Sequence[str]) -> dict[str, Decimal]:
        """The ducats of the citizens with these names, and of those whose names look like them.

        Keys are spelt as Venice spells them, so a name that is not among them is no citizen's.
        """
        return {name: found.ducats for name, found in self.residents(usernames).items()}

    def residents(self, usernames: Sequence[str]) -> dict[str, Resident]:
        """Like `balances`, with the time when each record was made; by the same requests."""
        some = list(chunks(usernames, KEYS_PER_REQUEST))
        found = self._threads.map(self._named, some)
        return dict(resident for of_chunk in found for resident in of_chunk)

    def usernames(self) -> list[str]:
        """All citizens' names: a request for every 100, so ask only once a name was not found."""
        return self._select(CITIZENS, Formula("TRUE()"), _username, fields=["Username"])

    def _named(self, names: Sequence[str]) -> list[tuple[str, Resident]]:
        def convert(record: dict[str, Any]) -> tuple[str, Resident]:
            return _username(record), _to_resident(record)

        return self._select(CITIZENS, named_like(names), convert, fields=["Username", "Ducats"])


def _username(record: dict[str, Any]) -> str:
    return str(record["fields"].get("Username", ""))


def _to_citizen(record: dict[str, Any]) -> CitizenRow:
    fields = record["fields"]
    return CitizenRow(
        record_id=record["id"],
        username=_username(record),
        ducats=_ducats(fields),
        social_class=str(fields.get("SocialClass", "")),
        # Airtable leaves out boxes that are not ticked.
        in_venice=bool(fields.get("InVenice", False)),
    )


def _to_resident(record: dict[str, Any]) -> Resident:
    """The ducats of a citizen's record, and since when there is one."""
    return Resident(_ducats(record["fields"]), moment_of(record["createdTime"]))


def _ducats(fields: dict[str, Any]) -> Decimal:
    """Through `str()`, never from a float's binary value. A balance may be negative."""
    # Airtable leaves empty cells out of its answer.
    value = fields.get("Ducats", 0)
    try:
        ducats = Decimal(str(value))
    except InvalidOperation:
        ducats = Decimal("NaN")
    if isinstance(value, bool) or not ducats.is_finite():
        raise AnswerError(
            f"A citizen's Ducats are {str(value)!r:.40}, which is not a number.",
            "Correct the cell in CITIZENS, or make the field a number.",
        )
    return ducats


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
