"""Citizens of Venice as rows of their own: found to the letter, created, their ducats set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any

import requests
from pyairtable import Api
from pyairtable.api.types import RecordDict

from cascade_cli.adapters.venice.base import CITIZENS
from cascade_cli.adapters.venice.errors import error_of, our_errors
from cascade_cli.adapters.venice.name_filter import named_like
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.delivery.processor import Citizen
from cascade_cli.errors import AnswerError, CascadeError, SchemaError

DESCRIPTION = "Pays out the ducats that are bought through CASCADE."
_REQUIRED = frozenset({"Username", "Ducats"})
_UNKNOWN_OPTION = "INVALID_MULTIPLE_CHOICE_OPTIONS"


class CitizenReader:
    """Finds citizens. Raises only errors of cascade_cli.errors."""

    def __init__(self, api: Api, base_id: str) -> None:
        self._table = api.table(base_id, CITIZENS)

    def called(self, username: str) -> list[Citizen]:
        """Those of this name, and those whose names look like it; one at most should be spelt
        exactly so."""
        with our_errors():
            records = self._table.all(formula=str(named_like([username])))
        return [_to_citizen(record) for record in records]


class CitizenWriter:
    """Writes citizens, each request once. Raises like VeniceWriter; needs a permit."""

    def __init__(self, api: Api, base_id: str, schema: Schema) -> None:
        self._table, self._schema = api.table(base_id, CITIZENS), schema

    def check(self, social_class: str) -> None:
        """Raises SchemaError if the base cannot take such a citizen, as far as it tells."""
        self._schema.keep(CITIZENS, {}, _REQUIRED)
        options = self._schema.options.get((CITIZENS, "SocialClass"))
        if options is not None and social_class not in options:
            raise _unknown_class(social_class, f"It has {', '.join(map(repr, options))}.")

    def create(self, username: str, social_class: str, ducats: Decimal) -> None:
        """A new citizen, in the fields that the base has."""
        fields = {
            "CitizenId": username,
            "Username": username,
            "FirstName": "CASCADE",
            "LastName": "Payment Processor",
            "SocialClass": social_class,
            "Ducats": float(ducats),
            "IsAI": True,
            "InVenice": False,
            "Description": DESCRIPTION,
        }
        kept = self._schema.keep(CITIZENS, fields, _REQUIRED)
        with _unknown_option_is_named(social_class), write_errors():
            self._table.create(kept)

    def set_ducats(self, record_id: str, ducats: Decimal, *, leaves: bool = False) -> None:
        """An absolute balance, whatever stands there at that moment; `leaves` as leave_venice."""
        fields = {"Ducats": float(ducats)} | ({"InVenice": False} if leaves else {})
        self._update(record_id, fields, "Ducats")

    def leave_venice(self, record_id: str) -> None:
        """InVenice becomes false; nothing else is touched."""
        self._update(record_id, {"InVenice": False}, "InVenice")

    def _update(self, record_id: str, fields: dict[str, Any], required: str) -> None:
        kept = self._schema.keep(CITIZENS, fields, frozenset({required}))
        with write_errors():
            self._table.update(record_id, kept)


@contextmanager
def _unknown_option_is_named(social_class: str) -> Iterator[None]:
    """For a base that keeps its schema to itself."""
    try:
        yield
    except CascadeError as error:
        cause = error.__cause__
        if isinstance(cause, requests.HTTPError) and error_of(cause.response)[0] == _UNKNOWN_OPTION:
            raise _unknown_class(social_class, "Airtable refused it.") from cause
        raise


def _unknown_class(social_class: str, found: str) -> SchemaError:
    return SchemaError(
        f"The base's field CITIZENS.SocialClass has no option {social_class!r}. {found}",
        "Nothing was written. Set CASCADE_PROCESSOR_CLASS to one that it has, or add the option.",
    )


def _to_citizen(record: RecordDict) -> Citizen:
    fields = record["fields"]
    return Citizen(
        record_id=record["id"],
        username=str(fields.get("Username", "")),
        ducats=_ducats(fields.get("Ducats", 0)),
        social_class=str(fields.get("SocialClass", "")),
        in_venice=bool(fields.get("InVenice", False)),
    )


def _ducats(value: Any) -> Decimal:
    """Through `str()`, so that no binary neighbour appears; a balance may be zero or negative."""
    try:
        ducats = Decimal(str(value))
    except InvalidOperation:
        ducats = Decimal("NaN")
    if isinstance(value, bool) or not ducats.is_finite():
        raise AnswerError(
            f"A citizen's Ducats are no number: {value!r:.80}",
            "Look at the field Ducats in the base's table CITIZENS.",
        )
    return ducats
