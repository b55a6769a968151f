"""Write transfers and citizens into Venice's base: ten rows a request, each request sent once.

Every method raises FateUnknownError if nobody knows whether the write was applied, and another
CascadeError if it certainly was not. Every method needs a permit (see `transport`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

import requests
from pyairtable import Api
from pyairtable.api.types import RecordDict

from cascade_cli.adapters.http.transport import PermitError, was_never_connected
from cascade_cli.adapters.venice.citizens import CITIZENS
from cascade_cli.adapters.venice.errors import SENSELESS, error_of, translate
from cascade_cli.adapters.venice.stratagem_rows import notes_text, to_stratagem
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.transfer_formulas import TRANSFER
from cascade_cli.adapters.venice.transfers import STRATAGEMS
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.records.stratagems import Stratagem
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import CascadeError, FateUnknownError, SchemaError, ServiceError

_CLIENT_ERRORS = range(400, 500)
_PROXY_TIMEOUT = 408
PROCESSOR_DESCRIPTION = "Pays out the ducats that are bought through CASCADE."
_CITIZEN = frozenset({"Username", "Ducats"})
_UNKNOWN_OPTION = "INVALID_MULTIPLE_CHOICE_OPTIONS"
_REQUIRED = frozenset(
    ["StratagemId", "Type", "ExecutedBy", "TargetCitizen", "Status", "ExpiresAt", "Notes"]
)


class VeniceWriter:
    """Writes the processor's transfers, and the processor; `schema` tells which fields the base
    has."""

    def __init__(self, api: Api, base_id: str, processor: str, schema: Schema) -> None:
        self._table: Any = api.table(base_id, STRATAGEMS)
        self._citizens: Any = api.table(base_id, CITIZENS)
        self._processor, self._schema = processor, schema

    def create_planned(self, orders: Sequence[Order], expires_at: datetime) -> list[Stratagem]:
        """Make rows that the engine ignores, in the order of `orders` (at most ten)."""
        rows = [self._fields(order, expires_at) | {"Status": "planned"} for order in orders]
        kept = [self._schema.keep(STRATAGEMS, row, _REQUIRED) for row in rows]
        with write_errors():
            return self._stratagems(self._table.batch_create(kept))

    def activate(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """Make these rows active, so that the engine takes them."""
        changes = {"Status": "active", "ExpiresAt": rfc3339(expires_at)}
        return self._updated([(record, changes) for record in records])

    def extend(self, records: Sequence[str], expires_at: datetime) -> list[Stratagem]:
        """Give active rows that have expired a new expiry, and change nothing else."""
        return self._updated([(record, {"ExpiresAt": rfc3339(expires_at)}) for record in records])

    def expire(self, records: Sequence[str], now: datetime) -> list[Stratagem]:
        """Let active rows expire now, and change nothing else: an executed row stays executed."""
        return self.extend(records, now)

    def rewrite(
        self, rows: Sequence[tuple[Stratagem, Order]], expires_at: datetime
    ) -> list[Stratagem]:
        """Rewrite dead rows as their orders want, and make them active. Their StratagemIds stay.

        An active row that has expired keeps its Status: if somebody runs it by hand at this moment,
        the write must not set it back.
        """
        changes = []
        for row, order in rows:
            fields = self._fields(order, expires_at, row)
            del fields["StratagemId"]
            if row.status != "active":
                fields["Status"] = "active"
            changes.append((row.record_id, fields))
        return self._updated(changes)

    def check_citizen(self, social_class: str) -> None:
        """Raise SchemaError if the base's schema, as far as it is known, refuses such a citizen."""
        self._schema.keep(CITIZENS, {}, _CITIZEN)
        options = self._schema.options.get((CITIZENS, "SocialClass"))
        if options is not None and social_class not in options:
            raise _unknown_class(social_class, f"It has {', '.join(map(repr, options))}.")

    def create_citizen(self, username: str, social_class: str, ducats: Decimal) -> None:
        """Make a new citizen, with those fields that the base has."""
        fields = {
            # In Venice, the two are always the same.
            "CitizenId": username,
            "Username": username,
            "FirstName": "CASCADE",
            "LastName": "Payment Processor",
            "SocialClass": social_class,
            # Airtable's numbers are floats, on its side and on the wire.
            "Ducats": float(ducats),
            "IsAI": True,
            # The city's own jobs may move anybody who is in Venice into a house, and charge rent.
            "InVenice": False,
            "Description": PROCESSOR_DESCRIPTION,
        }
        kept = self._schema.keep(CITIZENS, fields, _CITIZEN)
        with _unknown_option_is_named(social_class), write_errors():
            self._citizens.create(kept)

    def set_ducats(self, record_id: str, ducats: Decimal, *, leaves: bool = False) -> None:
        """Set the balance, whatever it is at that moment. With `leaves`, do `leave_venice` too."""
        # Airtable cannot increment a field: we can only write the new balance.
        fields = {"Ducats": float(ducats)} | ({"InVenice": False} if leaves else {})
        self._update_citizen(record_id, fields, "Ducats")

    def leave_venice(self, record_id: str) -> None:
        """Set InVenice to false, and change nothing else."""
        self._update_citizen(record_id, {"InVenice": False}, "InVenice")

    def _update_citizen(self, record_id: str, fields: dict[str, Any], required: str) -> None:
        kept = self._schema.keep(CITIZENS, fields, frozenset({required}))
        with write_errors():
            self._citizens.update(record_id, kept)

    def _fields(
        self, order: Order, expires_at: datetime, row: Stratagem | None = None
    ) -> dict[str, Any]:
        amount = format_ducats(order.ducats)
        payer = order.payer or self._processor
        return {
            "StratagemId": order.key,
            "Type": TRANSFER,
            "Variant": "instant",
            "Category": "economic",
            "Name": f"Transfer of {amount} ducats",
            "ExecutedBy": payer,
            "TargetCitizen": order.citizen,
            "ExpiresAt": rfc3339(expires_at),
            "Description": f"{amount} ducats from {payer} to {order.citizen}{_gift(order)}",
            "Notes": notes_text(order, row),
        }

    def _updated(self, changes: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Stratagem]:
        needed = frozenset({"Status", "ExpiresAt"})
        updates = [
            {"id": record, "fields": self._schema.keep(STRATAGEMS, fields, needed)}
            for record, fields in changes
        ]
        with write_errors():
            return self._stratagems(self._table.batch_update(updates))

    def _stratagems(self, records: list[RecordDict]) -> list[Stratagem]:
        return [to_stratagem(dict(record), self._processor) for record in records]


def _gift(order: Order) -> str:
    """What the Description says of a gift. All citizens can read it."""
    if order.gift is None or order.payer:
        return ""
    giver = order.gift.named_giver
    return f", a gift from {giver}" if giver else ", an anonymous gift"


@contextmanager
def write_errors() -> Iterator[None]:
    """Turn what a write raises into our errors.

    That is FateUnknownError unless the write certainly was not applied.
    """
    try:
        yield
    except PermitError as error:
        raise ServiceError("Too much time passed before a write could be sent.") from error
    except (requests.RequestException, *SENSELESS) as error:
        ours = translate(error)
        if _is_refused(error) or was_never_connected(error):
            raise ours from error
        raise FateUnknownError(
            f"A write to Airtable may or may not have been applied: {ours.message}",
            "It is not sent again until that is known.",
        ) from error


@contextmanager
def _unknown_option_is_named(social_class: str) -> Iterator[None]:
    """Name the missing option in the error of a base whose schema is unknown."""
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


def _is_refused(error: Exception) -> bool:
    """Whether Airtable refused the write. A 4xx does, but a 408 may come from a proxy that has
    passed the write on."""
    if not isinstance(error, requests.HTTPError):
        return False
    status = error.response.status_code
    return status in _CLIENT_ERRORS and status != _PROXY_TIMEOUT
