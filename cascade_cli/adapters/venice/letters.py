"""What citizens are told of a transfer that is under way, word for word.

True at that moment: the engine has not run yet, and tells of the arrival itself. What a giver
wrote stands last, so that none of it can be taken for words of the shop.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cascade_cli.domain.gifts import as_text
from cascade_cli.domain.money import format_ducats
from cascade_cli.domain.orders import Cause, Order

TITLE = "Ducats on their way"
TITLE_BACK = "Ducats go back"
TITLE_GIFT = "A gift of ducats on its way"
TITLE_GIVEN = "Your gift is on its way"
TITLE_GIVEN_BACK = "Your gift goes back"
GIVER_SUFFIX = "_giver"
UNNAMED = "somebody who does not want to be named"


@dataclass(frozen=True)
class Letter:
    """To whom, and what; `details` is for programs."""

    citizen: str
    title: str
    text: str
    details: dict[str, Any]


def to_citizen(order: Order, next_run: str) -> Letter:
    """To whom ducats go, or from whom they are taken."""
    ducats, gift = format_ducats(order.ducats), order.gift
    given = f", a gift from {gift.named_giver or UNNAMED}" if gift else ""
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
        title = TITLE_GIFT if gift else TITLE
    kind = {"gift": "received"} if gift else {}
    text += f"Reference: {order.key}.{_message(order)}"
    return Letter(order.concerned, title, text, {**_details(order), **kind})


def to_giver(order: Order, next_run: str) -> Letter:
    """To the one who gave what goes out, or comes back; raises ValueError if nobody did."""
    if order.gift is None:
        raise ValueError(f"{order.key} is no gift")
    gift = f"Your gift of {format_ducats(order.ducats)} ducats to {order.concerned}"
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
    # Found by the transfer's key like the other one, and told apart by a key of its own.
    own = {"gift": "given", "notice": order.key + GIVER_SUFFIX}
    return Letter(order.gift.giver, title, text, {**_details(order), **own})


def _message(order: Order) -> str:
    """The giver's words go with the purchase, not with what becomes of its money afterwards."""
    if order.gift is None or not order.gift.message or order.cause is not Cause.PAYMENT:
        return ""
    return f" Message: {as_text(order.gift.message)}"


def _details(order: Order) -> dict[str, Any]:
    return {
        "stratagem_id": order.key,
        "ducats": format_ducats(order.ducats),
        "reason": order.reason,
    }
