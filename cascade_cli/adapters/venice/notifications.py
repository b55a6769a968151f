"""Messages to citizens about a transfer: on its way, and arrived. They are sent, and read again, in
whichever layout the base's table NOTIFICATIONS has.

The first does not claim an arrival, because the engine has not run yet. The second is only for
bases that refuse the engine's own notice. A giver's own words come last, so that nobody can take
them for the shop's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyairtable import Api
from pyairtable.formulas import EQ, FIND, OR, Field, Formula

from cascade_cli.adapters.venice.reader import TableReader
from cascade_cli.adapters.venice.table_fields import Schema
from cascade_cli.adapters.venice.writer import write_errors
from cascade_cli.domain.delivery.arrival_notices import Arrival
from cascade_cli.domain.explain.story import Happening, Reporter
from cascade_cli.domain.records.gifts import as_text
from cascade_cli.domain.records.orders import Cause, Order
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339
from cascade_cli.errors import SchemaError

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


TITLE = "Ducats on their way"
TITLE_BACK = "Ducats go back"
TITLE_GIFT = "A gift of ducats on its way"
TITLE_GIVEN = "Your gift is on its way"
TITLE_GIVEN_BACK = "Your gift goes back"
ARRIVED = "Ducats have arrived"
ARRIVED_BACK = "Ducats have gone back"
ARRIVED_GIFT = "A gift of ducats has arrived"
ARRIVED_GIVEN = "Your gift has arrived"
ARRIVED_GIVEN_BACK = "Your gift has gone back"
GIVER_SUFFIX = "_giver"
UNNAMED = "somebody who does not want to be named"


@dataclass(frozen=True)
class Message:
    """A message to one citizen; `details` is for programs."""

    citizen: str
    title: str
    text: str
    details: dict[str, Any]


def to_citizen(order: Order, next_run: str) -> Message:
    """The message to the citizen who will get the ducats, or from whom they will be taken."""
    ducats, given = format_ducats(order.ducats), _given(order)
    if order.payer:
        text = (
            f"{ducats} ducats go back from you{given} ({order.reason}). "
            f"They leave when Venice next carries out its stratagems: {next_run}. "
        )
        title = TITLE_BACK
    else:
        text = (
            f"{ducats} ducats are on their way to you{given} ({order.reason}). "
            f"They arrive when Venice next carries out its stratagems: {next_run}. "
        )
        title = TITLE_GIFT if order.gift else TITLE
    text += f"Reference: {order.key}.{_message(order)}"
    return Message(order.concerned, title, text, {**_details(order), **_kind(order)})


def to_giver(order: Order, next_run: str) -> Message:
    """The message to the giver of a gift that is on its way or goes back.

    Raises ValueError if the order is not for a gift.
    """
    if order.gift is None:
        raise ValueError(f"{order.key} is no gift")
    gift = _your_gift(order)
    does, leaves = ("is on its way", "arrives")
    if order.payer:
        does, leaves = ("goes back", "leaves there")
    unnamed = " The recipient is not told your name." if order.gift.anonymous else ""
    text = (
        f"{gift} {does} ({order.reason}). "
        f"It {leaves} when Venice next carries out its stratagems: {next_run}.{unnamed} "
        f"Reference: {order.key}.{_message(order)}"
    )
    title = TITLE_GIVEN_BACK if order.payer else TITLE_GIVEN
    return Message(order.gift.giver, title, text, {**_details(order), **_giver_details(order)})


def arrived_at_citizen(arrival: Arrival) -> Message:
    """The message to the citizen who got the ducats, or from whom they were taken."""
    order = arrival.order
    ducats, title = format_ducats(order.ducats), ARRIVED_GIFT if order.gift else ARRIVED
    did = "have arrived"
    if order.payer:
        did, title = "have gone back from you", ARRIVED_BACK
    text = f"{ducats} ducats {did}{_given(order)} ({order.reason}). Reference: {order.key}."
    return Message(order.concerned, title, text, {**_moved(arrival), **_kind(order)})


def arrived_for_giver(arrival: Arrival) -> Message:
    """The message to the giver of a gift that has arrived or has gone back.

    Raises ValueError if the order is not for a gift.
    """
    order = arrival.order
    if order.gift is None:
        raise ValueError(f"{order.key} is no gift")
    did, title = (
        ("has gone back", ARRIVED_GIVEN_BACK) if order.payer else ("has arrived", ARRIVED_GIVEN)
    )
    unnamed = " The recipient is not told your name." if order.gift.anonymous else ""
    text = f"{_your_gift(order)} {did} ({order.reason}).{unnamed} Reference: {order.key}."
    return Message(order.gift.giver, title, text, {**_moved(arrival), **_giver_details(order)})


def _given(order: Order) -> str:
    return f", a gift from {order.gift.named_giver or UNNAMED}" if order.gift else ""


def _your_gift(order: Order) -> str:
    return f"Your gift of {format_ducats(order.ducats)} ducats to {order.concerned}"


def _kind(order: Order) -> dict[str, str]:
    return {"gift": "received"} if order.gift else {}


def _giver_details(order: Order) -> dict[str, str]:
    """The transfer's key finds both messages. The key in `notice` marks the giver's."""
    return {"gift": "given", "notice": order.key + GIVER_SUFFIX}


def _moved(arrival: Arrival) -> dict[str, Any]:
    return {**_details(arrival.order), "arrived_at": rfc3339(arrival.at)}


def _message(order: Order) -> str:
    """The giver's words. They go with the purchase only, not with a later refund or correction."""
    if order.gift is None or not order.gift.message or order.cause is not Cause.PAYMENT:
        return ""
    return f" Message: {as_text(order.gift.message)}"


def _details(order: Order) -> dict[str, Any]:
    return {
        "stratagem_id": order.key,
        "ducats": format_ducats(order.ducats),
        "reason": order.reason,
    }


@dataclass(frozen=True)
class _FieldNames:
    """A layout's fields. `details` holds JSON that names the stratagem, `related` only its id."""

    citizen: str
    text: str
    details: str
    related: str = ""

    @property
    def fields(self) -> list[str]:
        return [self.citizen, "Type", self.text, self.details]

    def happening(self, record: dict[str, Any]) -> Happening:
        """What this row told, and to whom."""
        fields = record["fields"]
        at = datetime.fromisoformat(record["createdTime"]).astimezone(UTC)
        told = f"{fields.get(self.citizen)!r} was told: {fields.get(self.text)}"
        return Happening(at, Reporter.VENICE, told, str(fields.get("Type", "")))

    def names(self, stratagem_id: str) -> Iterator[Formula]:
        """Conditions. For a row about this stratagem, one of them is true."""
        yield FIND(f'"{stratagem_id}"', Field(self.details))
        if self.related:
            yield EQ(Field(self.related), stratagem_id)


_READ_LAYOUTS = (
    _FieldNames("Citizen", "Content", "Details"),
    # The engine writes RelatedEntity; the legacy connector and cascade write Metadata.
    _FieldNames("CitizenUsername", "Title", "Metadata", "RelatedEntity"),
    _FieldNames("CitizenUsername", "Title", "Metadata"),
)


class NoticeReader(TableReader):
    """Reads notifications. Raises only errors of cascade_cli.errors."""

    def notices(self, stratagem_ids: Sequence[str]) -> list[Happening]:
        """What the engine and cascade told about these stratagems, at most two weeks back."""
        *others, last = _READ_LAYOUTS
        for layout in others:
            try:
                return self._read(stratagem_ids, layout)
            except SchemaError:
                continue
        return self._read(stratagem_ids, last)

    def _read(self, stratagem_ids: Sequence[str], layout: _FieldNames) -> list[Happening]:
        named = OR(*(condition for name in stratagem_ids for condition in layout.names(name)))
        return self._select(NOTIFICATIONS, named, layout.happening, fields=layout.fields)
