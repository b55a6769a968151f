"""`cascade sandbox subscription`: months that pass, and what else befalls subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cascade_cli.cli.sandbox.run import opened, our_errors, told
from cascade_cli.cli.terminal.session import Outcome, Session
from cascade_cli.domain.shop.money import format_money
from cascade_cli.errors import UsageError
from cascade_cli.sandbox.stripe import Books, StripeError


@dataclass(frozen=True)
class BillingStep:
    """What a step is about: a product, money, or a payment.

    `listed_cents` is the product's price where that is in another currency.
    """

    product: str | None = None
    cents: int | None = None
    quantity: int = 1
    listed_cents: int | None = None
    payment: str | None = None


def subscription(session: Session, identity: str, step: str, change: BillingStep) -> Outcome:
    """One step in a subscription's life. Raises UsageError for one that is none."""
    if step not in _STEPS:
        raise UsageError(f"{step!r} is no step.", f"Choose {', '.join(_STEPS)}.")
    _check(step, change)
    with opened(session) as app, our_errors():
        books, at = app.stripe.books, app.now()
        try:
            if identity.startswith("cs_"):
                identity = books.subscription_of(identity, at=at)
            made = _STEPS[step](books, identity, at, change)
        except StripeError as error:
            raise UsageError(f"{str(error).rstrip('.')}.", "Nothing was changed.") from error
    text, data = f"{made['id']}: {made['object']}, {made.get('status', 'changed')}.", _told(made)
    if made["object"] == "invoice":
        money = format_money(made["amount_due"], made["currency"])
        text = f"{made['id']}: invoice over {money}, {made['status']}."
    return told(data, text)


def _told(made: dict[str, Any]) -> dict[str, Any]:
    names = ("id", "object", "status", "currency", "amount", "amount_due", "amount_paid", "balance")
    return {name: made[name] for name in names if name in made}


def _check(step: str, change: BillingStep) -> None:
    missing = [f"--{name}" for name in _NEEDED.get(step, ()) if getattr(change, name) is None]
    if missing:
        raise UsageError(f"The step {step} needs {' and '.join(missing)}.", "Nothing was changed.")


_NEEDED = {
    "change": ("product", "cents"),
    "add": ("product", "cents"),
    "credit": ("cents",),
    "discount": ("cents",),
}


def _changed(books: Books, id_: str, at: datetime, change: BillingStep) -> Any:
    listed = None
    if change.listed_cents is not None:
        own = books.subscription(id_, at=at)["currency"]
        listed = ("eur" if own == "usd" else "usd"), change.listed_cents
    return books.change_plan(
        id_,
        at=at,
        product=change.product or "",
        unit_amount=change.cents or 0,
        quantity=change.quantity,
        listed=listed,
    )


def _added(books: Books, id_: str, at: datetime, change: BillingStep) -> Any:
    product, cents = change.product or "", change.cents or 0
    return books.add_product(
        id_, at=at, product=product, unit_amount=cents, quantity=change.quantity
    )


def _sent(books: Books, id_: str, at: datetime, _change: BillingStep) -> Any:
    books.update_subscription(id_, at=at, collection_method="send_invoice")
    return books.renew(id_, at=at)


def _attached(books: Books, id_: str, at: datetime, change: BillingStep) -> Any:
    invoice = str(books.subscription(id_, at=at)["latest_invoice"])
    if change.payment:
        return books.attach_payment(invoice, change.payment, at=at, amount=change.cents)
    return books.attach(invoice, at=at, amount=change.cents)


def _credited(books: Books, id_: str, at: datetime, change: BillingStep) -> Any:
    customer = str(books.subscription(id_, at=at)["customer"])
    return books.give_credit(customer, at=at, amount=change.cents or 0)


def _discounted(books: Books, id_: str, at: datetime, change: BillingStep) -> Any:
    applies = {"applies_to": {"products": [change.product]}} if change.product else {}
    currency = books.subscription(id_, at=at)["currency"]
    return books.discount(id_, at=at, amount_off=change.cents or 0, currency=currency, **applies)


_STEPS: dict[str, Callable[[Books, str, datetime, BillingStep], Any]] = {
    "renew": lambda books, id_, at, _: books.renew(id_, at=at),
    "fail": lambda books, id_, at, _: books.renew(id_, at=at, fails=True),
    "pay": lambda books, id_, at, _: books.pay_invoice(id_, at=at),
    "pay-elsewhere": lambda books, id_, at, _: books.pay_invoice(id_, at=at, elsewhere=True),
    "send": _sent,
    "attach": _attached,
    "credit": _credited,
    "discount": _discounted,
    "add": _added,
    "change": _changed,
    "pause": lambda books, id_, at, _: books.update_subscription(
        id_, at=at, pause_collection={"behavior": "void"}
    ),
    "resume": lambda books, id_, at, _: books.update_subscription(
        id_, at=at, pause_collection=None
    ),
    "cancel": lambda books, id_, at, _: books.cancel_subscription(id_, at=at),
}
