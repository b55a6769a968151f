"""`cascade sandbox subscription`: months that pass, and what else befalls subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.cli.sandbox import opened, our_errors, told
from cascade_cli.cli.session import Outcome, Session
from cascade_cli.domain.money import format_money
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.stripe import Books, StripeError


@dataclass(frozen=True)
class Change:
    """What is sold from now on, at how many cents a month, and how many of it."""

    product: str | None = None
    cents: int | None = None
    quantity: int = 1


def subscription(session: Session, identity: str, step: str, change: Change) -> Outcome:
    """One step in a subscription's life. Raises UsageError for one that is none."""
    if step not in _STEPS:
        raise UsageError(f"{step!r} is no step.", f"Choose {', '.join(_STEPS)}.")
    if step == "change" and (change.product is None or change.cents is None):
        raise UsageError("A change needs --product and --cents.", "Nothing was changed.")
    with opened(session) as app, our_errors():
        books, at = app.stripe.books, app.now()
        try:
            if identity.startswith("cs_"):
                identity = books.subscription_of(identity, at=at)
            made = _STEPS[step](books, identity, at, change)
        except StripeError as error:
            raise UsageError(f"{str(error).rstrip('.')}.", "Nothing was changed.") from error
    text, data = f"{made['id']}: {made['object']}, {made['status']}.", _told(made)
    if made["object"] == "invoice":
        money = format_money(made["amount_due"], made["currency"])
        text = f"{made['id']}: invoice over {money}, {made['status']}."
    return told(data, text)


def _told(made: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "object", "status", "currency", "amount_due", "amount_paid")
    return {name: made[name] for name in names if name in made}


def _changed(books: Books, id_: str, at: datetime, change: Change) -> Any:
    return books.change_plan(
        id_,
        at=at,
        product=change.product or "",
        unit_amount=change.cents or 0,
        quantity=change.quantity,
    )


_STEPS: dict[str, Callable[[Books, str, datetime, Change], Any]] = {
    "renew": lambda books, id_, at, _: books.renew(id_, at=at),
    "fail": lambda books, id_, at, _: books.renew(id_, at=at, fails=True),
    "pay": lambda books, id_, at, _: books.pay_invoice(id_, at=at),
    "pay-elsewhere": lambda books, id_, at, _: books.pay_invoice(id_, at=at, elsewhere=True),
    "change": _changed,
    "pause": lambda books, id_, at, _: books.update_subscription(
        id_, at=at, pause_collection={"behavior": "void"}
    ),
    "resume": lambda books, id_, at, _: books.update_subscription(
        id_, at=at, pause_collection=None
    ),
    "cancel": lambda books, id_, at, _: books.cancel_subscription(id_, at=at),
}
