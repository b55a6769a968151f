"""The texts of the messages to citizens about a transfer: on its way, and arrived.

The first does not claim an arrival, because the engine has not run yet. The second is only for
bases that refuse the engine's own notice. A giver's own words come last, so that nobody can take
them for the shop's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cascade_cli.domain.delivery.arrival_notices import Arrival
from cascade_cli.domain.records.gifts import as_text
from cascade_cli.domain.records.orders import Cause, Order
from cascade_cli.domain.shop.money import format_ducats
from cascade_cli.domain.shop.times import rfc3339

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
    unnamed = " Your name is not told." if order.gift.anonymous else ""
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
    unnamed = " Your name is not told." if order.gift.anonymous else ""
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
