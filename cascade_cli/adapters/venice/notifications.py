"""Telling citizens, in whichever layout the base's table NOTIFICATIONS has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyairtable import Api

from cascade_cli.adapters.venice.schema import Schema
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.money import format_ducats
from cascade_cli.domain.orders import Order
from cascade_cli.domain.times import rfc3339

NOTIFICATIONS = "NOTIFICATIONS"
TYPE = "cascade_transfer_on_its_way"
TITLE = "Ducats on their way"
TITLE_BACK = "Ducats go back"


class Notifier:
    """Writes one notification per order, at most ten in a request."""

    def __init__(self, api: Api, base_id: str, schema: Schema) -> None:
        self._api, self._base_id, self._schema = api, base_id, schema

    def tell(self, orders: Sequence[Order], now: datetime, next_run: str) -> None:
        """Say that the ducats are on their way. Raises like VeniceWriter; needs a permit."""
        older = self._schema.has(NOTIFICATIONS, "CitizenUsername")
        compose = _older_layout if older else _layout
        required = frozenset({"CitizenUsername" if older else "Citizen"})
        rows = [
            self._schema.keep(NOTIFICATIONS, compose(order, _text(order, next_run), now), required)
            for order in orders
        ]
        with write_errors():
            self._api.table(self._base_id, NOTIFICATIONS).batch_create(rows)


def _text(order: Order, next_run: str) -> str:
    """True at this moment: the engine has not run yet, and tells of the arrival itself."""
    if order.payer:
        return (
            f"{format_ducats(order.ducats)} ducats go back from you ({order.reason}). "
            f"They leave when Venice next carries out its stratagems: {next_run}. "
            f"Reference: {order.key}."
        )
    return (
        f"{format_ducats(order.ducats)} ducats are on their way to you ({order.reason}). "
        f"They arrive when Venice next carries out its stratagems: {next_run}. "
        f"Reference: {order.key}."
    )


def _details(order: Order) -> str:
    details = {
        "stratagem_id": order.key,
        "ducats": format_ducats(order.ducats),
        "reason": order.reason,
    }
    return json.dumps(details, ensure_ascii=False)


def _layout(order: Order, text: str, now: datetime) -> dict[str, Any]:
    return {
        "Citizen": order.concerned,
        "Type": TYPE,
        "Content": text,
        "Details": _details(order),
        "Asset": order.key,
        "AssetType": "stratagem",
        "Status": "unread",
        "CreatedAt": rfc3339(now),
    }


def _older_layout(order: Order, text: str, now: datetime) -> dict[str, Any]:
    return {
        "CitizenUsername": order.concerned,
        "Type": TYPE,
        "Title": TITLE_BACK if order.payer else TITLE,
        "Message": text,
        "Metadata": _details(order),
        "Timestamp": rfc3339(now),
        "Read": False,
    }
