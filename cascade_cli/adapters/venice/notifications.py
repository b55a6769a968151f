"""Telling citizens, in whichever layout the base's table NOTIFICATIONS has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pyairtable import Api

from cascade_cli.adapters.venice.letters import Letter, to_citizen, to_giver
from cascade_cli.adapters.venice.schema import Schema
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.orders import Order
from cascade_cli.domain.times import rfc3339

NOTIFICATIONS = "NOTIFICATIONS"
TYPE = "cascade_transfer_on_its_way"


class Notifier:
    """Writes one notification per order, at most ten in a request."""

    def __init__(self, api: Api, base_id: str, schema: Schema) -> None:
        self._api, self._base_id, self._schema = api, base_id, schema

    def tell(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say that the ducats are on their way. Raises like VeniceWriter; needs a permit."""
        self._write((to_citizen(order, next_run) for order in orders), now)

    def tell_givers(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say to those who gave them that their gifts are. Raises and needs as much."""
        self._write((to_giver(order, next_run) for order in orders), now)

    def _write(self, letters: Iterable[Letter], now: datetime) -> None:
        older = self._schema.has(NOTIFICATIONS, "CitizenUsername")
        compose = _older_layout if older else _layout
        required = frozenset({"CitizenUsername" if older else "Citizen"})
        rows = [
            self._schema.keep(NOTIFICATIONS, compose(letter, now), required) for letter in letters
        ]
        with write_errors():
            self._api.table(self._base_id, NOTIFICATIONS).batch_create(rows)


def _layout(letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "Citizen": letter.citizen,
        "Type": TYPE,
        "Content": letter.text,
        "Details": json.dumps(letter.details, ensure_ascii=False),
        "Asset": letter.details["stratagem_id"],
        "AssetType": "stratagem",
        "Status": "unread",
        "CreatedAt": rfc3339(now),
    }


def _older_layout(letter: Letter, now: datetime) -> dict[str, Any]:
    return {
        "CitizenUsername": letter.citizen,
        "Type": TYPE,
        "Title": letter.title,
        "Message": letter.text,
        "Metadata": json.dumps(letter.details, ensure_ascii=False),
        "Timestamp": rfc3339(now),
        "Read": False,
    }
