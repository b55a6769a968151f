"""Send messages to citizens, in whichever layout the base's table NOTIFICATIONS has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pyairtable import Api

from cascade_cli.adapters.venice.message_texts import (
    Message,
    arrived_at_citizen,
    arrived_for_giver,
    to_citizen,
    to_giver,
)
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.delivery.arrival_notices import Arrival
from cascade_cli.domain.records.orders import Order
from cascade_cli.domain.shop.times import rfc3339

NOTIFICATIONS = "NOTIFICATIONS"
TYPE = "cascade_transfer_on_its_way"
ARRIVED_TYPE = "cascade_transfer_arrived"
ENGINE_LAYOUT = (
    *("CitizenUsername", "Type", "Title", "Message"),
    *("Timestamp", "RelatedEntity", "Read"),
)
"""The fields that the engine's own notice has, whether or not the base has them."""


class NotificationWriter:
    """Writes one notification per order, at most ten in a request."""

    def __init__(self, api: Api, base_id: str, schema: Schema) -> None:
        self._api, self._base_id, self._schema = api, base_id, schema

    @property
    def tells_arrivals(self) -> bool:
        """Whether cascade has to tell arrivals: the base accepts its notices, but refuses the
        engine's, because it lacks one of their fields.

        False if the schema is unknown.
        """
        # Airtable refuses a write whole if it names a field that the table lacks.
        fields = {name: self._schema.has(NOTIFICATIONS, name) for name in ENGINE_LAYOUT}
        is_ours = self._schema.has(NOTIFICATIONS, "Citizen") or fields["CitizenUsername"]
        return bool(is_ours) and not all(fields.values())

    def tell(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say that the ducats are on their way. Raises like VeniceWriter; needs a permit."""
        self._write((to_citizen(order, next_run) for order in orders), now)

    def tell_givers(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Tell givers that their gifts are on their way. Raises and needs the same as `tell`."""
        self._write((to_giver(order, next_run) for order in orders), now)

    def tell_arrivals(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Say that the ducats have arrived. Raises and needs the same as `tell`."""
        self._write(map(arrived_at_citizen, arrivals), now, ARRIVED_TYPE)

    def tell_givers_of_arrivals(self, arrivals: Sequence[Arrival], now: datetime) -> None:
        """Tell givers that their gifts have arrived. Raises and needs the same as `tell`."""
        self._write(map(arrived_for_giver, arrivals), now, ARRIVED_TYPE)

    def _write(self, messages: Iterable[Message], now: datetime, type_: str = TYPE) -> None:
        # Both layouts have been claimed for the live base, so its own schema decides.
        older = self._schema.has(NOTIFICATIONS, "CitizenUsername")
        compose = _legacy_layout if older else _layout
        required = frozenset({"CitizenUsername" if older else "Citizen"})
        rows = [
            self._schema.keep(NOTIFICATIONS, compose(message, type_, now), required)
            for message in messages
        ]
        with write_errors():
            self._api.table(self._base_id, NOTIFICATIONS).batch_create(rows)


def _layout(message: Message, type_: str, now: datetime) -> dict[str, Any]:
    return {
        "Citizen": message.citizen,
        "Type": type_,
        "Content": message.text,
        "Details": json.dumps(message.details, ensure_ascii=False),
        "Asset": message.details["stratagem_id"],
        "AssetType": "stratagem",
        "Status": "unread",
        "CreatedAt": rfc3339(now),
    }


def _legacy_layout(message: Message, type_: str, now: datetime) -> dict[str, Any]:
    return {
        "CitizenUsername": message.citizen,
        "Type": type_,
        "Title": message.title,
        "Message": message.text,
        "Metadata": json.dumps(message.details, ensure_ascii=False),
        "Timestamp": rfc3339(now),
        "Read": False,
    }
