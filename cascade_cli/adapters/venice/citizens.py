"""Finds the whole rows of Venice's citizens by name, and those whose names look like it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from pyairtable import Api
from pyairtable.api.types import RecordDict

from cascade_cli.adapters.venice.base import CITIZENS
from cascade_cli.adapters.venice.errors import translated_errors
from cascade_cli.adapters.venice.name_filter import named_like
from cascade_cli.domain.delivery.processor import CitizenRow
from cascade_cli.errors import AnswerError


class CitizenReader:
    """Finds citizens. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str) -> None:
        self._table = api.table(base_id, CITIZENS)

    def rows_named_like(self, username: str) -> list[CitizenRow]:
        """The citizens with this name, and those whose names look like it.

        At most one of them should be spelt exactly so.
        """
        with translated_errors():
            records = self._table.all(formula=str(named_like([username])))
        return [_to_citizen(record) for record in records]


def _to_citizen(record: RecordDict) -> CitizenRow:
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
